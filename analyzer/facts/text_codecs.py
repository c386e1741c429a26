"""Classes that turn text into numbers and back by their own rules: byte-pair encoders, tables of characters."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache

from analyzer.facts.assignments import methods
from analyzer.index import Definition, SourceIndex


def converts_text(index: SourceIndex, owner: Definition) -> bool:
    """One method turns text into bytes, another one bytes into text, and a table is looked up in both."""
    return bool(codec_methods(index, owner))


@lru_cache(maxsize=1024)
def codec_methods(index: SourceIndex, owner: Definition) -> Mapping[str, str]:
    """Qualified names of the methods that encode and decode, with `encode` or `decode`; empty for other classes."""
    encoding = {m for m in methods(index, owner) if _calls(m, "encode") and _looks_up(m)}
    decoding = {m for m in methods(index, owner) if _calls(m, "decode") and _looks_up(m)}
    decoding -= encoding
    if not (encoding and decoding):
        decoding = {m for m in methods(index, owner) if _joins_table(m)}
        encoding = {m for m in methods(index, owner) if _lists_table(m)} if decoding else set()
    found = {m.qualified_name: "encode" for m in encoding} | {m.qualified_name: "decode" for m in decoding}
    return found if encoding and decoding else {}


def _joins_table(method: Definition) -> bool:
    """`"".join(table[index] for index in ids)` is returned."""
    for node in (n.value for n in ast.walk(method.node) if isinstance(n, ast.Return)):
        is_join = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join"
        joined = node.args[0] if is_join and isinstance(node, ast.Call) and node.args else None
        if isinstance(joined, (ast.GeneratorExp, ast.ListComp)) and _is_table_entry(joined):
            return True
    return False


def _lists_table(method: Definition) -> bool:
    """`[table[character] for character in text]` is returned."""
    returned = (n.value for n in ast.walk(method.node) if isinstance(n, ast.Return))
    return any(isinstance(node, ast.ListComp) and _is_table_entry(node) for node in returned)


def _is_table_entry(node: ast.GeneratorExp | ast.ListComp) -> bool:
    """The object's own table is looked up for each element."""
    element, target = node.elt, node.generators[0].target
    return (
        isinstance(element, ast.Subscript)
        and isinstance(element.value, ast.Attribute)
        and ast.unparse(element.slice) == ast.unparse(target)
    )


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
