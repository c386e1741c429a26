"""The one value that a line of code gives, so that a comment behind it has something to speak of: an assignment, a
keyword argument or an entry of a dictionary that has the line for itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts
from analyzer.records.evidence import Known

Number = int | float


@dataclass(frozen=True)
class LineValue:
    """`written` is true where the number stands there as such, false where it is computed."""

    path: str
    line: int
    name: str
    value: Number
    written: bool


class LineValues:
    """Values of every line of the repository's modules that gives exactly one number."""

    def __init__(self, index: SourceIndex, facts: Facts) -> None:
        configured = _configured(facts)
        self._at: dict[tuple[str, int], LineValue] = {}
        self._names: dict[str, dict[str, set[Number]]] = {}
        for path, tree in index.trees().items():
            if index.files[path].kind == "python":
                self._read(path, tree, configured)
        for (path, line, name), value in configured.items():
            if path not in index.trees():
                self._at.setdefault((path, line), LineValue(path, line, name, value, True))
                self._names.setdefault(path, {}).setdefault(name, set()).add(value)

    def at(self, path: str, line: int) -> LineValue | None:
        """The value of a line, or None where it gives none or several."""
        return self._at.get((path, line))

    def names(self, path: str) -> dict[str, Number]:
        """Names of a file's top level that have one number in it."""
        return {name: next(iter(values)) for name, values in self._names.get(path, {}).items() if len(values) == 1}

    def settings(self, path: str) -> dict[str, LineValue]:
        """The same names with the lines that give them."""
        names = self.names(path)
        values = sorted((value for (file, _), value in self._at.items() if file == path), key=lambda one: one.line)
        return {value.name: value for value in reversed(values) if names.get(value.name) == value.value}

    def _read(self, path: str, tree: ast.Module, configured: dict[tuple[str, int, str], Number]) -> None:
        top = {id(node) for node in tree.body}
        found: dict[int, list[LineValue]] = {}
        for owner, line, name, node in _given(tree):
            number = _literal(node)
            value = number if number is not None else configured.get((path, line, name))
            if value is None:
                continue
            found.setdefault(line, []).append(LineValue(path, line, name, value, number is not None))
            if id(owner) in top:
                self._names.setdefault(path, {}).setdefault(name, set()).add(value)
        self._at |= {(path, line): values[0] for line, values in found.items() if len(values) == 1}


def _configured(facts: Facts) -> dict[tuple[str, int, str], Number]:
    found: dict[tuple[str, int, str], Number] = {}
    for table in facts.configuration.tables:
        for item in table.values:
            known = item.value
            if isinstance(known, Known) and isinstance(known.value, (int, float)) and not isinstance(known.value, bool):
                found[item.where.path, item.where.first_line, item.name.rpartition(".")[2]] = known.value
    return found


def _given(tree: ast.Module) -> Iterator[tuple[ast.AST, int, str, ast.expr]]:
    """Statement or expression that gives it, line, name and value."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            yield node, node.lineno, _name(node.targets[0]), node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield node, node.lineno, _name(node.target), node.value
        elif isinstance(node, ast.keyword) and node.arg is not None:
            yield node, node.value.lineno, node.arg, node.value
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key, value.lineno, key.value, value


def _name(target: ast.expr) -> str:
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute):
        return target.attr
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return str(target.slice.value)
    return ""


def _literal(node: ast.expr) -> Number | None:
    try:
        value = ast.literal_eval(node)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
