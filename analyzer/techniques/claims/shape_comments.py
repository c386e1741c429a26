"""Shape comments such as `# (B, nh, T, hs)` held against the evaluated shapes of their line.

Certain disagreements only: another number of axes, or a literal size that differs. Letters must mean the same
size wherever the function uses them; where they do not, nothing is claimed.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.index import SourceIndex
from analyzer.records.bundles import Shapes
from analyzer.records.techniques import Claim
from analyzer.records.tensors import ShapeRow, TensorSpec

_GROUP = re.compile(r"[\(\[]([^()\[\]]*)[\)\]]")
_PART = re.compile(
    r"^(?:[A-Za-z_][A-Za-z_0-9]{0,14}|\d{1,6})(?:\s*(?://|\*\*|[-+*/])\s*(?:[A-Za-z_][A-Za-z_0-9]{0,14}|\d{1,6}))*$"
)
_CALLED = re.compile(r"[\w.]$")


@dataclass(frozen=True)
class ShapeComment:
    """The sizes that a comment at the end of a line states."""

    path: str
    line: int
    text: str
    parts: tuple[str, ...]


def audit_comments(index: SourceIndex, shapes: Shapes) -> tuple[Claim, ...]:
    """One claim per shape comment whose line was evaluated, by place."""
    rows = _rows_by_statement(index, shapes)
    comments = [c for path in sorted({path for path, _ in rows}) for c in shape_comments(index.text(path), path)]
    claims = [
        _claim(index, comment, rows[comment.path, comment.line])
        for comment in comments
        if (comment.path, comment.line) in rows
    ]
    return tuple(_without_loose_letters([claim for claim in claims if claim is not None]))


def _rows_by_statement(index: SourceIndex, shapes: Shapes) -> dict[tuple[str, int], list[ShapeRow]]:
    """Rows of the main model by every line of their statement, for a comment may stand behind any of them. Other
    classes are evaluated on inputs that nothing in the repository confirms.
    """
    found: dict[tuple[str, int], list[ShapeRow]] = {}
    for model in (m for m in shapes.models if m.main):
        for trace in model.traces:
            for row in trace.rows:
                if row.where.cell is None and row.where.path in index.files:
                    last = row.where.first_line if row.code.lstrip().startswith("def ") else row.where.last_line
                    for line in range(row.where.first_line, last + 1):
                        found.setdefault((row.where.path, line), []).append(row)
    return found


def shape_comments(text: str, path: str) -> Iterator[ShapeComment]:
    """Comments behind code that end in one shape, or state one behind the last arrow."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return
    for token in tokens:
        if token.type == tokenize.COMMENT and token.line[: token.start[1]].strip():
            parts = stated_shape(token.string.lstrip("#").strip())
            if parts is not None:
                yield ShapeComment(path, token.start[0], token.string.lstrip("#").strip(), parts)


def stated_shape(comment: str) -> tuple[str, ...] | None:
    """The sizes of `token embeddings of shape (b, t, n_embd)` or of the right side of `(B, T) -> (B, T, C)`."""
    tail = comment.rsplit("->", 1)[-1]
    groups = [m for m in _GROUP.finditer(tail) if not _CALLED.search(tail[: m.start()])]
    shapes = [parts for m in groups if (parts := _parts(m.group(1))) is not None]
    if len(groups) != 1 or len(shapes) != 1:
        return None
    rest = tail[groups[0].end() :]
    alone = tail[: groups[0].start()].strip() in ("", "shape:", "shape")
    named = re.search(r"(?:of|in|as|shape|size|to be|:|=)\s*$", tail[: groups[0].start()]) is not None
    return shapes[0] if (alone or named) and not re.match(r"\s*[a-z]{3,}\s+[a-z]{3,}\s+[a-z]", rest) else None


def _parts(inside: str) -> tuple[str, ...] | None:
    parts = tuple(part.strip() for part in inside.split(",") if part.strip())
    return parts if len(parts) >= 2 and all(_PART.match(part) for part in parts) else None


def _claim(index: SourceIndex, comment: ShapeComment, rows: list[ShapeRow]) -> Claim | None:
    """The comment against the line's values; several values must all have the shape."""
    named = [
        (target.name, spec) for row in rows for target in row.targets for spec in target.tensors if not target.nested
    ]
    nested = any(target.nested for row in rows for target in row.targets)
    if not named or nested:
        return None
    specs = list({str(spec): spec for _, spec in named}.values())
    verdicts = {_compare(comment.parts, spec) for spec in specs}
    if len(verdicts) != 1:
        return None
    derived = " / ".join(str(spec) for spec in specs)
    where = index.span(comment.path, comment.line)
    name = ", ".join(dict.fromkeys(name for name, _ in named))
    stated = "(" + ", ".join(comment.parts) + ")"
    if not verdicts.pop():
        return Claim(comment.text, stated, derived, "differ", where, (rows[0].where,), name)
    if all(dim.value is None for spec in specs for dim in spec.shape):
        return Claim(comment.text, stated, "", "unknown", where, (), name, "sizes_of_data")
    return Claim(comment.text, stated, derived, "agree", where, (rows[0].where,), name)


def _compare(parts: tuple[str, ...], spec: TensorSpec) -> bool:
    """Same number of axes, literal sizes equal, one letter one size."""
    if len(parts) != len(spec.shape):
        return False
    meaning: dict[str, int] = {}
    for part, dim in zip(parts, spec.shape, strict=True):
        if dim.value is None:
            continue
        stated = _literal(part)
        if stated is not None and stated != dim.value:
            return False
        if stated is None and meaning.setdefault(part, dim.value) != dim.value:
            return False
    return True


def _literal(part: str) -> int | None:
    """The value of `16` or `4 * 49`."""
    if re.search(r"[A-Za-z_]", part):
        return None
    value = ast.literal_eval(part) if part.isdigit() else None
    return value if isinstance(value, int) else None


def _without_loose_letters(claims: list[Claim]) -> Iterator[Claim]:
    """A file whose comments all miss by their number of axes writes another notation; nothing is certain then."""
    for path in sorted({claim.where.path for claim in claims}):
        here = [claim for claim in claims if claim.where.path == path]
        wrong = [claim for claim in here if claim.verdict == "differ"]
        if len(here) == 1 or len(wrong) < len(here):
            yield from here
