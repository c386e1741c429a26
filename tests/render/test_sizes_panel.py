"""The costs at other sizes: static without scripts, computed from the formulas in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from analyzer.records.bundles import Shapes
from analyzer.records.document import Chapter, Document, Plain, Table
from analyzer.records.evidence import Known
from analyzer.records.formulas import evaluate_formula
from analyzer.records.tensors import Cost, Dim, FormulaVariable, ModelShapes, ShapeTarget, TensorSpec
from analyzer.render import render_report
from analyzer.render.sizes_panel import byte_size, place_of, sizes_panel, slider_step
from tests.render import sample

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.xdist_group("browser")]

FORMULAS = {
    "parameters": "n_layer*(12*n_embd**2 + 13*n_embd) + n_embd*vocab_size + 2*n_embd",
    "optimizer_bytes": "8*(n_layer*(12*n_embd**2 + 13*n_embd) + n_embd*vocab_size + 2*n_embd)",
    "flops": "B*T*n_layer*(4*T*n_embd + 24*n_embd**2)",
    "training_flops": "3*B*T*n_layer*(4*T*n_embd + 24*n_embd**2)",
    "kv_bytes_per_token": "n_layer*2*n_embd*4",
    "activation_bytes": "B*T*int(8/3*n_embd) + (-n_embd)//7 + n_embd % 7 + B*2000000000000000000",
}
RANGES = {
    "B": (2, 1, 13),
    "T": (16, 3, 236),
    "n_layer": (12, 2, 12),
    "n_embd": (768, 10, 1968),
    "vocab_size": (50304, 6, 50304),
}
START = {name: value for name, (value, _, _) in RANGES.items()}


def at(name: str, sizes: dict[str, int]) -> int:
    value = evaluate_formula(FORMULAS[name], sizes)
    assert value is not None
    return value


def cost(name: str, value: int | None = None) -> Cost:
    used = [
        key for key in RANGES if key in FORMULAS[name].replace("(", " ").replace("*", " ").replace(")", " ").split()
    ]
    variables = tuple(FormulaVariable(key, *RANGES[key]) for key in used)
    known = Known(at(name, START) if value is None else value, (sample.span("net/model.py", 4),), "counted")
    return Cost(known, FORMULAS[name], "one_multiply_add_is_two_flops", None, variables, 5)


def model(*costs: tuple[str, Cost]) -> ModelShapes:
    found = costs or tuple((name, cost(name)) for name in FORMULAS)
    return replace(sample.analysis().shapes.models[0], costs=found)


def traced(*specs: tuple[str, TensorSpec]) -> ModelShapes:
    """The model with these variables in its own method."""
    row, base = sample.analysis().shapes.models[0].traces[0].rows[0], model()
    rows = tuple(replace(row, targets=(ShapeTarget(name, (spec,)),)) for name, spec in specs)
    return replace(base, traces=(replace(base.traces[0], rows=rows),))


TOKENS = TensorSpec((Dim(2, "B"), Dim(16, "T")), "int64")
PATCHES = TensorSpec((Dim(2, "B"), Dim(64, "(T//2)**2"), Dim(3072, "4*n_embd")), "float32")


def shown(name: str, sizes: dict[str, int]) -> str:
    value = at(name, sizes)
    return byte_size(value) if "bytes" in name else f"{value:,}"


@pytest.fixture(scope="module")
def article(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    analysis = replace(sample.analysis(), shapes=Shapes((traced(("idx", TOKENS), ("x", PATCHES)),)))
    files = render_report(analysis, sample.report(), languages=("en", "zh"))
    for name in ("article.en.html", "article.zh.html"):
        (folder / name).write_text(str(files[name]), encoding="utf-8")
    return folder / "article.en.html"


@pytest.fixture
def page(browser: Browser, article: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(**getattr(request, "param", {}))
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(article.as_uri())
    yield page
    context.close()
    assert complaints == []


def cells(page: Page, column: int) -> dict[str, str]:
    found: dict[str, str] = page.evaluate(
        """column => Object.fromEntries([...document.querySelectorAll('.sizes tr[data-quantity]')]
             .map(row => [row.dataset.quantity, row.cells[column].textContent]))""",
        column,
    )
    return found


def type_size(page: Page, name: str, value: int | str) -> None:
    page.fill(f'input[type=number][data-size="{name}"]', str(value))
    page.press(f'input[type=number][data-size="{name}"]', "Tab")


@pytest.mark.parametrize(
    ("value", "smallest", "largest", "step"),
    [
        (768, 10, 1968, 128),
        (12, 2, 12, 1),
        (50304, 6, 50304, 128),
        (16, 3, 236, 16),
        (7, 2, 900, 1),
        (1024, 71, 1024, 128),
    ],
)
def test_a_slider_moves_in_steps_that_meet_its_size_and_leave_a_choice(value, smallest, largest, step):
    assert slider_step(FormulaVariable("n", value, smallest, largest)) == step


def test_a_slider_beside_a_typed_size_leaves_it_as_typed(page):
    type_size(page, "n_embd", 100)
    page.press('input[type=range][data-size="B"]', "ArrowRight")
    changed = int(page.input_value('input[type=number][data-size="B"]'))
    assert cells(page, 2) == {name: shown(name, {**START, "n_embd": 100, "B": changed}) for name in FORMULAS}


def test_the_page_starts_with_the_counted_numbers(page):
    counted = {name: shown(name, START) for name in FORMULAS}
    assert cells(page, 1) == counted
    assert cells(page, 2) == counted


def test_a_slider_moved_by_keys_shows_what_the_formulas_give(page):
    slider = 'input[type=range][data-size="n_embd"]'
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.press(slider, key)
    assert page.input_value('input[type=number][data-size="n_embd"]') == "512"
    assert cells(page, 2) == {name: shown(name, {**START, "n_embd": 512}) for name in FORMULAS}
    assert cells(page, 1) == {name: shown(name, START) for name in FORMULAS}


@pytest.mark.parametrize(
    "sizes",
    [
        {"B": 13, "T": 236},
        {"n_embd": 1967, "vocab_size": 50303, "n_layer": 7},
        {"B": 1, "T": 3, "n_layer": 2, "n_embd": 11},
    ],
    ids=str,
)
def test_typed_sizes_show_what_the_formulas_give(page, sizes):
    for name, value in sizes.items():
        type_size(page, name, value)
    assert cells(page, 2) == {name: shown(name, START | sizes) for name in FORMULAS}


@pytest.mark.parametrize("n_embd", range(16, 48, 4))
def test_bytes_are_rounded_in_the_page_as_in_the_article(page, n_embd):
    """12 layers of 8 bytes: 96*n_embd lies at ties of two decimals of a KiB again and again."""
    type_size(page, "n_embd", n_embd)
    assert cells(page, 2)["kv_bytes_per_token"] == byte_size(96 * n_embd)


@pytest.mark.parametrize("refused", ["14", "0", "-1", "2.5", ""])
def test_a_size_outside_the_checked_range_is_not_taken(page, refused):
    type_size(page, "B", 3)
    type_size(page, "B", refused)
    assert page.input_value('input[type=number][data-size="B"]') == "3"
    assert cells(page, 2) == {name: shown(name, {**START, "B": 3}) for name in FORMULAS}


def test_shapes_follow_the_sizes(page):
    type_size(page, "T", 33)
    type_size(page, "n_embd", 100)
    rows = page.evaluate(
        "[...document.querySelectorAll('tr[data-shape]')].map(row => [...row.cells].map(cell => cell.textContent))"
    )
    assert rows == [
        ["idx", "[2, 16]", "[2, 33]", "[B, T]"],
        ["x", "[2, 64, 3072]", "[2, 256, 400]", "[B, (T//2)**2, 4*n_embd]"],
    ]


def test_the_change_is_announced_and_taken_back(page):
    type_size(page, "T", 200)
    assert page.inner_text(".sizes output") == "Recomputed for T = 200."
    assert page.get_attribute(".sizes output", "aria-live") == "polite"
    page.click(".sizes button")
    page.wait_for_function("document.querySelector('.sizes output').textContent === ''")
    assert cells(page, 2) == {name: shown(name, START) for name in FORMULAS}


def test_every_control_can_be_reached_and_has_a_name(page):
    names = page.evaluate("[...document.querySelectorAll('.sizes input')].map(i => i.getAttribute('aria-label'))")
    sizes = ("n_layer", "n_embd", "vocab_size", "B", "T")
    assert names == [f"{name}, {kind}" for name in sizes for kind in ("slider", "number")]


@pytest.mark.parametrize("page", [{"java_script_enabled": False}], indirect=True)
def test_without_scripts_the_numbers_stand_and_no_control_shows(page):
    rows = page.locator(".sizes tr[data-quantity] td:nth-of-type(1)")
    assert rows.all_inner_texts() == [shown(name, START) for name in FORMULAS]
    assert not any(item.is_visible() for item in page.locator(".sizes :is(input, button, output, .chosen)").all())


def test_print_shows_no_control(page):
    page.emulate_media(media="print")
    assert page.is_visible(".sizes tr[data-quantity] td")
    assert not any(item.is_visible() for item in page.locator(".sizes :is(input, button, output, .chosen)").all())


@pytest.mark.parametrize("page", [{"viewport": {"width": 360, "height": 700}}], indirect=True)
def test_a_narrow_page_does_not_scroll_sideways(page):
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]


def test_a_size_stays_in_the_range_of_every_formula_that_uses_it():
    narrow = replace(cost("flops"), variables=(FormulaVariable("B", 2, 2, 4), *cost("flops").variables[1:]))
    panel = sizes_panel((model(("flops", narrow), ("training_flops", cost("training_flops"))),))
    assert panel is not None
    assert {(size.name, size.smallest, size.largest) for size in panel.sizes if size.name == "B"} == {("B", 2, 4)}


def test_a_formula_that_does_not_give_the_counted_number_is_not_computed():
    panel = sizes_panel((model(("flops", cost("flops", at("flops", START) + 1)), ("parameters", cost("parameters"))),))
    assert panel is not None
    assert [quantity.name for quantity in panel.quantities] == ["parameters"]


@pytest.mark.parametrize(
    "dim", [Dim(32, None), Dim(32, "height"), Dim(33, "2*T"), Dim(None, None)], ids=("bare", "other", "wrong", "data")
)
def test_a_shape_with_a_size_that_no_name_explains_is_left_out(dim):
    built = traced(("idx", TOKENS), ("image", TensorSpec((Dim(2, "B"), dim), "float32")))
    panel = sizes_panel((built,))
    assert panel is not None
    assert [shape.target for shape in panel.shapes] == ["idx"]


def test_without_formulas_there_is_no_panel():
    unproved = replace(cost("flops"), formula=None, variables=())
    assert sizes_panel((model(("flops", unproved)),)) is None
    assert sizes_panel(()) is None


@pytest.mark.parametrize(
    ("chapters", "place"),
    [
        ((("shapes", "all_shapes"), ("training", "training_cost"), ("inference", "inference_cost")), "training"),
        ((("shapes", "all_shapes"), ("summary", "contributions")), "shapes"),
        ((("preface", "stars"), ("summary", "contributions")), "summary"),
    ],
)
def test_it_stands_where_the_costs_stand(chapters, place):
    built = tuple(
        Chapter(name, (Plain(name),), (Table(table, ((Plain("a"),),), (((Plain("b"),),),)),))
        for name, table in chapters
    )
    assert place_of(Document("article", "en", (Plain("T"),), built)) == place
