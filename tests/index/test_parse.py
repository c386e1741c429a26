"""Reasons for files that do not parse."""

from __future__ import annotations

import ast
import sys

import pytest

from analyzer.index.parse import parse_python
from analyzer.records.evidence import Unknown
from analyzer.records.source import SourceFile


def parsed(text: str) -> ast.Module | Unknown:
    return parse_python(SourceFile("m.py", "python", len(text), text.count("\n"), "", text))


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ((3, 11), "try:\n    f()\nexcept* ValueError:\n    pass\n"),
        ((3, 12), "type Pair = tuple[int, int]\n"),
        ((3, 12), "def first[T](x: list[T]) -> T:\n    return x[0]\n"),
        ((3, 12), "class Box[T]:\n    pass\n"),
        ((3, 12), 'x = f"{d["a"]}"\n'),
        ((3, 14), 'x = t"{name}"\n'),
    ],
)
def test_newer_syntax_is_told_from_an_error_in_the_source(version, text):
    tree = parsed(text)
    if sys.version_info >= version:
        assert isinstance(tree, ast.Module)
    else:
        assert isinstance(tree, Unknown)
        assert tree.reason == "newer_syntax"
        assert dict(tree.arguments)["python"] == ".".join(map(str, version))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = (1\ny = 2\n", 1),
        ("x = 1\nif x\n    y\n", 2),
        ("def f():\nreturn 1\n", 2),
        ("x = f'{a}' b\n", 1),
        ("print 'a'\n", 1),
    ],
)
def test_a_plain_error_keeps_its_line_and_message(text, line):
    tree = parsed(text)
    assert isinstance(tree, Unknown)
    assert tree.reason == "syntax_error"
    assert tree.where is not None and tree.where.first_line == line
    assert dict(tree.arguments)["message"]


@pytest.mark.parametrize("text", ["x\0y", "(" * 300, "x = " + "a." * 3000 + "b", "#" * 10, ""])
def test_hostile_text_gives_a_tree_or_a_reason(text):
    assert isinstance(parsed(text), (ast.Module, Unknown))


def test_warnings_of_the_source_are_its_own_affair(recwarn):
    assert isinstance(parsed('x = "\\d"\ny = x is 1\n'), ast.Module)
    assert not recwarn.list
