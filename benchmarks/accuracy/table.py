"""The outcomes as text: one row per model, sums per list, wrong claims, and reasons by how many models they block."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from operator import attrgetter

from benchmarks.accuracy.comparison import Outcome

HEADER = ("model", "built", "totals", "right", "wrong", "unknown", "names", "seconds", "MiB", "remark")
SHOWN_ERRORS = 5
Row = tuple[str, ...]


def table_lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Everything, in the order in which a reader wants it."""
    yield from _aligned([HEADER, *(_row(outcome) for outcome in outcomes)])
    yield ""
    yield from _aligned([("list", "models", *HEADER[1:7], "unmeasured"), *_sums(outcomes)])
    wrong = [(o, error) for o in outcomes for error in o.errors[:SHOWN_ERRORS]]
    yield ""
    yield f"wrong claims: {sum(len(o.errors) for o in outcomes)}"
    yield from (f"  {o.group} {o.name}: {error}" for o, error in wrong)
    yield ""
    yield "reasons by the number of models that they block:"
    yield from (f"  {len(names):4} {reason}  ({', '.join(names[:3])})" for reason, names in blocking(outcomes))


def progress_line(outcome: Outcome) -> str:
    """One model as it is done: what is wrong is seen at once."""
    return "  ".join(_row(outcome)).rstrip()


def blocking(outcomes: Sequence[Outcome]) -> list[tuple[str, list[str]]]:
    """First reasons of models that have something unknown, most blocking first."""
    found: dict[str, list[str]] = {}
    for outcome in outcomes:
        if not outcome.unmeasured and (not outcome.built or outcome.unknown):
            found.setdefault(outcome.reason or "no reason given", []).append(f"{outcome.group} {outcome.name}")
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))


def _row(o: Outcome) -> Row:
    if o.unmeasured and not o.seconds:
        return (_short(o), *("-",) * 8, f"unmeasured: {o.unmeasured}")
    remark = o.errors[0] if o.errors else f"unmeasured: {o.unmeasured}" if o.unmeasured else o.reason
    counts = (str(o.right), str(o.wrong), str(o.unknown), f"{o.names_right}/{o.names_right + o.names_wrong}")
    return (
        _short(o),
        _said(o.built),
        _said(o.totals_equal),
        *counts,
        f"{o.seconds:.1f}",
        str(o.peak_mib),
        remark[:110],
    )


def _short(outcome: Outcome) -> str:
    name = re.sub(r"\s+", " ", outcome.name)
    return f"{outcome.group} {name if len(name) <= 44 else name[:41] + '...'}"


def _said(verdict: bool | None) -> str:
    return "-" if verdict is None else "yes" if verdict else "NO"


def _sums(outcomes: Sequence[Outcome]) -> Iterator[Row]:
    groups = sorted({o.group for o in outcomes})
    for group in (*groups, "all"):
        rows = [o for o in outcomes if group in ("all", o.group)]
        measured = [o for o in rows if not o.unmeasured]
        counts = (sum(map(attrgetter(what), measured)) for what in ("right", "wrong", "unknown"))
        right, wrong = (sum(map(attrgetter(what), measured)) for what in ("names_right", "names_wrong"))
        yield (
            group,
            str(len(rows)),
            str(sum(o.built for o in measured)),
            str(sum(o.totals_equal is True for o in measured)),
            *map(str, counts),
            f"{right}/{right + wrong}",
            str(len(rows) - len(measured)),
        )


def _aligned(rows: Sequence[Row]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (
            text.ljust(w) if n in (0, len(row) - 1) else text.rjust(w)
            for n, (text, w) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
