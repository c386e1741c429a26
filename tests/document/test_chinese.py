"""Joints between the parts of a Chinese line take Chinese punctuation; code, links and English stay as written."""

from __future__ import annotations

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
        (")", "）"),
        ("注意力 (", "注意力（"),
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
