"""Drawings of a Chinese article have its words and the code's names; English ones stay as they were made."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_sample import sample_analysis

from analyzer.document.diagrams import build_diagrams
from analyzer.document.drawing_words import in_language
from analyzer.document.wording import Words
from analyzer.records.diagrams import Arrow, Box, Diagram, Group, Series
from analyzer.records.techniques import Text

TITLE = Text("x", "x")


@pytest.mark.parametrize(
    ("identifier", "written", "said"),
    [
        ("architecture", "38,633 parameters each", "各 38,633 个参数"),
        ("architecture", "loss", "loss"),
        ("architecture", "shares wte.weight", "与 wte.weight 共享"),
        ("module_Block", "calls feed: Feed", "调用 feed: Feed"),
        ("module_Block", "first [B, T] → [B, 8]", "首次 [B, T] → [B, 8]"),
        ("module_Block", "in 2 of 5 rounds", "5 轮中的 2 轮"),
        ("training_pipeline", "A2 build · train.py:170", "A2 构建模型 · train.py:170"),
        ("training_pipeline_2", "also train.py:46", "另见 train.py:46"),
        ("module_Net", "data · model.py:3", "data · model.py:3"),
        ("file_relations", "config, entry_point", "配置、入口"),
        ("configuration_chain", "command line", "命令行"),
        ("configuration_chain", "500 ← config/a.py:4", "500 ← config/a.py:4"),
    ],
)
def test_words_in_boxes(identifier: str, written: str, said: str) -> None:
    drawn = Diagram(identifier, TITLE, "flow", (Box("a", "net", (written,)),))
    assert in_language(drawn, Words("zh")).boxes[0].lines == (said,)
    assert in_language(drawn, Words("en")) is drawn


def test_labels_frames_and_axes() -> None:
    choice = Diagram("training_pipeline", TITLE, "flow", (Box("a", "A: one of 3"),), (Arrow("a", "a", "loss"),))
    found = in_language(choice, Words("zh"))
    assert (found.boxes[0].label, found.arrows[0].label) == ("A：3 选一", "loss")
    modes = Diagram(
        "training_versus_inference", TITLE, "flow", (Box("a", "forward"),), (), (Group("g", "training: a.py"),)
    )
    found = in_language(modes, Words("zh"))
    assert (found.boxes[0].label, found.groups[0].label) == ("前向传播", "训练：a.py")
    chart = Diagram("memory", TITLE, "bar", series=(Series("bytes", (0.0,), (1.0,)),), categories=("gradient",))
    found = in_language(replace(chart, y_label="bytes"), Words("zh"))
    assert (found.series[0].label, found.categories, found.y_label) == ("字节", ("梯度",), "字节")


def test_no_word_that_drawings_use_is_left_in_english() -> None:
    """Of the sample's drawings only names, shapes and places of the code stay as written."""
    kept = {"parameters", "parameters each", "bytes", "learning rate", "default", "assignment", "command line"}
    for drawn in build_diagrams(sample_analysis()):
        found = in_language(drawn, Words("zh"))
        texts = [line for box in found.boxes for line in box.lines] + [one.label for one in found.series]
        assert not kept & {text.lstrip("0123456789, ") for text in (*texts, found.x_label, found.y_label)}, drawn.id
