"""Which packages that are not there leave how many rows of the shape tables empty: read off the gaps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from analyzer.records.evidence import Gap

NOT_AVAILABLE = "package_not_available"


@dataclass(frozen=True)
class MissingPackage:
    """A package and what of it is asked for; `rows` are the lines and module calls that wait for it."""

    name: str
    wanted: tuple[str, ...]
    rows: int
    where: tuple[str, ...]


def missing_packages(gaps: Iterable[Gap]) -> tuple[MissingPackage, ...]:
    """One entry per package, that with the most waiting rows first."""
    found: dict[str, list[Gap]] = {}
    for gap in gaps:
        if gap.reason == NOT_AVAILABLE and gap.arguments:
            found.setdefault(_wanted(gap).partition(".")[0], []).append(gap)
    packages = (
        MissingPackage(
            name,
            tuple(dict.fromkeys(map(_wanted, items))),
            sum(item.unlocks for item in items),
            tuple(dict.fromkeys(item.where for item in items)),
        )
        for name, items in found.items()
    )
    return tuple(sorted(packages, key=lambda package: (-package.rows, package.name)))


def joined(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Each gap once, with the rows of all its mentions: every call of a model has rows of its own."""
    rows: dict[Gap, int] = {}
    for gap in gaps:
        bare = replace(gap, unlocks=0)
        rows[bare] = rows.get(bare, 0) + gap.unlocks
    return tuple(replace(gap, unlocks=count) for gap, count in rows.items())


def _wanted(gap: Gap) -> str:
    return gap.arguments[0][1]
