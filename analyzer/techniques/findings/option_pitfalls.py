"""Pitfalls of command lines: types that do not convert, choices that the code rejects, comparisons never true."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.index import SourceIndex
from analyzer.techniques.findings.syntax_rules import Found, constant, is_test, keyword

TYPES = {"int": int, "float": float, "str": str}


@dataclass(frozen=True)
class _Option:
    name: str
    call: ast.Call
    path: str


def text_as_truth_value(index: SourceIndex) -> Iterator[Found]:
    """`type=bool`: every text but the empty one is true, `False` too."""
    for option in _options(index):
        given = keyword(option.call, "type")
        if isinstance(given, ast.Name) and given.id == "bool" and not _takes_no_text(option.call):
            yield ((option.path, option.call),), (("name", option.name),)


def choice_rejected(index: SourceIndex) -> Iterator[Found]:
    """The parser offers a choice for which the code's chain of tests ends in an error."""
    for option in _options(index):
        offered = keyword(option.call, "choices")
        texts = _texts(offered)
        if not texts:
            continue
        for chain in _chains(index, option):
            left = [text for text in texts if text not in _tested(chain, option.name)]
            if left and _raises(chain):
                yield ((option.path, option.call), (option.path, chain)), (
                    ("name", option.name), ("choices", ", ".join(left)),
                )  # fmt: skip


def compared_with_other_type(index: SourceIndex) -> Iterator[Found]:
    """An option that is a number is compared with a text, or one that is a text with a number."""
    for option in _options(index):
        kind = _kind(option.call)
        if kind is None:
            continue
        for node in ast.walk(index.trees()[option.path]):
            other = _compared(node, option.name)
            if other is not None and _is_foreign_type(kind, other):
                yield ((option.path, node), (option.path, option.call)), (
                    ("name", option.name), ("type", kind.__name__), ("value", repr(other)),
                )  # fmt: skip


def _options(index: SourceIndex) -> Iterator[_Option]:
    """Options of files that have one parser and nothing that gives an option's name a second meaning."""
    for path, tree in index.trees().items():
        if "add_argument" not in index.text(path) or is_test(path):
            continue
        calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "attr", "") == "add_argument"]
        names = [(name, call) for call in calls if (name := _destination(call)) is not None]
        for name, call in names:
            if [other for other, _ in names].count(name) == 1:
                yield _Option(name, call, path)


def _destination(call: ast.Call) -> str | None:
    given = constant(keyword(call, "dest"))
    flags = [text for text in map(constant, call.args) if isinstance(text, str)]
    if isinstance(given, str) or not flags:
        return given if isinstance(given, str) else None
    long = [flag for flag in flags if flag.startswith("--")] or flags
    return long[0].lstrip("-").replace("-", "_")


def _takes_no_text(call: ast.Call) -> bool:
    return keyword(call, "action") is not None or constant(keyword(call, "nargs")) == 0


def _texts(node: ast.expr | None) -> list[str]:
    elements = node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else []
    texts = [constant(element) for element in elements]
    return [text for text in texts if isinstance(text, str)] if all(isinstance(t, str) for t in texts) else []


def _is_option(node: ast.AST, name: str) -> bool:
    """`args.name` of a name that may be the parsed namespace."""
    return isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.value, ast.Name) and (
        node.value.id != "self"
    )  # fmt: skip


def _chains(index: SourceIndex, option: _Option) -> Iterator[ast.If]:
    """`if args.x == "a": … elif …` whose every test asks this option."""
    inner: set[int] = set()
    for node in ast.walk(index.trees()[option.path]):
        if isinstance(node, ast.If) and id(node) not in inner:
            parts = list(_parts(node))
            inner |= {id(part) for part in parts}
            if all(_asked(part.test, option.name) for part in parts):
                yield node


def _parts(node: ast.If) -> Iterator[ast.If]:
    yield node
    if len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        yield from _parts(node.orelse[0])


def _asked(test: ast.expr, name: str) -> list[str]:
    """Texts that a test compares the option with; empty where the test is anything else."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        found = [_asked(value, name) for value in test.values]
        return [text for texts in found for text in texts] if all(found) else []
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not _is_option(test.left, name):
        return []
    if isinstance(test.ops[0], ast.Eq):
        text = constant(test.comparators[0])
        return [text] if isinstance(text, str) else []
    return _texts(test.comparators[0]) if isinstance(test.ops[0], ast.In) else []


def _tested(chain: ast.If, name: str) -> set[str]:
    return {text for part in _parts(chain) for text in _asked(part.test, name)}


def _raises(chain: ast.If) -> bool:
    """The last `else` does nothing but raise an error."""
    *_, last = _parts(chain)
    return bool(last.orelse) and isinstance(last.orelse[-1], ast.Raise)


def _kind(call: ast.Call) -> type | None:
    """The type of the option's value where the parser makes sure of it."""
    given = keyword(call, "type")
    if keyword(call, "action") is not None or keyword(call, "nargs") is not None:
        return None
    default = constant(keyword(call, "default"))
    if given is None:
        return str if keyword(call, "default") is None or isinstance(default, str) else None
    kind = TYPES.get(given.id) if isinstance(given, ast.Name) else None
    is_sure = keyword(call, "default") is None or isinstance(default, (int, float, str, type(None)))
    return kind if is_sure and not isinstance(default, bool) else None


def _compared(node: ast.AST, name: str) -> object:
    """The literal that the option is compared with for equality, None where there is none."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
        return None
    other = node.comparators[0]
    return other.value if _is_option(node.left, name) and isinstance(other, ast.Constant) else None


def _is_foreign_type(kind: type, other: object) -> bool:
    if kind is str:
        return isinstance(other, (bool, int, float))
    return isinstance(other, str)


RULES = {rule.__name__: rule for rule in (choice_rejected, compared_with_other_type, text_as_truth_value)}
