"""Laws of the layout: nothing overlaps, labels stand inside their boxes, arrows end at boxes and pass through none."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.document.diagrams import text
from analyzer.document.diagrams.layout import lay_out
from analyzer.records.diagrams import Arrow, Box, Diagram, Group
from analyzer.records.techniques import Text

LABELS = st.sampled_from(
    ["x", "transformer.h", "scaled_dot_product_attention", "W" * 40, "a long label of several words", "i", "中文"]
)  # fmt: skip
Frame = tuple[float, float, float, float]
EXACT = 1.5


@st.composite
def flows(draw) -> Diagram:
    number = draw(st.integers(1, 10))
    groups = st.sampled_from([None, "g", "h"])
    boxes = tuple(
        Box(f"b{n}", draw(LABELS), tuple(draw(st.lists(LABELS, max_size=2))), "core", draw(groups))
        for n in range(number)
    )
    ends = st.integers(0, number - 1)
    pairs = draw(st.lists(st.tuples(ends, ends), max_size=14, unique=True))
    arrows = tuple(
        Arrow(f"b{a}", f"b{b}", draw(st.sampled_from(["", "", "[B, T]", "[B, n_head, T, n_embd//n_head]"])))
        for a, b in pairs
    )
    frames = (Group("g", "transformer.h: Block ×12"), Group("h", ""))
    return lay_out(
        Diagram("d", Text("", ""), "flow", boxes, arrows, frames, direction=draw(st.sampled_from(["down", "right"])))
    )


def frame_of(box) -> Frame:
    return box.x, box.y, box.x + box.width, box.y + box.height


def overlap(one: Frame, other: Frame, slack: float = 0.0) -> bool:
    return (
        one[0] + slack < other[2]
        and other[0] + slack < one[2]
        and one[1] + slack < other[3]
        and other[1] + slack < one[3]
    )


def label_frame(arrow: Arrow) -> Frame:
    lines = arrow.label.split("\n")
    width = max(text.text_width(line, text.LINE_SIZE) for line in lines)
    top = arrow.label_y - text.LINE_HEIGHT / 2
    return arrow.label_x, top, arrow.label_x + width, top + len(lines) * text.LINE_HEIGHT


def pieces(arrow: Arrow):
    for (x1, y1), (x2, y2) in pairwise(arrow.points):
        yield min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


@settings(max_examples=150, deadline=None)
@given(flows())
def test_no_two_boxes_overlap(diagram):
    for one, other in combinations(diagram.boxes, 2):
        assert not overlap(frame_of(one), frame_of(other)), (one.id, other.id)


@settings(max_examples=100, deadline=None)
@given(flows())
def test_everything_lies_on_the_page(diagram):
    for frame in [frame_of(box) for box in diagram.boxes] + [frame_of(group) for group in diagram.groups]:
        assert frame[0] >= 0
        assert frame[1] >= 0
        assert frame[2] <= diagram.width
        assert frame[3] <= diagram.height
    for arrow in diagram.arrows:
        assert all(0 <= x <= diagram.width and 0 <= y <= diagram.height for x, y in arrow.points)


@settings(max_examples=100, deadline=None)
@given(flows())
def test_no_text_leaves_its_box(diagram):
    for box in diagram.boxes:
        room = box.width - 2
        for line in box.label.split("\n"):
            assert text.text_width(line, text.LABEL_SIZE, "bold") <= room
        for line in box.lines:
            assert text.text_width(line, text.LINE_SIZE) <= room
        lines = len(box.label.split("\n")) * text.LABEL_HEIGHT + len(box.lines) * text.LINE_HEIGHT
        assert lines <= box.height


@settings(max_examples=150, deadline=None)
@given(flows())
def test_arrows_begin_and_end_at_their_boxes(diagram):
    boxes = {box.id: frame_of(box) for box in diagram.boxes}
    for arrow in diagram.arrows:
        for point, name in ((arrow.points[0], arrow.source), (arrow.points[-1], arrow.target)):
            left, top, right, bottom = boxes[name]
            assert left - EXACT <= point[0] <= right + EXACT, arrow
            assert top - EXACT <= point[1] <= bottom + EXACT, arrow
            on_border = min(abs(point[0] - left), abs(point[0] - right), abs(point[1] - top), abs(point[1] - bottom))
            assert on_border <= EXACT, arrow


@settings(max_examples=150, deadline=None)
@given(flows())
def test_no_arrow_passes_through_a_box(diagram):
    for arrow in diagram.arrows:
        for piece in pieces(arrow):
            for box in diagram.boxes:
                assert not overlap(piece, frame_of(box), EXACT), (arrow.source, arrow.target, box.id)


@settings(max_examples=100, deadline=None)
@given(flows())
def test_arrows_run_along_the_axes(diagram):
    for arrow in diagram.arrows:
        for (x1, y1), (x2, y2) in pairwise(arrow.points):
            assert x1 == x2 or y1 == y2


@settings(max_examples=150, deadline=None)
@given(flows())
def test_no_label_of_an_arrow_touches_a_box_or_another_label(diagram):
    labels = [label_frame(arrow) for arrow in diagram.arrows if arrow.label]
    for label in labels:
        for box in diagram.boxes:
            assert not overlap(label, frame_of(box), EXACT)
    for one, other in combinations(labels, 2):
        assert not overlap(one, other, EXACT)


@settings(max_examples=100, deadline=None)
@given(flows())
def test_a_frame_holds_its_boxes_and_no_others(diagram):
    for group in diagram.groups:
        for box in diagram.boxes:
            assert overlap(frame_of(group), frame_of(box)) == (box.group == group.id)
            if box.group == group.id:
                assert group.x < box.x and box.x + box.width < group.x + group.width
                assert group.y < box.y and box.y + box.height < group.y + group.height


@settings(max_examples=100, deadline=None)
@given(flows())
def test_no_arrow_crosses_the_title_of_a_frame(diagram):
    if diagram.direction == "right":
        return
    for group in diagram.groups:
        width = text.text_width(group.label, text.LINE_SIZE, "bold") if group.label else 0
        title = (group.label_x, group.label_y - 6, group.label_x + width, group.label_y + 6)
        for arrow in diagram.arrows if group.label else ():
            for piece in pieces(arrow):
                assert not overlap(piece, title, 0.5)


@settings(max_examples=20, deadline=None)
@given(flows())
def test_laying_out_again_gives_the_same(diagram):
    bare = Diagram(
        "d", Text("", ""), "flow", diagram.boxes, diagram.arrows, diagram.groups, direction=diagram.direction
    )
    assert lay_out(bare) == lay_out(bare)


def chain(number: int, *more: Arrow, direction="down") -> Diagram:
    boxes = tuple(Box(f"b{n}", f"step {n}") for n in range(number))
    arrows = tuple(Arrow(f"b{n}", f"b{n + 1}", "[B, T]") for n in range(number - 1))
    return lay_out(Diagram("d", Text("", ""), "flow", boxes, (*arrows, *more), direction=direction))


def test_a_chain_is_one_straight_line_even_beside_a_skip():
    diagram = chain(5, Arrow("b1", "b3"))
    assert {len(arrow.points) for arrow in diagram.arrows[:4]} == {2}
    assert len(diagram.arrows[4].points) == 6


def test_an_arrow_back_goes_round_the_outside():
    diagram = chain(4, Arrow("b3", "b0", "again"))
    left = min(box.x for box in diagram.boxes)
    assert min(x for x, _ in diagram.arrows[-1].points) < left


def test_boxes_without_arrows_stand_in_rows():
    boxes = tuple(Box(f"b{n}", "a label of some length") for n in range(12))
    diagram = lay_out(Diagram("d", Text("", ""), "flow", boxes))
    assert diagram.width < 900
    assert len({box.y for box in diagram.boxes}) > 1


def test_a_chart_is_left_as_it_is():
    chart = Diagram("d", Text("", ""), "bar")
    assert lay_out(chart) is chart


@pytest.mark.parametrize(
    ("label", "limit", "expected"),
    [
        ("transformer.h", 200, ("transformer.h",)),
        ("scaled_dot_product_attention", 150, ("scaled_dot_product_", "attention")),
        ("two words", 60, ("two", "words")),
        ("[batch_size, seq_length, hidden_size]", 230, ("[batch_size, seq_length,", "hidden_size]")),
        ("if step % steps == 0", 125, ("if step % steps", "== 0")),
        ("CausalLMOutputWithPast", 150, ("CausalLMOutput", "WithPast")),
        ("W" * 10, 50, ("WWW", "WWW", "WWW", "W")),
        ("", 50, ("",)),
    ],
)
def test_labels_break_where_identifiers_do(label, limit, expected):
    assert text.wrap(label, text.LABEL_SIZE, limit, "bold") == expected


@given(st.text(max_size=60), st.integers(30, 200))
def test_wrapping_loses_no_character(label, limit):
    joined = "".join(text.wrap(label, text.LINE_SIZE, limit)).replace(" ", "")
    assert joined == text.drawable(label).replace(" ", "")


def test_the_table_of_widths_is_that_of_matplotlibs_font():
    from matplotlib import get_data_path
    from matplotlib.ft2font import FT2Font, LoadFlags

    for weight, file in (("regular", "DejaVuSans.ttf"), ("bold", "DejaVuSans-Bold.ttf")):
        font = FT2Font(f"{get_data_path()}/fonts/ttf/{file}")
        font.set_size(font.units_per_EM, 72)
        for char, width in text._widths(weight).items():
            glyph = font.load_char(ord(char), flags=LoadFlags.NO_SCALE)
            assert abs(glyph.linearHoriAdvance / 65536 / font.units_per_EM * 1000 - width) <= 0.5
