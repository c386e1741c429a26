"""Lists of parameters in documents (`- `b1`: … Default: 0.9`) under a heading that is the name of a class or function,
against that one's signature.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from analyzer.index import Definition, SourceIndex
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.docstrings import DEFAULT, literal_defaults, value_of
from analyzer.techniques.claims.texts import HEADING, Line, plain, prose
from analyzer.techniques.findings.syntax_rules import functions, is_test, method_of

ENTRY = re.compile(r"^\s*[-*+]\s+[*_]*`{1,2}(?P<name>[A-Za-z_]\w*)\s*(?:[:=(][^`]*)?`{1,2}")
NAME = re.compile(r"^(?:\d+[.)]\s*)*(?:class\s+|def\s+)?(?:[\w]+\.)*(?P<name>[A-Za-z_]\w*)\s*(?:\(.*\))?$")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def check_items(index: SourceIndex) -> Iterator[Claim]:
    """One claim per default of a list item whose heading names the one definition it belongs to."""
    named: dict[str, list[tuple[str, Function]]] = {}
    for name, path, function in _callables(index):
        named.setdefault(name, []).append((path, function))
    for line in prose(index):
        entry = ENTRY.match(line.text)
        heading = _heading(index, line) if entry is not None else ""
        found = named.get(heading, [])
        if entry is not None and len(found) == 1:
            yield from _of_entry(index, line, entry.group("name"), *found[0])


def _callables(index: SourceIndex) -> Iterator[tuple[str, str, Function]]:
    """Functions, and constructors under the name of their class."""
    for definition in (*functions(index), *index.symbols.classes()):
        function = _signature(definition)
        if function is not None and not is_test(definition.path):
            yield definition.qualified_name.rpartition(":")[2], definition.path, function


def _signature(definition: Definition) -> Function | None:
    if isinstance(definition.node, ast.ClassDef):
        return method_of(definition, "__init__")
    return definition.node if isinstance(definition.node, (ast.FunctionDef, ast.AsyncFunctionDef)) else None


def _heading(index: SourceIndex, line: Line) -> str:
    """The name that the heading above is, or nothing."""
    match = HEADING.match(index.lines(line.path)[line.heading - 1]) if line.heading else None
    name = NAME.match(plain(match.group(2)).strip()) if match is not None else None
    return name.group("name") if name is not None else ""


def _of_entry(index: SourceIndex, line: Line, name: str, path: str, function: Function) -> Iterator[Claim]:
    text = plain(line.text)
    match = DEFAULT.search(text)
    node = dict(literal_defaults(function)).get(name)
    if match is None or node is None or (node.value is None and match.group(1).lower() != "none"):
        return
    stated, actual = value_of(match.group(1).strip()), node.value
    agrees = stated == actual and isinstance(stated, bool) == isinstance(actual, bool)
    if not agrees and (line.elsewhere or len(re.findall(r"\bdefault", text, re.IGNORECASE)) != 1):
        return
    yield Claim(
        line.text.strip(),
        match.group(1),
        repr(actual),
        "agree" if agrees else "differ",
        index.span(line.path, line.number),
        (index.span(path, node),),
        name,
    )
