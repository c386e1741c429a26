"""Mermaid: limits, and the real parser over what is rendered."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.records.diagrams import Arrow, Box, Diagram, Group, Series
from analyzer.records.techniques import Text
from analyzer.render.mermaid import MOST_BOXES, render_mermaid
from tests.render import sample

CHECK = Path(__file__).parent.parent / "mermaid"
REFUSED = Path(__file__).parent.parent.parent / ".venv" / ".mermaid-refused"
NASTY = (
    'quoted "text"',
    "[B, T, n_embd]",
    "a | b",
    "end",
    "subgraph x",
    "%% comment",
    "%%{init: {}}%%",
    "1. first",
    "2) b",
    "- x",
    "+ x",
    "`code`",
    "**bold**",
    "<script>alert(1)</script>",
    "#35; &amp; &#x27;",
    "click n0 href",
    "{{x}}",
    "(x)",
    "x --> y",
    "graph TD",
    "中文 标签",
    "\\n",
    ";",
    "@{shape: x}",
    "",
    " ",
    "___",
    "~~~",
    "😀",
    "style n0 fill:#000",
    "default",
    "a\nb",
)


def complaints(texts: list[str]) -> list[str | None]:
    """What Mermaid's own parser says to each text."""
    if not (CHECK / "node_modules" / "mermaid").is_dir():
        if os.environ.get("CI") and not REFUSED.exists():
            pytest.fail("the Mermaid parser is not installed: npm ci --prefix tests/mermaid")
        pytest.skip("the Mermaid parser is not installed")
    done = subprocess.run(
        ["node", "check.mjs"],
        cwd=CHECK,
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout)


def nasty_flow() -> Diagram:
    boxes = tuple(
        Box(f'id {n} " ]', label, (label, f"x {label}"), "io" if n % 2 else "core", "g")
        for n, label in enumerate(NASTY[:MOST_BOXES])
    )
    arrows = tuple(Arrow(boxes[n].id, boxes[n + 1].id, NASTY[n], dashed=bool(n % 2)) for n in range(len(boxes) - 1))
    return Diagram("nasty", Text("x", "x"), "flow", boxes[:12], arrows[:11], (Group("g", 'a "b" [c]'),))


def label_flow(label: str) -> Diagram:
    boxes = (Box("a", label, (label,)), Box("b", "b", (), "loss"))
    return Diagram("one", Text(label, label), "flow", boxes, (Arrow("a", "b", label),))


def bar_chart(label: str) -> Diagram:
    series = Series(label, (0.0, 1.0), (1e9, 2.5e-7))
    return replace(sample.bars(), title=Text(label, label), categories=(label, "b"), y_label=label, series=(series,))


def test_everything_that_is_drawn_parses():
    drawings = [sample.drawing(), sample.curve(), sample.bars(), replace(sample.bars(), log_y=True), nasty_flow()]
    drawings += [label_flow(label) for label in NASTY] + [bar_chart(label) for label in NASTY]
    texts = [render_mermaid(drawing) for drawing in drawings]
    assert None not in texts
    failed = {text: complaint for text, complaint in zip(texts, complaints(texts), strict=True) if complaint}
    assert not failed


def test_the_parser_of_the_tests_does_complain():
    assert complaints(["flowchart TD\n a[x(] --> b"])[0]


def test_a_drawing_with_too_many_boxes_has_no_mermaid():
    boxes = tuple(Box(str(n), str(n)) for n in range(MOST_BOXES + 1))
    assert render_mermaid(Diagram("big", Text("", ""), "flow", boxes)) is None


def test_a_drawing_with_too_much_text_has_no_mermaid():
    assert render_mermaid(label_flow("x" * 2000)) is None


def test_golden_flowchart(golden):
    golden("render/net.mmd", render_mermaid(sample.drawing()) + "\n")
