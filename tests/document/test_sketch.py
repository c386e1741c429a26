"""Drawings in letters: frames are closed, all lines of a stack are equally wide, trees keep their order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analyzer.document.companions.sketch import WIDEST, call_tree, chain, stack
from analyzer.records.processes import CallNode
from analyzer.records.source import Span

WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=150)


@given(st.lists(st.tuples(WORDS.map(lambda text: text[:20]), st.lists(WORDS, max_size=4)), max_size=4))
def test_frames_of_a_stack_are_closed_and_equally_wide(frames: list[tuple[str, list[str]]]) -> None:
    drawing = stack(frames)
    framed = [line for line in drawing.split("\n") if line.startswith(("+", "|"))]
    assert len({len(line) for line in framed}) <= 1
    assert all(line.endswith(("+", "|")) for line in framed)
    assert all(len(line) <= WIDEST + 4 for line in framed)


def test_empty_frames_are_left_out() -> None:
    assert stack([("A", []), ("B", ["x"])]).count("B") == 1
    assert "A" not in stack([("A", []), ("B", ["x"])])


def test_chain_has_an_arrow_between_its_steps() -> None:
    assert chain([("a", "1"), ("b", "2")]) == "a   1\n    |\n    v\nb   2"


def test_call_tree_keeps_order_and_depth() -> None:
    leaf = CallNode("leaf", Span("a.py", 3, 3), note="loop")
    root = CallNode("root", Span("a.py", 1, 1), children=(CallNode("one", Span("a.py", 2, 2), children=(leaf,)), leaf))
    assert call_tree(root).split("\n") == [
        "root  (a.py:1)",
        "+-- one  (a.py:2)",
        "|   +-- leaf  [loop]  (a.py:3)",
        "+-- leaf  [loop]  (a.py:3)",
    ]
