"""What the code first does with an argument of `forward`: which dims it unpacks, which layer it enters.

Read off the syntax of `forward`, with the built model at hand to see what `self.wte` is. Nothing is run.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from torch import nn

from analyzer.evaluator import Interpreter
from analyzer.evaluator.objects import origin_of
from analyzer.evaluator.open_parts import OpenParts
from analyzer.index import SourceIndex
from analyzer.records.source import Span

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
MAXIMUM_DEPTH = 12
LAYERS = (
    nn.Embedding, nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d,
    nn.ConvTranspose3d, nn.LayerNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.RNNBase, nn.MultiheadAttention,
)  # fmt: skip
"""What tells the form of its input, also where the target subclasses it."""
PASSING = (nn.Identity, nn.Dropout, nn.Flatten, nn.ReLU, nn.GELU, nn.SiLU)
PASSING_FAMILIES = ("torch.nn.modules.padding", "torch.nn.modules.activation", "torch.nn.modules.dropout")


@dataclass
class FirstUse:
    """What was learned of one argument; `layer` is the first of torch's own modules that it enters."""

    names: tuple[str, ...] = ()
    names_at: Span | None = None
    layer: nn.Module | None = None
    layer_at: Span | None = None
    pattern: str | None = None
    """Left side of an einops pattern, as written, where that comes first; `layer` is then the one behind it."""
    axes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Method:
    """A method of the target or of a stand-in: its file and syntax, and the class that defines it."""

    path: str
    node: FunctionNode
    owner: type


