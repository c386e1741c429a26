"""Which techniques the code contains, with the lines that show it and the names that fill the formula.

Each sheet's recognitions are tried on every function; a match counts where its outermost term stands, so that a
function opened in several callers is reported once, at its own lines.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.index import SourceIndex
from analyzer.records.evidence import Arguments, Evidence
from analyzer.records.source import Span
from analyzer.records.techniques import Binding, TechniqueFinding
from analyzer.techniques.algebra import INVERSE, SQUARED
from analyzer.techniques.calls import public_name
from analyzer.techniques.forms import formula_of
from analyzer.techniques.patterns import Match, find_matches, fits, parse_pattern
from analyzer.techniques.predicates import PREDICATES
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.sheets import Recognition, Sheet
from analyzer.techniques.terms import Term, walk
from analyzer.techniques.vocabulary import CONSTRUCTORS, FUNCTIONS


def find_techniques(program: Program, sheets: Sequence[Sheet]) -> tuple[TechniqueFinding, ...]:
    """Every technique in every function, by sheet, path and line; `in_use` is decided elsewhere."""
    found: dict[tuple[str, tuple[Span, ...]], TechniqueFinding] = {}
    for sheet in sheets:
        for recognition in sheet.recognitions:
            for reading in program.readings:
                for match in find_in_reading(program, reading, recognition):
                    finding = _finding(program.index, reading, sheet, recognition, match)
                    if finding is not None:
                        found.setdefault((sheet.card.id, finding.where), finding)
    ordered = sorted(found.values(), key=lambda f: (f.sheet_id, f.where))
    merged: dict[tuple[str, tuple[str, ...], str, str | None], TechniqueFinding] = {}
    for finding in ordered:
        key = (finding.sheet_id, finding.models, finding.form, finding.formula)
        merged[key] = _merged(merged[key], finding) if key in merged else finding
    return tuple(_without_contained(list(merged.values())))


def _merged(one: TechniqueFinding, other: TechniqueFinding) -> TechniqueFinding:
    """The same form twice in one class is one finding at both places; equal names are listed once."""
    bindings = {(b.hole, b.code): b for b in (*other.bindings, *one.bindings)}
    ordered = sorted(bindings.values(), key=lambda b: (b.where, b.hole))
    where = tuple(sorted({*one.where, *other.where}))
    evidence = tuple(dict.fromkeys((*one.evidence, *other.evidence)))
    notes = tuple(dict.fromkeys((*one.notes, *other.notes)))
    return replace(one, where=where, bindings=tuple(ordered), evidence=evidence, notes=notes)


def find_in_reading(program: Program, reading: Reading, recognition: Recognition) -> Iterator[Match]:
    """Matches of one recognition in one function."""
    if recognition.form == "call":
        yield from _calls(program, reading, recognition)
    elif recognition.form == "pattern":
        yield from _patterns(reading, recognition)
    elif recognition.form == "predicate":
        yield from PREDICATES[recognition.source](program, reading)


def _calls(program: Program, reading: Reading, recognition: Recognition) -> Iterator[Match]:
    wanted = frozenset(recognition.names)
    for label, terms in reading.called.items():
        if label in wanted or public_name(label) in wanted or (":" in label and program.library_base(label) in wanted):
            for term in terms:
                if _is_call(term, label):
                    parts = [(hole, _argument(program, term, name)) for hole, name in recognition.arguments]
                    yield Match(term, tuple((hole, part) for hole, part in parts if part is not None), (term,))


def _is_call(term: Term, label: str) -> bool:
    """A constructor or library function; what a module computes in `forward` is not its creation."""
    return term.head in ("call", "external", "method") or label in FUNCTIONS or label.startswith("Tensor.")


def _argument(program: Program, term: Term, name: str) -> Term | None:
    """The argument of a call by position or name, also where a class of the repository only renames a library's."""
    if name.isdigit():
        return term.args[int(name)] if int(name) < len(term.args) else None
    names = CONSTRUCTORS.get(program.library_base(term.label), ()) if ":" in term.label else ()
    if name in names and program.index.symbols.definition(f"{term.label}.__init__") is None:
        position = names.index(name)
        return term.args[position] if position < len(term.args) else term.keyword(name)
    return term.keyword(name)


