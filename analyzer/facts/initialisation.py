"""Statements that give parameters their first values: `nn.init` functions, in-place changes of weights, and parameters
that are created with what torch's functions make.

What torch's own constructors do by default is not among them; nor are tensors that are no parameters, such as masks.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.index import Definition, External, SourceIndex
from analyzer.records.structure import Initialiser

INITIALISING_MODULES = ("torch.nn.init.", "timm.models.layers.", "timm.layers.", "timm.models.layers.weight_init.")
IN_PLACE = frozenset({
    "normal_", "uniform_", "zero_", "fill_", "copy_", "trunc_normal_", "exponential_", "cauchy_", "log_normal_",
})  # fmt: skip
PARAMETER_NAMES = frozenset({"weight", "bias"})
MAKERS = frozenset(
    f"torch.{name}"
    for name in (
        "zeros", "ones", "full", "empty", "rand", "randn", "eye", "linspace", "arange", "tensor", "logspace", "normal",
        "zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "from_numpy", "as_tensor",
        "Tensor", "FloatTensor",
    )
)  # fmt: skip
"""Functions of torch that make the contents of a new parameter."""
UNKNOWN_MAKER = "?"
SAME_CONTENTS = frozenset({"unsqueeze", "view", "reshape", "expand", "repeat", "clone", "float", "to", "contiguous"})
PARAMETER_CLASSES = ("torch.nn.Parameter", "torch.nn.parameter.Parameter")


def find_initialisers(index: SourceIndex) -> tuple[Initialiser, ...]:
    """In the order of files and lines, with the conditions under which each runs."""
    found: list[Initialiser] = []
    for path, tree in sorted(index.trees().items()):
        reader = _Reader(index, path, frozenset(_own_parameters(index, path, tree)))
        found += reader.block(tree.body, (), "")
    return tuple(sorted(found, key=lambda item: (item.where.path, item.where.first_line)))


def _own_parameters(index: SourceIndex, path: str, tree: ast.AST) -> Iterator[str]:
    """Attributes that the file binds to `nn.Parameter(...)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            made = index.symbols.resolve(path, ast.unparse(node.value.func))
            if isinstance(made, External) and made.dotted in PARAMETER_CLASSES:
                yield from (target.attr for target in node.targets if isinstance(target, ast.Attribute))


@dataclass(frozen=True)
class _Reader:
    index: SourceIndex
    path: str
    parameters: frozenset[str]

    def block(self, body: list[ast.stmt], conditions: tuple[str, ...], scope: str) -> Iterator[Initialiser]:
        for statement in body:
            yield from self._statement(statement, conditions, scope)

    def _statement(self, node: ast.stmt, conditions: tuple[str, ...], scope: str) -> Iterator[Initialiser]:
        if isinstance(node, ast.If):
            test = self._text(node.test)
            yield from self.block(node.body, (*conditions, test), scope)
            yield from self.block(node.orelse, (*conditions, f"not ({test})"), scope)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from self.block(node.body, (), f"{scope}.{node.name}".lstrip("."))
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            loop = f"for {self._text(node.target)} in {self._text(node.iter)}"
            yield from self.block(node.body, (*conditions, loop), scope)
        elif isinstance(node, (ast.With, ast.AsyncWith, ast.While)):
            yield from self.block(node.body, conditions, scope)
        elif isinstance(node, ast.Try):
            for body in (node.body, *(handler.body for handler in node.handlers), node.orelse, node.finalbody):
                yield from self.block(body, conditions, scope)
        else:
            yield from self._calls(node, conditions, scope)

    def _calls(self, node: ast.stmt, conditions: tuple[str, ...], scope: str) -> Iterator[Initialiser]:
        yield from self._created(node, conditions, scope)
        for call in ast.walk(node):
            target = self._initialised(call, scope) if isinstance(call, ast.Call) else None
            if target is not None:
                assert isinstance(call, ast.Call)
                where = self.index.span(self.path, call)
                yield Initialiser(self._text(target), self._text(call), where, conditions, scope)

    def _created(self, node: ast.stmt, conditions: tuple[str, ...], scope: str) -> Iterator[Initialiser]:
        """`self.scale = nn.Parameter(torch.ones(n))`, or the same through `register_parameter`."""
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Expr)) else None
        target: ast.expr | None = None
        if isinstance(node, ast.Assign):
            target = node.targets[0]
        elif isinstance(node, ast.AnnAssign):
            target = node.target
        elif isinstance(value, ast.Call) and len(value.args) == 2:
            is_registered = isinstance(value.func, ast.Attribute) and value.func.attr == "register_parameter"
            target, value = (value.args[0], value.args[1]) if is_registered else (None, None)
        if isinstance(value, ast.IfExp):  # `nn.Parameter(…) if bias else None`
            value = next((arm for arm in (value.body, value.orelse) if isinstance(arm, ast.Call)), value)
        if target is None or not isinstance(value, ast.Call) or not value.args:
            return
        if self._dotted(value.func, scope) in PARAMETER_CLASSES:
            where = self.index.span(self.path, node)
            maker = self._maker(value.args[0], scope)
            yield Initialiser(self._text(target), self._text(value), where, conditions, scope, maker)

    def _maker(self, node: ast.expr, scope: str) -> str:
        """The function that makes the contents; none where the code computes them from what a function makes."""
        while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SAME_CONTENTS:
            node = node.func.value
        dotted = self._dotted(node.func, scope) if isinstance(node, ast.Call) else ""
        return dotted if dotted in MAKERS else UNKNOWN_MAKER

    def _dotted(self, node: ast.expr, scope: str) -> str:
        return self.index.symbols.external_name(self.path, node, scope) or ""

    def _text(self, node: ast.expr) -> str:
        return " ".join(self.index.segment(self.path, node).split())

    def _initialised(self, call: ast.Call, scope: str) -> ast.expr | None:
        """The tensor that a call fills; None where it fills no parameter."""
        function = self.index.symbols.resolve(self.path, ast.unparse(call.func), scope)
        if self._is_init(function) and call.args:
            return call.args[0]
        if isinstance(call.func, ast.Attribute) and call.func.attr in IN_PLACE and self._is_parameter(call.func.value):
            return call.func.value
        return None

    def _is_init(self, function: object) -> bool:
        """`nn.init.normal_`, or a function of the repository that ends in such a name and takes the tensor first."""
        if isinstance(function, External):
            return function.dotted.startswith(INITIALISING_MODULES) and function.dotted.endswith("_")
        return isinstance(function, Definition) and function.name.endswith("normal_")

    def _is_parameter(self, node: ast.expr) -> bool:
        while isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr == "data"):
            node = node.value
        return isinstance(node, ast.Attribute) and (node.attr in PARAMETER_NAMES or node.attr in self.parameters)
