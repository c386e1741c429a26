"""Drawings in characters: aligned frames, ASCII only, the text of every box."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.document.diagrams.layout import lay_out
from analyzer.records.diagrams import Arrow, Box, Diagram, Group, Series
from analyzer.records.techniques import Text
from analyzer.render.ascii import render_ascii
from analyzer.render.ascii_text import ascii_text
from tests.render import sample

LABELS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=24)


@st.composite
def flows(draw) -> Diagram:
    """Any small graph, cycles and frames included."""
    number = draw(st.integers(1, 8))
    boxes = tuple(
        Box(
            f"b{n}", draw(LABELS), tuple(draw(st.lists(LABELS, max_size=2))), "core", draw(st.sampled_from([None, "g"]))
        )
        for n in range(number)
    )
    ends = st.integers(0, number - 1)
    pairs = draw(st.lists(st.tuples(ends, ends), max_size=10, unique=True))
    arrows = tuple(
        Arrow(f"b{a}", f"b{b}", draw(st.sampled_from(["", "[B, T]", "many words on a label"]))) for a, b in pairs
    )
    direction = draw(st.sampled_from(["down", "right"]))
    return Diagram("d", Text("t", "t"), "flow", boxes, arrows, (Group("g", "frame ×2"),), direction=direction)


def test_golden_drawings(golden):
    drawings = [sample.drawing(), sample.curve(), sample.bars(), replace(sample.bars(), log_y=True)]
    golden("render/drawings.txt", "\n\n".join(render_ascii(drawing) for drawing in drawings) + "\n")


@settings(max_examples=60, deadline=None)
@given(flows())
def test_any_flow_is_ascii_and_shows_every_label(diagram):
    laid_out = lay_out(diagram)
    drawn = render_ascii(laid_out)
    assert drawn.isascii()
    for box in laid_out.boxes:
        for line in (*box.label.split("\n"), *box.lines):
            assert ascii_text(line) in drawn


@settings(max_examples=60, deadline=None)
@given(flows())
def test_every_box_has_its_frame(diagram):
    rows = render_ascii(lay_out(diagram)).split("\n")
    corners = sum(row.count("+") for row in rows)
    assert corners >= 4 * len(diagram.boxes)


def test_chinese_becomes_escapes_inside_a_frame():
    drawn = render_ascii(lay_out(Diagram("d", Text("", ""), "flow", (Box("a", "中"),))))
    assert "\\u4e2d" in drawn


def test_a_curve_that_never_changes_is_drawn():
    flat = Diagram("d", Text("", ""), "line", series=(Series("s", (0.0, 1.0), (0.0, 0.0)),))
    assert "*" in render_ascii(flat)
