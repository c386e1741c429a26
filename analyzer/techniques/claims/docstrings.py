"""Defaults that docstrings state for parameters, against the signature below them.

A docstring's entry counts where its name is a parameter and it states a number, a truth value, None or a quoted text
as the default. A signature's None is no default that could differ: the body may put any value in its place.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.index import SourceIndex
from analyzer.records.techniques import Claim
from analyzer.techniques.findings.syntax_rules import is_test

ENTRY = re.compile(
    r"^\s*(?:[-*]\s+|:param\s+(?:[\w\[\], ]+\s+)?|@param\s+)?`{0,2}\*{0,2}(\w+)`{0,2}"
    r"\s*(\([^()]*(?:\([^()]*\)[^()]*)*\))?\s*:(.*)$"
)
VALUE = r"-?\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?|-?\.\d+|True|False|None|'[^']*'|\"[^\"]*\""
DEFAULT = re.compile(
    rf"\bdefaults?\b(?:\s+value)?\s*(?:is|to|[:=])?\s*`{{0,2}}({VALUE})`{{0,2}}(?=\s*(?:[).,;\]]\s|[).,;\]]*$))",
    re.IGNORECASE,
)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class _Entry:
    name: str
    line: int
    text: str


def check_docstrings(index: SourceIndex) -> tuple[Claim, ...]:
    """One claim per stated default whose parameter has a literal one."""
    found = [claim for path in index.trees() if not is_test(path) for claim in _in_file(index, path)]
    return tuple(sorted(dict.fromkeys(found), key=lambda claim: (claim.where, claim.subject)))


def _in_file(index: SourceIndex, path: str) -> Iterator[Claim]:
    for node in ast.walk(index.trees()[path]):
        if isinstance(node, FUNCTIONS):
            yield from _claims(index, path, node, node)
        elif isinstance(node, ast.ClassDef):
            constructor = next((i for i in node.body if isinstance(i, FUNCTIONS) and i.name == "__init__"), None)
            if constructor is not None:
                yield from _claims(index, path, node, constructor)


def _claims(
    index: SourceIndex, path: str, documented: ast.AST, function: ast.FunctionDef | ast.AsyncFunctionDef
) -> Iterator[Claim]:
    literal = _docstring(documented)
    defaults = dict(literal_defaults(function))
    if literal is None or not defaults:
        return
    for entry in _entries(index, path, literal, _names(function)):
        match = DEFAULT.search(entry.text)
        node = defaults.get(entry.name)
        if match is None or node is None:
            continue
        stated, actual = value_of(match.group(1).strip()), node.value
        if actual is None and stated is not None:
            continue
        agrees = stated == actual and isinstance(stated, bool) == isinstance(actual, bool)
        last = entry.line + entry.text[: match.end()].count("\n")
        yield Claim(
            " ".join(index.quote(path, entry.line, last).split()),
            match.group(1),
            repr(actual),
            "agree" if agrees else "differ",
            index.span(path, entry.line, last),
            (index.span(path, node),),
            entry.name,
        )


def value_of(stated: str) -> object:
    """What is stated; people also write `true` and `none`."""
    words: dict[str, object] = {"true": True, "false": False, "none": None}
    return words[stated.lower()] if stated.lower() in words else ast.literal_eval(stated)


def _docstring(node: ast.AST) -> ast.Constant | None:
    body = getattr(node, "body", [])
    first = body[0].value if body and isinstance(body[0], ast.Expr) else None
    return first if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    arguments = function.args
    return frozenset(a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))


def literal_defaults(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, ast.Constant]]:
    """Parameters whose default is a literal; a negative number is folded into one."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [*zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True)]
    pairs += [(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None]
    for argument, default in pairs:
        try:
            value = ast.literal_eval(default)
        except (ValueError, SyntaxError):
            continue
        if value is None or isinstance(value, (bool, int, float, str)):
            yield argument.arg, ast.copy_location(ast.Constant(value), default)


def _entries(index: SourceIndex, path: str, literal: ast.Constant, names: frozenset[str]) -> Iterator[_Entry]:
    """Entries of parameters with the lines that belong to them: those indented further, up to the next entry."""
    opened: tuple[str, int, int, list[str]] | None = None
    for number in range(literal.lineno, (literal.end_lineno or literal.lineno) + 1):
        line = index.quote(path, number, number)
        indent = len(line) - len(line.lstrip())
        match = ENTRY.match(line)
        is_entry = match is not None and match.group(1) in names
        if opened is not None and (is_entry or not line.strip() or indent <= opened[2]):
            yield _Entry(opened[0], opened[1], "\n".join(opened[3]))
            opened = None
        if is_entry and match is not None:
            opened = (match.group(1), number, indent, [f"{match.group(2) or ''} {match.group(3)}"])
        elif opened is not None:
            opened[3].append(line)
    if opened is not None:
        yield _Entry(opened[0], opened[1], "\n".join(opened[3]))
