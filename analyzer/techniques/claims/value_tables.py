"""Rows of documents' tables that give a model's values (`| small | 12 | 768 |` under `Layers | Width`), against the
preset that the row names. A row of another name counts where all that it gives are one table's values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts
from analyzer.records.configuration import Preset
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.figures import Figure, Verdict, figure_of, is_rounding
from analyzer.techniques.claims.settings import Setting, by_owner, of_preset, plain_name
from analyzer.techniques.claims.sizes import Sizes, normal
from analyzer.techniques.claims.tables import PARAMETERS
from analyzer.techniques.claims.texts import Row, rows
from analyzer.techniques.paper.quantities import BY_ID, quantity_named

LOOSE = frozenset(
    {"dim", "depth", "width", "heads", "layers", "n_blocks", "num_blocks", "hidden_dim", "batch", "steps"}
)
"""Names under which a preset may mean another thing than a column of nearly that title."""
FEWEST = 3
"""So many values in common are no chance."""


@dataclass(frozen=True)
class Cell:
    """A number under a title that names a setting; `names` may be its names in code."""

    names: tuple[str, ...]
    figure: Figure
    title: str


def check_value_tables(index: SourceIndex, facts: Facts, sizes: Sizes) -> Iterator[Claim]:
    """One claim per cell that gives a setting of the source a number."""
    presets = {normal(p.name): p for p in facts.configuration.presets if p.layer == "preset" and normal(p.name)}
    owners = by_owner(facts)
    known = frozenset(s.name for settings in owners.values() for s in settings)
    known |= {s.name for preset in presets.values() for s in of_preset(preset)}
    for row in rows(index):
        cells = list(_cells(row, known))
        preset = presets.get(normal(row.cells[0])) if row.cells else None
        if preset is not None:
            yield from _of_preset(index, row, cells, preset)
        elif cells:
            yield from _of_table(index, row, cells, owners, sizes)


def _cells(row: Row, known: frozenset[str]) -> Iterator[Cell]:
    for title, text in list(zip(row.header, row.cells, strict=False))[1:]:
        figure = figure_of(text)
        quantity = quantity_named(title)
        names = (plain_name(title),) if plain_name(title) in known else BY_ID[quantity].names if quantity else ()
        if figure is not None and any(name in known for name in names):
            yield Cell(names, figure, title)


def _of_preset(index: SourceIndex, row: Row, cells: Sequence[Cell], preset: Preset) -> Iterator[Claim]:
    """The row's first cell is the preset's name: what the preset gives under the column's name must be this."""
    settings = of_preset(preset)
    for cell in cells:
        own = [s for s in settings if s.name in cell.names and s.number is not None]
        verdict = _same(cell, own[0]) if len({s.number for s in own}) == 1 else None
        is_certain = (
            not row.line.elsewhere and (plain_name(cell.title) in cell.names[:1] or own[0].name not in LOOSE)
            if own
            else False
        )
        if verdict is None or not (verdict or is_certain):
            yield _open(index, row, cell)
        else:
            yield _told(index, row, cell, own[0], agree=verdict)


def _of_table(
    index: SourceIndex, row: Row, cells: Sequence[Cell], owners: Mapping[str, tuple[Setting, ...]], sizes: Sizes
) -> Iterator[Claim]:
    fitting = _fitting(row, cells, owners, sizes)
    for cell, setting in fitting or ():
        yield _told(index, row, cell, setting, agree=True)
    yield from (_open(index, row, cell) for cell in cells) if not fitting else ()


def _fitting(
    row: Row, cells: Sequence[Cell], owners: Mapping[str, tuple[Setting, ...]], sizes: Sizes
) -> list[tuple[Cell, Setting]]:
    """The settings of the one table that has all of the row's values; none where its count is not the main model's."""
    counts = [f for t, c in zip(row.header, row.cells, strict=False) if PARAMETERS.match(t) and (f := figure_of(c))]
    size = sizes.main
    if len(cells) < FEWEST or (size is not None and any(not is_rounding(figure, size.total) for figure in counts)):
        return []
    found: list[list[tuple[Cell, Setting]]] = []
    for settings in owners.values():
        pairs = [(c, s) for c in cells for s in settings if s.name in c.names and s.number is not None and _same(c, s)]
        if {cell for cell, _ in pairs} == set(cells):
            found.append([next(pair for pair in pairs if pair[0] == cell) for cell in cells])
    return found[0] if len(found) == 1 else []


def names_of_main(index: SourceIndex, facts: Facts, sizes: Sizes) -> Iterator[str]:
    """Names that documents give to the main model: rows of its values with its count of parameters."""
    owners = by_owner(facts)
    known = frozenset(s.name for settings in owners.values() for s in settings)
    for row in rows(index):
        titles = [title for title in row.header if PARAMETERS.match(title)]
        counted = [f for t, c in zip(row.header, row.cells, strict=False) if t in titles and (f := figure_of(c))]
        if sizes.main is not None and counted and _fitting(row, list(_cells(row, known)), owners, sizes):
            yield row.cells[0]


def _same(cell: Cell, setting: Setting) -> bool:
    return setting.number is not None and is_rounding(cell.figure, setting.number)


def _told(index: SourceIndex, row: Row, cell: Cell, setting: Setting, *, agree: bool) -> Claim:
    where = index.span(row.line.path, row.line.number)
    derived = f"{setting.name} = {setting.number:.10g}"
    verdict: Verdict = "agree" if agree else "differ"
    return Claim(row.line.text.strip(), cell.figure.text, derived, verdict, where, (setting.where,), cell.title)


def _open(index: SourceIndex, row: Row, cell: Cell) -> Claim:
    where = index.span(row.line.path, row.line.number)
    reason = "subject_not_certain"
    return Claim(row.line.text.strip(), cell.figure.text, "", "unknown", where, (), cell.title, reason)