def _patterns(reading: Reading, recognition: Recognition) -> Iterator[Match]:
    pattern = parse_pattern(recognition.source.strip())
    unless = [(hole, parse_pattern(source.strip())) for hole, sources in recognition.unless for source in sources]
    if pattern.head not in reading.heads:
        return
    for match in find_matches(pattern, iter(reading.walked)):
        holes = dict(match.holes)
        if not any(hole in holes and _occurs(part, holes[hole]) for hole, part in unless):
            yield match


def _occurs(pattern: Term, term: Term) -> bool:
    return any(fits(pattern, one) is not None for one in walk(term) if one.head == pattern.head)


def _finding(
    index: SourceIndex, reading: Reading, sheet: Sheet, recognition: Recognition, match: Match
) -> TechniqueFinding | None:
    place = program_span(index, reading)
    if not any(_stands_in(place, term) for term in (match.root, *match.evidence)):
        return None
    terms = [t for t in (match.root, *match.evidence) if t.node is not None and t.path]
    spans = _spans(index, terms)
    bindings = tuple(b for hole, term in match.holes if (b := _binding(index, hole, term)) is not None)
    holder = reading.owner or reading.qualified_name
    notes: tuple[tuple[str, Arguments], ...] = tuple((note, ()) for note in recognition.notes) + match.notes
    evidence = tuple(Evidence(span, recognition.form) for span in spans)
    form = match.form or recognition.id
    formula = formula_of(sheet.card.id, match) or recognition.formula
    return TechniqueFinding(sheet.card.id, spans, form, bindings, (holder,), evidence, notes, formula=formula)


def program_span(index: SourceIndex, reading: Reading) -> tuple[str, int, int]:
    """The lines a reading answers for: its function, or for a method its whole class."""
    if reading.owner is not None:
        found = index.symbols.definition(reading.owner)
        if found is not None:
            return found.path, found.node.lineno, found.node.end_lineno or found.node.lineno
    if isinstance(reading.node, ast.Module):
        return reading.path, 1, 10**9
    return reading.path, reading.node.lineno, reading.node.end_lineno or reading.node.lineno


def _stands_in(place: tuple[str, int, int], root: Term) -> bool:
    path, first, last = place
    line = getattr(root.node, "lineno", 0)
    return root.path == path and first <= line <= last


def _spans(index: SourceIndex, terms: Sequence[Term]) -> tuple[Span, ...]:
    """One span per run of adjoining lines, the outermost term's file first."""
    lines: dict[str, set[int]] = {}
    for term in terms:
        node = term.node
        assert node is not None
        first = getattr(node, "lineno", 1)
        last = getattr(node, "end_lineno", first) if not isinstance(node, (ast.If, ast.For, ast.FunctionDef)) else first
        lines.setdefault(term.path, set()).update(range(first, last + 1))
    return tuple(index.span(path, *run) for path, found in lines.items() for run in _runs(sorted(found)))


def _runs(lines: list[int]) -> Iterator[tuple[int, int]]:
    first = previous = lines[0]
    for line in lines[1:]:
        if line > previous + 1:
            yield first, previous
            first = line
        previous = line
    yield first, previous


def _binding(index: SourceIndex, hole: str, term: Term) -> Binding | None:
    """The code's own words for what fills a hole, at the line where they stand."""
    node, path = (term.alias, term.alias_path) if term.alias is not None else (term.node, term.path)
    if node is None or path not in index.files:
        return None
    if isinstance(node, (ast.stmt, ast.Module)):
        return None
    code = index.segment(path, node)
    bare = isinstance(node, (ast.Name, ast.Call, ast.Attribute))
    if term.payload == INVERSE:
        code = f"1 / {code}" if bare else f"1 / ({code})"
    elif term.payload == SQUARED:
        code = f"{code} ** 2" if bare else f"({code}) ** 2"
    line = getattr(node, "lineno", 1)
    return Binding(hole, code, index.span(path, line, line)) if "\n" not in code else None


def _without_contained(findings: list[TechniqueFinding]) -> Iterator[TechniqueFinding]:
    """Of findings of one sheet in one class, those whose lines all lie inside another's are dropped."""
    for finding in findings:
        inside = any(
            other is not finding
            and other.sheet_id == finding.sheet_id
            and _lines(finding) < _lines(other)
            and finding.models == other.models
            for other in findings
        )
        if not inside:
            yield finding


def _lines(finding: TechniqueFinding) -> frozenset[tuple[str, int]]:
    return frozenset((s.path, line) for s in finding.where for line in range(s.first_line, s.last_line + 1))
