"""How facts look inside a line: numbers, values, shapes, places. Knows records and words, no chapter."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

from analyzer.document.wording import Filling, Words, as_line
from analyzer.records.document import Code, Inline, Line, Plain, SourceRef
from analyzer.records.evidence import Known, Unknown
from analyzer.records.source import Span
from analyzer.records.tensors import Dim, ModelInput, TensorSpec

NOTHING: Line = (Plain("—"),)
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
LONGEST_CODE = 96
INNER_COMMENT = re.compile(r"[ \t]+#[^'\"\n]*(?=\n)")
CAPITAL = re.compile(r"(?!Python|Lightning|Hugging|Triton)[A-Z](?:[a-z]+(?![\w.])|\s)")
REQUIRED = frozenset({"no_default", "required_argument"})
"""Reasons of values that are no gap: whoever calls has to give them."""
CONDITIONAL = frozenset({"bound_on_condition", "rests_on_open"})
"""Reasons that say what the value is made of, or both values and what decides between them."""


def join(items: Iterable[Filling], separator: str = ", ") -> Line:
    """Lines one after the other with a separator between them; a dash where there are none."""
    parts: list[Inline] = []
    for item in items:
        parts += ([Plain(separator)] if parts else []) + list(as_line(item))
    return tuple(parts) or NOTHING


def code(text: str, longest: int = LONGEST_CODE) -> Line:
    """Source text in one line, without the comments that would swallow what follows them, cut where it is longer than
    a table bears.
    """
    flat = " ".join(INNER_COMMENT.sub("", text).split())
    return (Code(flat if len(flat) <= longest else flat[: longest - 1].rstrip() + "…"),) if flat else NOTHING


def statement(text: str, longest: int = LONGEST_CODE) -> Line:
    """A line of source without the comment at its end."""
    at = text.find(" #")
    while at >= 0:
        if _parses(text[:at]):
            return code(text[:at].rstrip(), longest)
        at = text.find(" #", at + 1)
    return code(text, longest)


def _parses(text: str) -> bool:
    try:
        ast.parse(text.strip())
    except (SyntaxError, ValueError):
        return False
    return bool(text.strip())


def inside_a_sentence(line: Line) -> Line:
    """A line as it reads behind other words: a capital that only began it goes; names keep theirs."""
    first = line[0] if line else None
    if isinstance(first, Plain) and CAPITAL.match(first.text):
        return (Plain(first.text[0].lower() + first.text[1:]), *line[1:])
    return line


def codes(texts: Iterable[str], separator: str = ", ") -> Line:
    return join([code(text) for text in texts], separator)


def ref(span: Span | None) -> Line:
    return NOTHING if span is None else (SourceRef(span),)


def refs(spans: Iterable[Span], most: int = 4) -> Line:
    """Links to places, each once and in order; more than `most` end in an ellipsis with the count."""
    unique = list(dict.fromkeys(spans))
    line = join([(SourceRef(span),) for span in unique[:most]])
    return line if len(unique) <= most else (*line, Plain(f" … (+{len(unique) - most})"))


def number(value: float) -> str:
    """A number with a comma between thousands; a float as Python prints it."""
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def compact(value: float) -> str:
    """A large number in three digits: `124.5M`."""
    for size, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        if value >= size:
            return f"{value / size:.2f}".rstrip("0").rstrip(".") + suffix
    return number(value)


def byte_size(value: int) -> str:
    """Bytes, and the binary unit that reads best."""
    size, unit = float(value), 0
    while size >= 1024 and unit < len(UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{value:,} B" if unit == 0 else f"{value:,} B ({size:.2f} {UNITS[unit]})"


def literal(value: object) -> str:
    """A plain value as Python writes it."""
    return repr(value)


def value(words: Words, fact: Known[object] | Unknown | None) -> Line:
    """A value, or the sentence why there is none."""
    if fact is None:
        return NOTHING
    if isinstance(fact, Known):
        return code(literal(fact.value))
    root = fact.root()
    if root.reason in REQUIRED:
        return words.line("common.required")
    if root.reason in CONDITIONAL:
        return reason_of(words, fact)
    return words.line("common.unknown", reason=reason_of(words, fact))


def reason_of(words: Words, fact: Unknown) -> Line:
    """The sentence why there is no value."""
    root = fact.root()
    return words.reason(root.reason, root.arguments)


def shape(spec: TensorSpec) -> str:
    return str(spec)


def numeric(spec: TensorSpec) -> str:
    """The shape in numbers; a size that depends on data is a question mark."""
    return "[" + ", ".join(_size(dim) for dim in spec.shape) + "]"


def shapes_text(specs: Sequence[TensorSpec], numbers: bool = False, most: int = 4) -> str:
    """The shapes of what one name holds, in order."""
    shown = ", ".join(numeric(spec) if numbers else str(spec) for spec in specs[:most])
    return shown if len(specs) <= most else f"{shown}, … ({len(specs)})"


def shapes(specs: Sequence[TensorSpec], most: int = 4) -> Line:
    line = codes(str(spec) for spec in specs[:most])
    return line if len(specs) <= most else (*line, Plain(f" … (+{len(specs) - most})"))


def numerics(specs: Sequence[TensorSpec], most: int = 4) -> Line:
    line = codes(numeric(spec) for spec in specs[:most])
    return line if len(specs) <= most else (*line, Plain(f" … (+{len(specs) - most})"))


def input_text(item: ModelInput) -> str:
    """An input with its type and shape: `idx: int64[B, T]`."""
    if isinstance(item.value, TensorSpec):
        return f"{item.name}: {item.value.dtype}{item.value}"
    return f"{item.name}: {item.value}"


def _size(dim: Dim) -> str:
    return "?" if dim.value is None else str(dim.value)
