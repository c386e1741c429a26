"""Numbers that sentences of documents state for named quantities, against the configuration.

A number differs only where its line names one file, or the default, and the source has one value for the quantity.
It may also agree with the run that a command just above shows. Documents also tell of other models and other runs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts
from analyzer.records.source import Span
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.settings import (
    Run,
    Setting,
    by_owner,
    defaults,
    documented_runs,
    files_named,
    of_preset,
    of_run,
    plain_name,
)
from analyzer.techniques.claims.texts import Line, plain, prose
from analyzer.techniques.paper.numbers import in_sentences
from analyzer.techniques.paper.quantities import BY_ID, NUMBER, number_of

DEFAULT = re.compile(r"\bdefaults?\b|默认", re.IGNORECASE)
GENERAL_NAMES = frozenset({"dim", "depth", "width", "heads", "layers", "batch", "clip", "temp", "momentum"})
"""Names so general that a value under one may be another part's."""
FEWEST = 3
"""So many values in common are no chance."""
GIVEN = re.compile(
    rf"(?<![\w.\-\[(=])(?P<name>-{{0,2}}[A-Za-z_][\w.-]*)\s*[=≈]\s*(?P<value>-?(?:{NUMBER}))(?![\w.%-]|\s*[*/+x×^])"
)


PERIOD = r"\b(?:every|each|after|per|first|last|another|next)"
"""`every 1000 steps` is no number of steps."""


@dataclass(frozen=True)
class Stated:
    """A number for a quantity or a name, with the names that it may bear in code. `exact` for the code's own name."""

    names: tuple[str, ...]
    value: float
    printed: str
    sentence: str
    subject: str
    exact: bool = False


class Configured:
    """What the settings of the repository say to a statement at one line."""

    def __init__(self, index: SourceIndex, facts: Facts) -> None:
        every = [
            *defaults(facts),
            *(s for p in facts.configuration.presets if p.layer != "command_line" for s in of_preset(p)),
        ]
        self.settings = tuple(dict.fromkeys(every))
        self.paths = frozenset(s.where.path for s in self.settings)
        self.names = frozenset(s.name for s in self.settings)
        self.tables = by_owner(facts)
        self.runs = documented_runs(index, facts)

    def run_above(self, line: Line) -> Run | None:
        """The last command shown above the line in its own section."""
        above = [r for r in self.runs if r.where.path == line.path and line.heading < r.where.last_line < line.number]
        return above[-1] if above else None


def check_documents(index: SourceIndex, facts: Facts) -> tuple[Claim, ...]:
    """One claim per number of a sentence whose quantity the source configures."""
    configured = Configured(index, facts)
    found = [claim for line in prose(index) for claim in _in_line(index, line, configured)]
    return tuple(sorted(dict.fromkeys(found), key=lambda claim: (claim.where, claim.claimed)))


def _in_line(index: SourceIndex, line: Line, configured: Configured) -> Iterator[Claim]:
    where = index.span(line.path, line.number)
    named = files_named(line.text, configured.paths)
    every = list(stated_in(line.text, configured.names))
    listed = _of_one_table(every, configured) if not line.elsewhere and not named else {}
    for stated in every:
        if stated.subject in listed:
            yield _agrees(line, where, stated, listed[stated.subject])
            continue
        own = [s for s in configured.settings if s.name in stated.names and s.number is not None and s.where != where]
        if own or stated.exact:
            yield _judged(line, where, stated, own, named, configured)


def _of_one_table(every: Sequence[Stated], configured: Configured) -> dict[str, Setting]:
    """Where a line gives several values and all of them stand in one table, it speaks of that table's defaults."""
    subjects = {stated.subject for stated in every}
    if len(subjects) < FEWEST:
        return {}
    every_table = [_in_table(every, settings) for settings in configured.tables.values()]
    fitting = [found for found in every_table if len(found) == len(subjects)]
    return fitting[0] if len(fitting) == 1 else {}


def _in_table(every: Sequence[Stated], settings: Sequence[Setting]) -> dict[str, Setting]:
    return {t.subject: s for t in every for s in settings if s.name in t.names and _equals(s, t)}


def stated_in(text: str, names: frozenset[str]) -> Iterator[Stated]:
    """Quantities by their printed names, and `name = number` for names of the code."""
    readable = plain(text)
    taken: set[tuple[str, float]] = set()
    for match in GIVEN.finditer(readable):
        name, value = plain_name(match.group("name")), number_of(match.group("value"))
        if name in names and value is not None:
            taken.add((match.group("value"), value))
            yield Stated((name,), value, match.group("value"), text, name, exact=True)
    for number in in_sentences([readable]):
        is_period = re.search(rf"{PERIOD}\s+{re.escape(number.printed)}", number.quoted, re.IGNORECASE)
        if (number.printed, number.value) not in taken and BY_ID[number.quantity].names and is_period is None:
            yield Stated(BY_ID[number.quantity].names, number.value, number.printed, number.quoted, number.quantity)


def _judged(
    line: Line, where: Span, stated: Stated, own: Sequence[Setting], named: tuple[str, ...], configured: Configured
) -> Claim:
    says_default = _is_called_default(stated)
    if len(named) == 1:
        own = [s for s in own if s.where.path in named]
    equal = [s for s in own if _equals(s, stated)]
    if (len(named) == 1 or says_default) and equal:
        return _agrees(line, where, stated, equal[0])
    run = configured.run_above(line) if len(named) == 0 else None
    at_run = [s for s in (of_run(run, stated.names) if run is not None else ()) if _equals(s, stated)]
    if at_run:
        return _agrees(line, where, stated, at_run[0])
    certain = (len(named) == 1 or (says_default and not _is_general(stated))) and not line.elsewhere
    values = {s.number for s in own}
    if certain and not stated.exact and len(values) == 1 and (named or not _is_general(stated)):
        derived = f"{own[0].name} = {own[0].number:g}"
        return Claim(line.text.strip(), stated.printed, derived, "differ", where, (own[0].where,), stated.subject)
    return Claim(line.text.strip(), stated.printed, "", "unknown", where, (), stated.subject, "subject_not_certain")


def _is_called_default(stated: Stated) -> bool:
    """For a quantity the sentence's word is enough; of `name=3` it must be said right there."""
    if not stated.exact:
        return DEFAULT.search(stated.sentence) is not None
    given = rf"`?-{{0,2}}{re.escape(stated.subject)}`?\s*[=≈]\s*`?{re.escape(stated.printed)}`?"
    before = rf"\bdefaults?(?: value)?(?: is| to| of| uses| are|:)?\s*{given}"
    readable = stated.sentence.replace("-", "_").lower()
    return re.search(rf"{before}|{given}\s*\(?(?:by |the |is the )?defaults?\b".replace("-", "_"), readable) is not None


def _agrees(line: Line, where: Span, stated: Stated, setting: Setting) -> Claim:
    derived = f"{setting.name} = {setting.number:.10g}"
    return Claim(line.text.strip(), stated.printed, derived, "agree", where, (setting.where,), stated.subject)


def _equals(setting: Setting, stated: Stated) -> bool:
    return setting.number is not None and math.isclose(setting.number, stated.value, rel_tol=1e-9)


def _is_general(stated: Stated) -> bool:
    return stated.subject in GENERAL_NAMES or any(name in GENERAL_NAMES for name in stated.names[:1])
