"""Joints between the parts of a Chinese line take Chinese punctuation; code, links and English stay as written."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.document.chinese import with_chinese_punctuation
from analyzer.records.document import Chapter, Code, Document, Inline, Paragraph, Plain


def document(language: str, *parts: Inline) -> Document:
    return Document("article", language, (), (Chapter("c", (), (Paragraph(parts),)),))  # type: ignore[arg-type]


def text_of(document: Document) -> tuple[Inline, ...]:
    block = document.chapters[0].blocks[0]
    assert isinstance(block, Paragraph)
    return block.text


@pytest.mark.parametrize(
    ("joint", "chinese"),
    [
        (", ", "、"),
        ("; ", "；"),
        (" (", "（"),
        ("(", "（"),
        (")", "）"),
        ("注意力 (", "注意力（"),
        ("1,024 (", "1,024（"),
        (" … (+5)", "，另有 5 处"),
        ("。 ", "。"),
        (")。", "）。"),
        ("[B, T]", "[B, T]"),
    ],
)
def test_joint_of_a_chinese_line(joint: str, chinese: str) -> None:
    assert text_of(with_chinese_punctuation(document("zh", Code("f(a, b)"), Plain(joint)))) == (
        Code("f(a, b)"),
        Plain(chinese),
    )


def test_english_is_left_alone() -> None:
    english = document("en", Code("x"), Plain(", "), Code("y"))
    assert with_chinese_punctuation(english) is english


def test_no_space_stays_beside_a_full_width_mark() -> None:
    line = text_of(with_chinese_punctuation(document("zh", Plain("主类"), Plain(" ("), Plain(")"), Plain(" 的输入"))))
    assert "".join(part.text for part in line if isinstance(part, Plain)) == "主类（）的输入"


@pytest.mark.parametrize(
    ("variant", "term"),
    [
        ("流水线", "流程"), ("形状", "shape"), ("抽样", "采样"), ("注意力分数", "注意力得分"), ("词元", "token"),
        ("波束", "束搜索"), ("遮罩", "掩码"), ("移动平均", "滑动平均"), ("权重绑定", "权重共享"),
        ("位置嵌入", "位置编码"), ("key/value 缓存", "KV 缓存"), ("标准化", "归一化"), ("代码库", "仓库"),
    ],
)  # fmt: skip
def test_one_thing_has_one_chinese_name(variant: str, term: str) -> None:
    root = Path(__file__).parents[2]
    files = [*sorted((root / "report_templates").rglob("*.toml")), *sorted((root / "analyzer/document").rglob("*.py"))]
    used = [path.name for path in files if variant in path.read_text(encoding="utf-8")]
    assert used == [], f"say {term}"
