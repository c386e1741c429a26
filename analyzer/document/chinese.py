"""Chinese punctuation between the parts of a Chinese document: enumeration commas, full-width brackets and semicolons.

The parts of a line that join facts (", ", " (", "; ") are written once, for both languages; here they get the form
that Chinese prose has. Code, links and quotations are left as they are.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any

from analyzer.records.diagrams import Diagram
from analyzer.records.document import Document, Plain, Snippet, SourceRef

JOINTS = {", ": "、", "(": "（", "; ": "；", " (": "（", ")": "）", "), ": "），", "); ": "）；", ": ": "："}
FULL_WIDTH = frozenset("，。、；：（）")
LEFT_OUT = re.compile(r" … \(\+(\d+)\)")
BYTES = re.compile(r" \(([\d.,]+ [KMGT]iB)\)")
SPACED = re.compile(r"^ +(?=[，。、；：（）])|(?<=[，。、；：（）]) +$")


def with_chinese_punctuation(document: Document) -> Document:
    """The document with its joints as Chinese sets them; one in another language as it is."""
    return _set(document) if document.language == "zh" else document


def _set(part: Any) -> Any:
    """A part of the tree with every joint below it replaced; parts that hold none are the same objects."""
    if isinstance(part, Plain):
        return replace(part, text=_joint(part.text))
    if isinstance(part, tuple):
        return _tuple(part)
    if not is_dataclass(part) or isinstance(part, (type, Diagram, Snippet, SourceRef)):
        return part
    changed: dict[str, Any] = {}
    for field in fields(part):
        old = getattr(part, field.name)
        new = _set(old)
        if new is not old and new != old:
            changed[field.name] = new
    return replace(part, **changed) if changed else part


def _tuple(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """The parts of a line, without the spaces that a full-width mark already has in it."""
    new: list[Any] = []
    for part in map(_set, parts):
        if isinstance(part, Plain) and part.text[:1] in FULL_WIDTH and new and isinstance(new[-1], Plain):
            new[-1] = replace(new[-1], text=new[-1].text.rstrip(" "))
        if isinstance(part, Plain) and new and isinstance(new[-1], Plain) and new[-1].text[-1:] in FULL_WIDTH:
            new.append(replace(part, text=part.text.lstrip(" ")))
        else:
            new.append(part)
    return tuple(new)


def _joint(text: str) -> str:
    """One part of a line: a joint as a whole, or prose that ends or begins with half of a pair of brackets."""
    if text in JOINTS:
        return JOINTS[text]
    if left_out := LEFT_OUT.fullmatch(text):
        return f"，另有 {left_out[1]} 处"
    if text.endswith(" ("):
        text = f"{text[:-2]}（"
    if text.startswith(")") and _is_chinese(text[1:2]):
        text = f"）{text[1:]}"
    return SPACED.sub("", BYTES.sub(r"（\1）", text))


def _is_chinese(character: str) -> bool:
    return "一" <= character <= "鿿" or character in FULL_WIDTH
