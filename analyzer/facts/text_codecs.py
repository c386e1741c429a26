"""Classes that turn text into numbers and back by their own rules: byte-pair encoders and the like."""

from __future__ import annotations

import ast

from analyzer.facts.assignments import methods
from analyzer.index import Definition, SourceIndex


def converts_text(index: SourceIndex, owner: Definition) -> bool:
    """One method turns text into bytes, another one bytes into text, and a table is looked up in both."""
    encoding = {m for m in methods(index, owner) if _calls(m, "encode") and _looks_up(m)}
    decoding = {m for m in methods(index, owner) if _calls(m, "decode") and _looks_up(m)}
    return bool(encoding and decoding - encoding)


def _calls(method: Definition, name: str) -> bool:
    """The method of `str` or `bytes`: with the name of an encoding, or on a literal or a call's result."""
    for node in ast.walk(method.node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and str(first.value).lower().replace("_", "-") in ("utf-8", "utf8"):
                return True
    return False


def _looks_up(method: Definition) -> bool:
    return any(
        isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) for node in ast.walk(method.node)
    )
