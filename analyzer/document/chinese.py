"""Chinese punctuation between the parts of a Chinese document: enumeration commas, full-width brackets and semicolons.

The parts of a line that join facts (", ", " (", "; ") are written once, for both languages; here they get the form
that Chinese prose has. Code, links and quotations are left as they are.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from analyzer.records.diagrams import Diagram
from analyzer.records.document import Document, Plain, Snippet, SourceRef

JOINTS = {", ": "、", "; ": "；", " (": "（", ")": "）", "), ": "），", "); ": "）；", ": ": "："}


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


def _tuple(parts: Any) -> Any:
    return tuple(_set(item) for item in parts)


def _joint(text: str) -> str:
    if text in JOINTS:
        return JOINTS[text]
    if text.endswith(" (") and _is_chinese(text[-3:-2]):
        return f"{text[:-2]}（"
    if text.startswith(")") and _is_chinese(text[1:2]):
        return f"）{text[1:]}"
    return text


def _is_chinese(character: str) -> bool:
    return "一" <= character <= "鿿" or character in "，。、；："
