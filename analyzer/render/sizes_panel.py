"""What does the model cost at other sizes? Its closed formulas with the names that a reader may change in the page.

The figures at the counted sizes stand in the markup; the controls are hidden until the script of the page runs.
It offers no size beyond those between which every formula that uses it was checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from analyzer.records.document import Chapter, Document, Language, Table
from analyzer.records.evidence import Known
from analyzer.records.formulas import evaluate_formula
from analyzer.records.shown_model import shown_model
from analyzer.records.tensors import Cost, FormulaVariable, ModelShapes
from analyzer.render.sized_shapes import SizedShape, sized_shapes
from analyzer.render.syntax_tree import Tree, syntax_tree
from analyzer.render.wording import phrase, word

COST_TABLES = {"training_cost", "inference_cost", "cache_cost"}
ANCHOR = "other-sizes"
FEWEST_STOPS = 8
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
PER_TOKEN = "kv_bytes_per_token"


@dataclass(frozen=True)
class Quantity:
    """A cost that the page can compute: its formula as a tree, and its value at the counted sizes."""

    name: str
    cost: Cost
    tree: Tree
    value: int


@dataclass(frozen=True)
class SizesPanel:
    quantities: tuple[Quantity, ...]
    sizes: tuple[FormulaVariable, ...]
    shapes: tuple[SizedShape, ...] = ()

    def markup(self, language: Language) -> Markup:
        return _markup(self, language)


def sizes_panel(models: Iterable[ModelShapes]) -> SizesPanel | None:
    """Of the main model, or the first that was built; None where nothing of it can be changed."""
    listed = tuple(models)
    model = shown_model(listed)
    quantities = _quantities(model) if model is not None else ()
    used = {v.name: None for quantity in quantities for v in quantity.cost.variables}
    sizes = tuple(_common(name, quantities) for name in used)
    if model is None or not any(size.smallest < size.largest for size in sizes):
        return None
    return SizesPanel(quantities, sizes, sized_shapes(model, {size.name: size.value for size in sizes}))


def place_of(document: Document) -> str:
    """The chapter in which the first costs stand, else that of the shapes, else the last."""
    costs = [chapter.id for chapter in document.chapters if _has_costs(chapter)]
    shapes = [chapter.id for chapter in document.chapters if chapter.id == "shapes"]
    return next(iter(costs + shapes), document.chapters[-1].id if document.chapters else "")


def _has_costs(chapter: Chapter) -> bool:
    return any(isinstance(block, Table) and block.id in COST_TABLES for block in chapter.blocks)


def _quantities(model: ModelShapes) -> tuple[Quantity, ...]:
    """Those whose formula gives the counted number at the sizes that the page starts with."""
    start: dict[str, int] = {}
    for _, cost in model.costs:
        start = {v.name: v.value for v in cost.variables} | start
    found = []
    for name, cost in model.costs:
        tree = syntax_tree(cost.formula) if cost.formula is not None and cost.variables else None
        if tree is None or cost.formula is None or not isinstance(cost.value, Known):
            continue
        if evaluate_formula(cost.formula, start) == cost.value.value:
            found.append(Quantity(name, cost, tree, cost.value.value))
    return tuple(found)


def _common(name: str, quantities: tuple[Quantity, ...]) -> FormulaVariable:
    """The range that lies in the checked range of every formula; the value alone where there is none."""
    variables = [v for quantity in quantities for v in quantity.cost.variables if v.name == name]
    value = variables[0].value
    smallest, largest = max(v.smallest for v in variables), min(v.largest for v in variables)
    if not smallest <= value <= largest:
        return FormulaVariable(name, value, value, value)
    return FormulaVariable(name, value, smallest, largest)


def _markup(panel: SizesPanel, language: Language) -> Markup:
    checked = min(quantity.cost.checked for quantity in panel.quantities)
    introduction = word("sizes_introduction", language).format(number=f"{checked:,}")
    return Markup(
        '<p>{}</p><form class="sizes" autocomplete="off" data-sizes="{}">{}<p class="scripted" hidden>'
        '<button class="button" type="reset">{}</button> <output aria-live="polite" data-message="{}"></output></p>'
        "{}{}</form>"
    ).format(
        introduction,
        json.dumps([[size.name, str(size.value)] for size in panel.sizes], separators=(",", ":")),
        _region(
            "sizes",
            _head(language, "sizes_name", "sizes_counted", "sizes_checked"),
            Markup("").join(_size_row(size, language) for size in panel.sizes),
        ),
        word("sizes_reset", language),
        word("sizes_changed", language),
        _region(
            "costs_at_sizes",
            _head(language, "sizes_quantity", "sizes_counted", "sizes_convention"),
            Markup("").join(_quantity_row(quantity, language) for quantity in panel.quantities),
        ),
        _shapes(panel, language),
    )


def _region(name: str, head: Markup, rows: Markup) -> Markup:
    return Markup(
        '<div class="wide" tabindex="0" role="region" aria-label="{}"><table><thead>{}</thead><tbody>{}</tbody></table>'
        "</div>"
    ).format(name, head, rows)


def _head(language: Language, first: str, second: str, last: str) -> Markup:
    """The column of the chosen sizes is shown by the script."""
    return Markup(
        '<tr><th scope="col">{}</th><th scope="col" class="right">{}</th>'
        '<th scope="col" class="right scripted" hidden>{}</th><th scope="col">{}</th></tr>'
    ).format(*(word(key, language) for key in (first, second, "sizes_chosen", last)))


def _size_row(size: FormulaVariable, language: Language) -> Markup:
    return Markup(
        '<tr><th scope="row"><code>{}</code></th><td class="right">{}</td><td class="right scripted" hidden>{}</td>'
        "<td>{} … {}</td></tr>"
    ).format(
        size.name,
        f"{size.value:,}",
        _controls(size, language) if size.smallest < size.largest else f"{size.value:,}",
        f"{size.smallest:,}",
        f"{size.largest:,}",
    )


def _controls(size: FormulaVariable, language: Language) -> Markup:
    step = slider_step(size)
    lowest, highest = -(-size.smallest // step) * step, size.largest // step * step
    bounds = {"range": (lowest, highest, step), "number": (size.smallest, size.largest, 1)}
    return Markup("").join(
        Markup('<input type="{}" data-size="{}" min="{}" max="{}" step="{}" value="{}" aria-label="{}">').format(
            kind, size.name, *bounds[kind], size.value, word(f"sizes_{kind}", language).format(name=size.name)
        )
        for kind in ("range", "number")
    )


def slider_step(size: FormulaVariable) -> int:
    """The coarsest power of two that meets the size itself and leaves a slider some stops to choose from."""
    step = 1
    while (
        size.value % (2 * step) == 0 and size.largest // (2 * step) - (size.smallest - 1) // (2 * step) >= FEWEST_STOPS
    ):
        step *= 2
    return step


def _quantity_row(quantity: Quantity, language: Language) -> Markup:
    unit = "bytes" if "bytes" in quantity.name else ""
    shown = byte_size(quantity.value) if unit else f"{quantity.value:,}"
    return Markup(
        '<tr data-quantity="{}" data-formula="{}" data-unit="{}"><th scope="row">{}</th><td class="right">{}</td>'
        '<td class="right scripted chosen" hidden>{}</td><td>{}</td></tr>'
    ).format(
        quantity.name,
        json.dumps(quantity.tree, separators=(",", ":")),
        unit,
        _label(quantity, language),
        shown,
        shown,
        _convention(quantity.cost, language),
    )


def _shapes(panel: SizesPanel, language: Language) -> Markup:
    """A table of its own, where any shape can be computed."""
    if not panel.shapes:
        return Markup("")
    return Markup("<p>{}</p>{}").format(
        word("sizes_shapes", language),
        _region(
            "shapes_at_sizes",
            _head(language, "sizes_variable", "sizes_counted", "sizes_shape"),
            Markup("").join(_shape_row(shape) for shape in panel.shapes),
        ),
    )


def _shape_row(shape: SizedShape) -> Markup:
    shown = "[" + ", ".join(str(value) for value in shape.values) + "]"
    return Markup(
        '<tr data-shape="{}"><th scope="row"><code>{}</code></th><td class="right">{}</td>'
        '<td class="right scripted chosen" hidden>{}</td><td><code>{}</code></td></tr>'
    ).format(json.dumps(shape.trees, separators=(",", ":")), shape.target, shown, shown, shape.text)


def byte_size(value: int) -> str:
    """Bytes, and the binary unit that reads best."""
    size, unit = float(value), 0
    while size >= 1024 and unit < len(UNITS) - 1:
        size, unit = size / 1024, unit + 1
    return f"{value:,} B" if unit == 0 else f"{value:,} B ({size:.2f} {UNITS[unit]})"


def _label(quantity: Quantity, language: Language) -> str:
    label = phrase("costs", quantity.name, language) or quantity.name
    mode = quantity.cost.basis.mode if quantity.cost.basis is not None else None
    mode_name = phrase("shapes", f"mode_{mode}", language)
    form = phrase("costs", "with_basis", language)
    if mode_name is None or form is None or quantity.name == PER_TOKEN:
        return label
    return form.format(quantity=label, basis=mode_name)


def _convention(cost: Cost, language: Language) -> str:
    found = (phrase(file, cost.convention, language) for file in ("conventions", "reasons"))
    return next((text for text in found if text is not None), cost.convention)
