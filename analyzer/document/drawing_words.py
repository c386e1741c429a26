"""The words of a drawing in the language of the article: kinds of steps, roles of files, units and axes.

Names of the code stay as they are. The picture files serve both languages and keep their English words; what a
document draws itself (Mermaid, the drawings of the HTML report) speaks its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from analyzer.document.wording import Words
from analyzer.records.diagrams import Diagram

COUNTED = re.compile(r"([\d,]+) parameters( each)?")
STEP = re.compile(r"((?:[A-Z]\d+ )?)([a-z_]+)( · .*)", re.DOTALL)
ALSO = re.compile(r"also (.*)", re.DOTALL)
CHOICE = re.compile(r"([A-Z]): one of (\d+)")
OPENINGS = (
    ("drawing.calls", re.compile(r"calls (.*)", re.DOTALL)),
    ("drawing.shares", re.compile(r"shares (.*)", re.DOTALL)),
    ("drawing.first", re.compile(r"first (\[.*)", re.DOTALL)),
    ("drawing.last", re.compile(r"last (\[.*)", re.DOTALL)),
)
ROUNDS = re.compile(r"in (\d+) of (\d+) rounds")
MORE = re.compile(r"… (\d+) more")
SIDE = re.compile(r"(training|inference): (.*)", re.DOTALL)
Said = Callable[[str], str]


def in_language(diagram: Diagram, words: Words) -> Diagram:
    """The drawing with its words in this language; English is what drawings are made in."""
    if words.language == "en":
        return diagram
    said = _chart_words(words) if diagram.kind != "flow" else _flow_words(diagram.id, words)
    boxes = tuple(
        replace(box, label=_label(diagram.id, box.label, words), lines=tuple(map(said, box.lines)))
        for box in diagram.boxes
    )
    series = tuple(replace(one, label=said(one.label)) for one in diagram.series)
    return replace(
        diagram,
        boxes=boxes,
        arrows=tuple(replace(arrow, label=said(arrow.label)) for arrow in diagram.arrows),
        groups=tuple(replace(group, label=_side(group.label, words)) for group in diagram.groups),
        series=series,
        categories=tuple(map(said, diagram.categories)),
        x_label=said(diagram.x_label),
        y_label=said(diagram.y_label),
    )


def _chart_words(words: Words) -> Said:
    known = {
        "parameters": "drawing.parameters", "bytes": "drawing.bytes", "step": "drawing.step",
        "learning rate": "drawing.learning_rate", "FLOPs of the training call": "drawing.training_flops",
        "parameter": "drawing.parameter_bytes", "gradient": "drawing.gradient_bytes",
        "optimizer": "drawing.optimizer_bytes", "activation": "drawing.activation_bytes",
    }  # fmt: skip
    return lambda text: words.text(known[text]) if text in known else text


def _flow_words(identifier: str, words: Words) -> Said:
    def said(text: str) -> str:
        counted, more = COUNTED.fullmatch(text), MORE.fullmatch(text)
        if counted:
            return words.text("drawing.each" if counted[2] else "drawing.counted", count=counted[1])
        if more:
            return words.text("drawing.more", count=more[1])
        for key, pattern in OPENINGS:
            opened = pattern.fullmatch(text)
            if opened:
                return words.text(key, place=opened[1])
        rounds = ROUNDS.fullmatch(text)
        if rounds:
            return words.text("drawing.rounds", some=rounds[1], count=rounds[2])
        if identifier == "file_relations":
            return words.text("drawing.comma").join(_role(one, words) for one in text.split(", "))
        if identifier == "configuration_chain":
            return _level(text, words)
        return _step(text, words) if "_pipeline" in identifier else text

    return said


def _role(text: str, words: Words) -> str:
    return words.text(f"roles.{text}") if words.has(f"roles.{text}") else text


def _level(text: str, words: Words) -> str:
    known = {
        "default": "drawing.default", "assignment": "drawing.assignment", "command line": "drawing.command_line",
        "config file": "drawing.config_file", "effective": "drawing.effective", "not derived": "drawing.not_derived",
    }  # fmt: skip
    return words.text(known[text]) if text in known else text


def _step(text: str, words: Words) -> str:
    step, also = STEP.fullmatch(text), ALSO.fullmatch(text)
    if step and words.has(f"stages.{step[2]}"):
        return f"{step[1]}{words.text(f'stages.{step[2]}')}{step[3]}"
    return words.text("drawing.also", place=also[1]) if also else text


def _label(identifier: str, text: str, words: Words) -> str:
    choice = CHOICE.fullmatch(text)
    if choice:
        return words.text("drawing.one_of", letter=choice[1], count=choice[2])
    if identifier == "training_versus_inference" and words.has(f"stages.{text}"):
        return words.text(f"stages.{text}")
    return _level(text, words) if identifier == "configuration_chain" else text


def _side(text: str, words: Words) -> str:
    side = SIDE.fullmatch(text)
    return words.text(f"drawing.{side[1]}", place=side[2]) if side else text
