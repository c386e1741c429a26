"""What `--input "idx: int64[B=2, T=16]"` says: the name of an argument and the form of its value.

Pure text to records; which method takes the argument and what the tensors hold is decided elsewhere.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from analyzer.records.errors import UserError

DTYPES = frozenset({
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
    "complex64", "complex128", "float8_e4m3fn", "float8_e5m2",
})  # fmt: skip
ALIASES = {"long": "int64", "int": "int32", "float": "float32", "double": "float64", "half": "float16"}
DEFAULT_SIZES = {"B": 2, "T": 16, "H": 32, "W": 32}
DEFAULT_SIZE = 8


class InputSpecError(UserError):
    """The text does not say an input; the message says what is wrong with it."""


@dataclass(frozen=True)
class DimSpec:
    """One size: a number, a name, a name with its number, or a multiple of a name (`2*n_ctx`)."""

    name: str | None = None
    size: int | None = None
    factor: int = 1

    def __str__(self) -> str:
        if self.text is None:
            return str(self.size)
        return self.text if self.size is None else f"{self.text}={self.size}"

    @property
    def text(self) -> str | None:
        """The expression over its name."""
        return self.name if self.factor == 1 or self.name is None else f"{self.factor}*{self.name}"

    def number(self, sizes: Mapping[str, int]) -> int:
        """The size, the name being worth what `sizes` says, else its own number or the stated default."""
        if self.name is None:
            return self.size if self.size is not None else DEFAULT_SIZE
        own = self.size if self.size is not None else DEFAULT_SIZES.get(self.name, DEFAULT_SIZE)
        return self.factor * sizes.get(self.name, own)


@dataclass(frozen=True)
class TensorValue:
    """A tensor of which only the form matters: `float32[B, 3, H, W]`."""

    dtype: str
    dims: tuple[DimSpec, ...]

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.dims))}]"


@dataclass(frozen=True)
class ContentsValue:
    """A tensor whose numbers matter: `int64([0, 1, 2])`."""

    dtype: str
    contents: object

    def __str__(self) -> str:
        return f"{self.dtype}({self.contents!r})"


@dataclass(frozen=True)
class LiteralValue:
    """Any Python literal: `0`, `"cls"`, `None`."""

    value: object

    def __str__(self) -> str:
        return repr(self.value)


@dataclass(frozen=True)
class SequenceValue:
    """A list or tuple that holds tensors or literals."""

    kind: str
    items: tuple[InputValue, ...]

    def __str__(self) -> str:
        inner = ", ".join(map(str, self.items))
        if self.kind == "list":
            return f"[{inner}]"
        return f"({inner},)" if len(self.items) == 1 else f"({inner})"


@dataclass(frozen=True)
class MappingValue:
    """A dict; keys are literals."""

    items: tuple[tuple[object, InputValue], ...]

    def __str__(self) -> str:
        return "{" + ", ".join(f"{key!r}: {value}" for key, value in self.items) + "}"


InputValue = TensorValue | ContentsValue | LiteralValue | SequenceValue | MappingValue


@dataclass(frozen=True)
class InputSpec:
    """A named argument of the traced call."""

    name: str
    value: InputValue

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


def parse_input_spec(text: str) -> InputSpec:
    """Read one `name: VALUE`; raises InputSpecError with what is wrong."""
    name, colon, rest = text.partition(":")
    name = name.strip()
    if not colon or not name.isidentifier():
        raise InputSpecError(f"{text!r} is not of the form 'name: VALUE'")
    if not rest.strip():
        raise InputSpecError(f"{text!r} gives no value for {name}")
    try:
        tree = ast.parse(_as_python(rest.strip()), mode="eval")
    except (SyntaxError, ValueError, tokenize.TokenError, RecursionError, MemoryError) as error:
        raise InputSpecError(f"{rest.strip()!r} cannot be read as a value of {name}") from error
    return InputSpec(name, _value(tree.body))


def tensors_of(value: InputValue) -> Iterator[TensorValue]:
    """The tensors in a value, in order."""
    if isinstance(value, TensorValue):
        yield value
    elif isinstance(value, SequenceValue):
        for item in value.items:
            yield from tensors_of(item)
    elif isinstance(value, MappingValue):
        for _, item in value.items:
            yield from tensors_of(item)


def sizes_of(specs: Iterable[InputSpec]) -> dict[str, int]:
    """Number of every dim name over all inputs; a name that never gets one gets the stated default."""
    sizes: dict[str, int | None] = {}
    for dim in (dim for spec in specs for tensor in tensors_of(spec.value) for dim in tensor.dims):
        if dim.name is None:
            continue
        known = sizes.get(dim.name)
        if known is not None and dim.size is not None and known != dim.size:
            raise InputSpecError(f"{dim.name} is given as {known} and as {dim.size}")
        sizes[dim.name] = known if dim.size is None else dim.size
    return {name: DEFAULT_SIZES.get(name, DEFAULT_SIZE) if size is None else size for name, size in sizes.items()}


def _as_python(text: str) -> str:
    """The same text with `T=16` as `T:=16` and `float32[]` as `float32[()]`, which Python can parse."""
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    parts: list[tuple[int, str]] = []
    for number, token in enumerate(tokens):
        replaced = token.string
        if token.type == tokenize.OP and token.string == "=":
            replaced = ":="
        elif token.string == "[" and number and _is_scalar(tokens, number):
            replaced = "[()"
        parts.append((token.type, replaced))
    return " ".join(string for kind, string in parts if kind not in (tokenize.NEWLINE, tokenize.ENDMARKER))


def _is_scalar(tokens: list[tokenize.TokenInfo], number: int) -> bool:
    return tokens[number - 1].type == tokenize.NAME and tokens[number + 1].string == "]"


def _value(node: ast.expr) -> InputValue:
    if isinstance(node, ast.Subscript):
        return TensorValue(_dtype(node.value), tuple(_dims(node.slice)))
    if isinstance(node, ast.Call):
        return _contents(node)
    if isinstance(node, (ast.List, ast.Tuple)):
        kind = "list" if isinstance(node, ast.List) else "tuple"
        return _simplified(SequenceValue(kind, tuple(_value(item) for item in node.elts)))
    if isinstance(node, ast.Dict):
        if any(key is None for key in node.keys):
            raise InputSpecError("'**' has no place in a value")
        return _simplified(
            MappingValue(tuple((_literal(k), _value(v)) for k, v in zip(node.keys, node.values, strict=True) if k))
        )
    return LiteralValue(_literal(node))


def _simplified(value: SequenceValue | MappingValue) -> InputValue:
    """A container of literals alone is itself a literal."""
    if isinstance(value, SequenceValue) and all(isinstance(item, LiteralValue) for item in value.items):
        items = [item.value for item in value.items if isinstance(item, LiteralValue)]
        return LiteralValue(items if value.kind == "list" else tuple(items))
    if isinstance(value, MappingValue) and all(isinstance(item, LiteralValue) for _, item in value.items):
        return LiteralValue({key: item.value for key, item in value.items if isinstance(item, LiteralValue)})
    return value


def _dims(node: ast.expr) -> Iterator[DimSpec]:
    for part in node.elts if isinstance(node, ast.Tuple) else [node]:
        if isinstance(part, ast.Name):
            yield DimSpec(part.id)
        elif isinstance(part, ast.NamedExpr):
            yield DimSpec(part.target.id, _size(part.value))
        else:
            yield DimSpec(None, _size(part))


def _size(node: ast.expr) -> int:
    if isinstance(node, ast.Constant) and type(node.value) is int and node.value < 2**40:
        return node.value
    raise InputSpecError(f"{ast.unparse(node)!r} is not a size: a number, a name, or name=number")


def _contents(node: ast.Call) -> ContentsValue:
    if len(node.args) != 1 or node.keywords:
        raise InputSpecError(f"{ast.unparse(node)!r}: a tensor with contents takes one literal")
    return ContentsValue(_dtype(node.func), _literal(node.args[0]))


def _dtype(node: ast.expr) -> str:
    name = node.id if isinstance(node, ast.Name) else ast.unparse(node)
    name = ALIASES.get(name, name)
    if name not in DTYPES:
        raise InputSpecError(f"{name!r} is no dtype; known are {', '.join(sorted(DTYPES))}")
    return name


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise InputSpecError(f"{ast.unparse(node)!r} is no literal") from error