class ArgumentReader:
    """Follows arguments through the methods of a built model."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self.index: SourceIndex = interpreter.index

    def method(self, module: nn.Module, name: str) -> Method | None:
        """The method of that name that a call of the module would run, if its source is at hand."""
        for cls in type(module).__mro__:
            function = vars(cls).get(name)
            origin = origin_of(function)
            if function is not None and origin is None:
                return None
            if origin is not None:
                tree = self._interpreter.session.sources.tree(origin.path)
                node = _function_at(tree, name, origin.line)
                return Method(origin.path, node, cls) if node is not None else None
        return None

    def span(self, path: str, node: ast.AST) -> Span | None:
        return self.index.span(path, node) if path in self.index.files else None

    def first_use(self, module: nn.Module, method: str, argument: str) -> FirstUse:
        use = FirstUse()
        self._read(module, method, argument, use, 0)
        return use

    def _read(self, module: nn.Module, method: str, argument: str, use: FirstUse, depth: int) -> None:
        definition = self.method(module, method)
        if definition is None or depth > MAXIMUM_DEPTH:
            return
        for node in _in_order(definition.node.body):
            if isinstance(node, ast.Assign):
                self._read_unpacking(definition, node, argument, use)
            elif isinstance(node, ast.Call):
                self._read_call(module, definition, node, argument, use, depth)
            if use.layer is not None and use.names:
                return

    def _read_unpacking(self, definition: Method, node: ast.Assign, argument: str, use: FirstUse) -> None:
        names = unpacked_names(node, argument)
        if names and not use.names:
            use.names = names
            use.names_at = self.span(definition.path, node)

    def _read_call(
        self, module: nn.Module, definition: Method, node: ast.Call, argument: str, use: FirstUse, depth: int
    ) -> None:
        position = _position_of(node, argument)
        if position is None:
            return
        where = self.span(definition.path, node)
        name = ast.unparse(node.func)
        if name.rpartition(".")[2] in ("cross_entropy", "nll_loss", "CrossEntropyLoss") and position != 0:
            return
        if name.rpartition(".")[2] in ("rearrange", "reduce", "repeat") and len(node.args) > 1 and position == 0:
            self._read_pattern(node.args[1], use, where)
        elif use.layer is None:
            called = _resolve(module, node.func, definition.node)
            if isinstance(called, str):
                self._read_own(module, called, position, use, depth)
            elif called is not None:
                self._enter_module(called, position, use, where, depth)

    def _read_pattern(self, node: ast.expr, use: FirstUse, where: Span | None) -> None:
        first = not use.pattern and use.layer is None
        if first and isinstance(node, ast.Constant) and isinstance(node.value, str):
            use.pattern = node.value.partition("->")[0].strip()
            use.layer_at = use.layer_at or where

    def _read_own(self, module: nn.Module, method: str, position: int | str, use: FirstUse, depth: int) -> None:
        inner = self.method(module, method)
        if inner is not None:
            self._read(module, method, _argument_at(inner, position), use, depth + 1)

    def _enter_module(
        self, called: nn.Module, position: int | str, use: FirstUse, where: Span | None, depth: int
    ) -> None:
        entered = _first_in(called)
        pattern = getattr(entered, "pattern", None)
        if isinstance(pattern, str) and type(entered).__module__.startswith("einops"):
            if use.layer is None:
                use.pattern, use.layer_at = use.pattern or pattern.partition("->")[0].strip(), where
                use.axes = {k: v for k, v in dict(getattr(entered, "axes_lengths", {})).items() if isinstance(v, int)}
                use.layer = _after_pattern(called)
            return
        if isinstance(entered, LAYERS):
            use.layer, use.layer_at = entered, where
            return
        inner = self.method(entered, "forward")
        if inner is not None:
            names = use.names
            self._read(entered, "forward", _argument_at(inner, position), use, depth + 1)
            use.names = names or use.names
        elif type(entered).__module__.startswith("torch."):
            use.layer, use.layer_at = entered, where


def _function_at(tree: ast.Module, name: str, line: int) -> FunctionNode | None:
    found = [n for n in ast.walk(tree) if isinstance(n, FunctionNode) and n.name == name]
    return next((n for n in found if line in (n.lineno, *(d.lineno for d in n.decorator_list))), None)


def unpacked_names(node: ast.Assign, argument: str) -> tuple[str, ...]:
    """Names of `B, T = x.size()`, `b, c, h, w = x.shape`, also with `*_`; empty for anything else."""
    target = node.targets[0]
    if not isinstance(target, (ast.Tuple, ast.List)):
        return ()
    value = node.value
    text = ast.unparse(value)
    if text not in (f"{argument}.shape", f"{argument}.size()"):
        return ()
    return tuple(part.id if isinstance(part, ast.Name) else "*" for part in target.elts)


def docstring_shapes(text: str | None, argument: str) -> tuple[str, ...]:
    """Dims that a docstring gives an argument: `x: (N, C, H, W) tensor`, `shape = (batch_size, n_ctx)`."""
    for line in (text or "").splitlines():
        match = re.match(rf"\s*(?:[-*]|:param)?\s*`?{re.escape(argument)}`?\s*:(.*)$", line)
        if match is None:
            continue
        found = re.search(r"[\(\[]\s*((?:[\w<>=\s*/+-]+,)+[\w<>=\s*/+-]*)[\)\]]", match.group(1))
        if found is not None:
            return tuple(
                re.sub(r"[^\w]", " ", part).split()[-1] for part in found.group(1).split(",") if part.strip(" <>=")
            )
    return ()


def _in_order(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """Assignments and calls in the order in which they run; the inner call before the outer."""
    for statement in body:
        if isinstance(statement, ast.Assign):
            yield statement
        calls: list[ast.Call | ast.Assign] = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
        nested = [node for node in ast.walk(statement) if isinstance(node, ast.Assign) and node is not statement]
        yield from sorted([*calls, *nested], key=_end)


def _end(node: ast.Call | ast.Assign) -> tuple[int, int]:
    return (node.end_lineno or 0, node.end_col_offset or 0)


def _position_of(node: ast.Call, argument: str) -> int | str | None:
    """Where the argument, or a view of it, stands in a call: its position, its keyword, or None."""
    for number, value in enumerate(node.args):
        if viewed_name(value) == argument:
            return number
    for keyword in node.keywords:
        if keyword.arg and viewed_name(keyword.value) == argument:
            return keyword.arg
    return None


def viewed_name(node: ast.expr) -> str:
    """The name whose numbers these still are: `x`, `x.view(-1)`, `x[:, None]`, `x.float()`; empty where none is."""
    while True:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func.value
        elif isinstance(node, ast.Subscript):
            node = node.value
        else:
            return node.id if isinstance(node, ast.Name) else ""


def _argument_at(definition: Method, position: int | str) -> str:
    if isinstance(position, str):
        return position
    names = [argument.arg for argument in definition.node.args.args][1:]
    return names[position] if position < len(names) else ""


def _resolve(module: nn.Module, func: ast.expr, owner: ast.AST) -> nn.Module | str | None:
    """What `self.a.b` is: a module, the name of an own method, or None."""
    if isinstance(func, ast.Name):
        return _loop_module(module, func.id, owner)
    parts: list[str | int] = []
    node = func
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
        elif isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, (int, str)):
            parts.append(node.slice.value)
        else:
            return None
        node = node.value
    if not isinstance(node, ast.Name) or node.id != "self":
        return None
    return _walk(module, list(reversed(parts)))


def _walk(module: nn.Module, parts: Sequence[str | int]) -> nn.Module | str | None:
    found: object = module
    for number, part in enumerate(parts):
        children = found._modules if isinstance(found, nn.Module) else {}
        child = children.get(str(part))
        if child is None:
            return str(part) if number == len(parts) - 1 == 0 else None
        found = child
    return found if isinstance(found, nn.Module) else None


def _loop_module(module: nn.Module, name: str, owner: ast.AST) -> nn.Module | None:
    """`for block in self.blocks: x = block(x)`: the first block."""
    for node in ast.walk(owner):
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name) and node.target.id == name:
            container = _resolve(module, node.iter, owner)
            if isinstance(container, (nn.ModuleList, nn.Sequential)) and _may_be_listed(container):
                return container[0]
    return None


def _first_in(module: nn.Module) -> nn.Module:
    """The first module inside a Sequential that does more than hand its input on."""
    while isinstance(module, (nn.Sequential, nn.ModuleList)) and _may_be_listed(module):
        children = list(module)
        module = next((child for child in children if not _hands_on(child)), children[0])
    return module


def _may_be_listed(container: nn.Module) -> bool:
    """Whether it has members, and all of them are known."""
    return not isinstance(container._modules, OpenParts) and bool(container._modules)


def _hands_on(module: nn.Module) -> bool:
    """Whether the width of the input is left as it is: the layer behind it says more."""
    family = type(module).__module__ in PASSING_FAMILIES and not isinstance(module, nn.MultiheadAttention)
    return isinstance(module, PASSING) or family


def _after_pattern(module: nn.Module) -> nn.Module | None:
    listed = isinstance(module, nn.Sequential) and _may_be_listed(module)
    return list(module._modules.values())[1] if listed and len(module._modules) > 1 else None
