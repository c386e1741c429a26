"""Is an argument of a constructor a size, or a rate of dropout? By its declaration, else by what receives it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.evaluator.handing import parameters_of
from analyzer.evaluator.probes import last_name
from analyzer.index import Definition, SourceIndex
from analyzer.shapes.entry_points import constructor_of

DEPTH = 6
EVERY = 99
LAYER_SIZES = {
    "range": EVERY, "zeros": EVERY, "ones": EVERY, "empty": EVERY, "randn": EVERY,
    "Linear": 2, "Embedding": 2, "LayerNorm": 1, "RMSNorm": 1, "GroupNorm": 2,
    "BatchNorm1d": 1, "BatchNorm2d": 1, "BatchNorm3d": 1, "LSTM": 3, "GRU": 3, "RNN": 3,
    "Conv1d": 7, "Conv2d": 7, "Conv3d": 7, "ConvTranspose1d": 7, "ConvTranspose2d": 7,
    "MultiheadAttention": 2, "TransformerEncoderLayer": 3, "TransformerDecoderLayer": 3,
}  # fmt: skip
"""Calls whose first positional arguments are sizes, and how many of them are."""
TRANSFORMERS = ("MultiheadAttention", "TransformerEncoderLayer", "TransformerDecoderLayer")
"""Layers whose next argument is a rate of dropout."""
DROPOUTS = frozenset({"Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "dropout"})
CONTAINERS = ("Union", "Optional")


class ArgumentUses:
    """What the classes of one repository do with their arguments, followed through the classes that receive them."""

    def __init__(self, index: SourceIndex) -> None:
        self._index = index

    def is_size(self, path: str, argument: ast.arg, node: ast.FunctionDef) -> bool:
        """Declared as an integer; or undeclared, used as a size somewhere, and decided on nowhere."""
        if argument.annotation is not None:
            return says_integer(argument.annotation)
        default = next(value for declared, value in parameters_of(node) if declared is argument)
        if isinstance(default, ast.Constant) and type(default.value) not in (int, type(None)):
            return False
        uses = set(self._uses(path, argument.arg, node, 0))
        return "size" in uses and not uses & {"other", "rate"}

    def is_rate(self, path: str, argument: ast.arg, node: ast.FunctionDef) -> bool:
        """Used for dropout and for nothing else."""
        if argument.annotation is not None and ast.unparse(argument.annotation) != "float":
            return False
        uses = set(self._uses(path, argument.arg, node, 0))
        return "rate" in uses and not uses & {"other", "size"}

    def _uses(self, path: str, name: str, node: ast.FunctionDef, depth: int) -> Iterator[str]:
        """`size` in arithmetic, `range` and calls of layers; `rate`; `passed` on without a use; `other`."""
        for parent in ast.walk(node):
            for child in ast.iter_child_nodes(parent):
                if isinstance(parent, ast.keyword) or not (isinstance(child, ast.Name) and child.id == name):
                    continue  # a keyword's value is seen with its call
                if isinstance(child.ctx, ast.Load):
                    yield _use(parent, child)
            if isinstance(parent, ast.Call):
                called = self._base(path, node) if ast.unparse(parent.func) == "super().__init__" else parent.func
                yield from self._received(path, name, (called, parent), depth)

    def _base(self, path: str, constructor: ast.FunctionDef) -> ast.expr:
        """What `super()` is in this constructor: the first base of its class."""
        owners = (d.name.rpartition(".")[0] for d in self._table(path).values() if d.node is constructor)
        owner = self._table(path).get(next(owners, ""))
        bases = owner.node.bases if owner is not None and isinstance(owner.node, ast.ClassDef) else []
        return bases[0] if bases else ast.Name("object")

    def _table(self, path: str) -> dict[str, Definition]:
        return self._index.symbols.definitions.get(path, {})

    def _received(self, path: str, name: str, calling: tuple[ast.expr, ast.Call], depth: int) -> Iterator[str]:
        """What a call of a layer or of a class of the repository does with the argument."""
        function, call = calling
        called = last_name(function)
        positions = [n for n, value in enumerate(call.args) if last_name(value) == name]
        keywords = [k.arg for k in call.keywords if k.arg and last_name(k.value) == name]
        if called in DROPOUTS and (positions or keywords):
            yield "rate"
        elif called in LAYER_SIZES:
            yield from (_layer_use(called, n) for n in positions)
            yield from ("rate" if keyword == "dropout" else "passed" for keyword in keywords)
        elif depth < DEPTH and (positions or keywords):
            found = self._index.symbols.resolve(path, ast.unparse(function))
            constructor = constructor_of(self._index, found) if isinstance(found, Definition) else None
            if constructor is not None:
                yield from self._handed(*constructor, (positions, keywords), depth)

    def _handed(
        self, path: str, node: ast.FunctionDef, given: tuple[list[int], list[str]], depth: int
    ) -> Iterator[str]:
        parameters = [argument for argument, _ in parameters_of(node)]
        positions, keywords = given
        received = [parameters[n] for n in positions if n < len(parameters)]
        received += [parameter for parameter in parameters if parameter.arg in keywords]
        for parameter in received:
            if parameter.annotation is not None:
                yield "size" if says_integer(parameter.annotation) else "passed"
            else:
                yield from self._uses(path, parameter.arg, node, depth + 1)


def _layer_use(layer: str, position: int) -> str:
    if position < LAYER_SIZES[layer]:
        return "size"
    return "rate" if layer in TRANSFORMERS and position == LAYER_SIZES[layer] else "other"


def _use(parent: ast.AST, child: ast.Name) -> str:
    if isinstance(parent, ast.BinOp):
        return "size"
    if isinstance(parent, ast.Compare):
        others = [value for value in (parent.left, *parent.comparators) if value is not child]
        return "passed" if all(_is_integer(value) for value in others) else "other"
    return "passed" if isinstance(parent, (ast.Call, ast.Assign, ast.Tuple)) else "other"


def _is_integer(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int


def says_integer(annotation: ast.expr) -> bool:
    """`int`, also as one of several: `Optional[int]`, `int | None`, `Union[int, Tuple[int, int]]`."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return False
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return says_integer(annotation.left) or says_integer(annotation.right)
    if isinstance(annotation, ast.Subscript) and last_name(annotation.value) in CONTAINERS:
        inner = annotation.slice
        return any(map(says_integer, inner.elts if isinstance(inner, ast.Tuple) else [inner]))
    return isinstance(annotation, ast.Name) and annotation.id == "int"
