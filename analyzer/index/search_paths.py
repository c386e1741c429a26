"""Directories that a file adds to `sys.path`, where the expression says them without being run."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable

OUTSIDE = None
JOINS = ("os.path.join", "path.join", "join")
SAME = ("os.path.abspath", "os.path.realpath", "os.path.normpath", "os.path.expanduser", "str", "Path", "pathlib.Path")
PARENT = ("os.path.dirname", "path.dirname", "dirname")

NAMED = re.compile(r"sys[\s\\]*\.[\s\\]*path\b|addsitedir")


def may_add(text: str) -> bool:
    """Whether a file names the search path at all: most need not be parsed to know that they add nothing to it."""
    return NAMED.search(text) is not None


def added_directories(path: str, tree: ast.Module) -> tuple[str, ...]:
    """Directories inside the repository that the file puts on the search path, in order."""
    names = _path_names(path, tree)
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _dotted(node.func) in (
            "sys.path.append",
            "sys.path.insert",
            "site.addsitedir",
        ):
            value = _Paths(path, names).value(node.args[-1]) if node.args else OUTSIDE
            inside = _inside(path, value)
            if inside is not None:
                found.append(inside)
    return tuple(dict.fromkeys(found))


def _path_names(path: str, tree: ast.Module) -> dict[str, ast.expr]:
    """Module-level names that are assigned once, with their expression."""
    found: dict[str, list[ast.expr]] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _inside(path: str, value: str | None) -> str | None:
    """Normal form relative to the root; relative additions are meant from the script's own directory."""
    if value is None:
        return None
    if not value.startswith("/"):
        value = posixpath.join("/", posixpath.dirname(path), value)
    normal = posixpath.normpath(value)
    return normal.lstrip("/") if normal != "." else ""


class _Paths:
    """Path expressions over `__file__`; the repository's root is `/`, and None stands for anything else."""

    def __init__(self, path: str, names: dict[str, ast.expr], depth: int = 0) -> None:
        self._path = path
        self._names = names
        self._depth = depth

    def value(self, node: ast.expr) -> str | None:
        table: dict[type[ast.expr], Callable[[ast.expr], str | None]] = {
            ast.Constant: self._constant, ast.Name: self._name, ast.Attribute: self._attribute,
            ast.Subscript: self._subscript, ast.BinOp: self._division, ast.Call: self._call,
        }  # fmt: skip
        handler = table.get(type(node))
        return handler(node) if handler is not None and self._depth < 20 else None

    def _inner(self, node: ast.expr) -> str | None:
        return _Paths(self._path, self._names, self._depth + 1).value(node)

    def _constant(self, node: ast.expr) -> str | None:
        value = node.value if isinstance(node, ast.Constant) else None
        return value if isinstance(value, str) and not value.startswith(("/", "~")) else None

    def _name(self, node: ast.expr) -> str | None:
        assert isinstance(node, ast.Name)
        if node.id == "__file__":
            return f"/{self._path}"
        return self._inner(self._names[node.id]) if node.id in self._names else None

    def _attribute(self, node: ast.expr) -> str | None:
        assert isinstance(node, ast.Attribute)
        if _dotted(node) in ("os.pardir", "os.path.pardir"):
            return ".."
        base = self._inner(node.value)
        return posixpath.dirname(base) if node.attr == "parent" and base is not None else None

    def _subscript(self, node: ast.expr) -> str | None:
        """`Path(__file__).parents[2]`."""
        assert isinstance(node, ast.Subscript)
        owner, number = node.value, node.slice
        if not (isinstance(owner, ast.Attribute) and owner.attr == "parents" and isinstance(number, ast.Constant)):
            return None
        base = self._inner(owner.value)
        for _ in range(number.value + 1 if isinstance(number.value, int) else 0):
            base = posixpath.dirname(base) if base is not None else None
        return base

    def _division(self, node: ast.expr) -> str | None:
        assert isinstance(node, ast.BinOp)
        left, right = self._inner(node.left), self._inner(node.right)
        if left is None or right is None:
            return None
        return posixpath.join(left, right) if isinstance(node.op, ast.Div) else left + right

    def _call(self, node: ast.expr) -> str | None:
        assert isinstance(node, ast.Call)
        name = _dotted(node.func)
        if name in ("os.getcwd", "Path.cwd", "pathlib.Path.cwd"):
            return "."
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("resolve", "absolute", "as_posix", "joinpath"):
            parts = [self._inner(part) for part in (node.func.value, *node.args)]
        else:
            parts = [self._inner(part) for part in node.args]
        if not parts or any(part is None for part in parts):
            return None
        joined = posixpath.normpath(posixpath.join(*(part for part in parts if part is not None)))
        if name in PARENT:
            return posixpath.dirname(joined)
        known = name in JOINS + SAME or isinstance(node.func, ast.Attribute)
        return joined if known else None


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
