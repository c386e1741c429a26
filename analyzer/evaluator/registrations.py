"""Registries that other files fill: by a decorator, a call or an assignment at their top, when they are imported.

Files are evaluated on demand, so such a container would stay as it began. A dict at the top of a file is therefore
filled when something is missing in it: the files that would have been imported by then are searched for statements
that hand it something, and only those are evaluated.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from torch import nn

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.objects import is_own_instance
from analyzer.evaluator.type_checking import parts_of

CHANGING = frozenset(["append", "add", "update", "setdefault", "insert", "extend", "register", "__setitem__"])
DEFINITIONS = (ast.FunctionDef, ast.ClassDef)
MAXIMUM_FILES = 3_000


class FilledTable(dict[Any, Any]):
    """A dict that asks for what other files put into it before it says that something is not there."""

    def __init__(self, registrations: Registrations, scope: Any, name: str, items: dict[Any, Any]) -> None:
        super().__init__(items)
        self._asked = (registrations, scope, name)

    def _fill(self) -> None:
        registrations, scope, name = self._asked
        registrations.fill(scope, name)

    def __missing__(self, key: Any) -> Any:
        self._fill()
        if dict.__contains__(self, key):
            return dict.__getitem__(self, key)
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        if not dict.__contains__(self, key):
            self._fill()
        return dict.__contains__(self, key)

    def get(self, key: Any, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[Any]:
        self._fill()
        return dict.__iter__(self)

    def __len__(self) -> int:
        self._fill()
        return dict.__len__(self)

    def keys(self) -> Any:
        self._fill()
        return dict.keys(self)

    def values(self) -> Any:
        self._fill()
        return dict.values(self)

    def items(self) -> Any:
        self._fill()
        return dict.items(self)


class Registrations:
    """Knows which statements of which files fill which registry; one per session."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._filling = False
        self._imported: dict[str, None] = {}
        """Files that are imported at the top of one that is in use, directly or not."""
        self._followed: set[str] = set()
        self._functions: dict[str, dict[str, set[str]]] = {}
        self._mentions: dict[frozenset[str], set[str]] = {}

    def adopt(self, scope: Any, name: str) -> None:
        """Called when a statement at the top of a file has bound this name."""
        value = scope.variables.get(name)
        if type(value) is dict and (not value or self._changing(scope, name)):
            scope.variables[name] = FilledTable(self, scope, name, value)
        elif is_own_instance(value) and not isinstance(value, nn.Module) and hasattr(value, "__dict__"):
            for key, item in vars(value).items():
                if type(item) is dict and not item:
                    vars(value)[key] = FilledTable(self, scope, name, item)

    def fill(self, scope: Any, name: str) -> None:
        """Evaluate what is still to be evaluated of the statements that hand something to this registry."""
        registrars = {name, *self._changing(scope, name)}
        if self._filling or self._is_registering(scope, registrars):
            return
        self._filling = True
        try:
            for path in self._files(registrars):
                other = self._session.scope_of(path)
                for position in _sites(other.tree, registrars):
                    self._evaluate(other, position)
        finally:
            self._filling = False

    def _changing(self, scope: Any, name: str) -> set[str]:
        """Functions of the file that change the container of that name."""
        if scope.path not in self._functions:
            self._functions[scope.path] = _changing_functions(scope.tree)
        return self._functions[scope.path].get(name, set())

    def _is_registering(self, scope: Any, registrars: set[str]) -> bool:
        """Whether this very question comes from code that registers: it asks for what is there already."""
        frame = self._session.current
        while frame is not None:
            if "register" in frame.function or (frame.module is scope and frame.function in registrars):
                return True
            frame = frame.caller
        return False

    def _evaluate(self, scope: Any, position: int) -> None:
        try:
            scope.run_statement(position)
        except (CannotEvaluate, Exception) as error:
            self._session.recorder.assume("skipped_statement", f"{scope.path}: {error}"[:200], None)

    def _files(self, registrars: set[str]) -> list[str]:
        """Files in use or imported by one that is, which may hand something over, in the order they are reached."""
        loaded = self._session.loaded_paths()
        wanted = self._mentioning(frozenset(registrars))
        if wanted - set(loaded) or any(path.startswith("<package>") for path in loaded):
            self._follow_imports(loaded)
        found = dict.fromkeys([*loaded, *self._imported])
        return [path for path in found if path in wanted or path.startswith("<package>")]

    def _mentioning(self, registrars: frozenset[str]) -> set[str]:
        """Files of the repository with a line at the top that starts like a use of one of these names."""
        if registrars not in self._mentions:
            names = "|".join(map(re.escape, sorted(registrars)))
            use = re.compile(rf"^@?(?:\w+\.)*(?:{names})\s*[.(\[\n]|^class \w+\([^)]*\b(?:{names})\b", re.MULTILINE)
            files = self._session.index.files.items()
            self._mentions[registrars] = {
                path
                for path, file in files
                if path.endswith(".py")
                and any(name in file.text for name in registrars)  # most files end here, which costs much less
                and use.search(file.text)
            }
        return self._mentions[registrars]

    def _follow_imports(self, loaded: list[str]) -> None:
        waiting = [path for path in loaded if path not in self._followed]
        while waiting and len(self._imported) < MAXIMUM_FILES:
            path = waiting.pop()
            if path in self._followed:
                continue
            self._followed.add(path)
            self._imported[path] = None
            self._session.spend(100)
            waiting += [found for found in self._imports_of(path) if found not in self._followed]

    def _imports_of(self, path: str) -> Iterator[str]:
        """Files of the target that the top of a file imports, with the packages that hold them."""
        try:
            tree = self._session.sources.tree(path)
        except CannotEvaluate:
            return
        for dotted, level in _imported_names(tree):
            parts = dotted.split(".") if dotted else []
            for end in range(len(parts) if level else 1, len(parts) + 1):
                source = self._session.sources.find(path, ".".join(parts[:end]), level)
                if source is not None and source.kind != "stand_in":
                    yield source.path


def _imported_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every module that the statements of a file may import when they run, and every name as if it were one."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield base, node.level
            yield from ((f"{base}.{alias.name}".strip("."), node.level) for alias in node.names if alias.name != "*")
        elif isinstance(node, ast.If) and (parts := parts_of(node)) is not None:
            waiting += parts[1]  # what only type checkers see imports nothing
        elif not isinstance(node, (*DEFINITIONS, ast.AsyncFunctionDef, ast.expr)):
            waiting += ast.iter_child_nodes(node)


def _changing_functions(tree: ast.Module) -> dict[str, set[str]]:
    """Names of containers, each with the functions of the file that put something into it, and with the classes
    that do so for every class derived from them.
    """
    found: dict[str, set[str]] = {}
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef):
            for name in _changed_by(statement):
                found.setdefault(name, set()).add(statement.name)
        elif isinstance(statement, ast.ClassDef):
            hooks = (part for part in statement.body if getattr(part, "name", "") == "__init_subclass__")
            for name in (name for hook in hooks for name in _changed_by(hook)):
                found.setdefault(name, set()).update(_derived(tree, statement.name))
    return found


def _changed_by(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        stored = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)
        called = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING
        if stored or called:
            yield _root(node)  # type: ignore[arg-type]


def _derived(tree: ast.Module, name: str) -> set[str]:
    """A class of a file and those of the same file that derive from it."""
    found = {name}
    for statement in tree.body:  # a base stands above what derives from it
        if isinstance(statement, ast.ClassDef) and found & {_root(base) for base in statement.bases}:
            found.add(statement.name)
    return found


def _sites(tree: ast.Module, registrars: set[str]) -> Iterator[int]:
    """Positions of the statements at the top of a file that use one of the registrars to hand something over."""
    derived: set[str] = set()
    for position, node in enumerate(tree.body):
        if isinstance(node, DEFINITIONS):
            bases = {_root(base) for base in getattr(node, "bases", ())}
            if bases & (registrars | derived):
                derived.add(node.name)  # what derives from it in turn registers as well
            roots = {_root(item) for item in node.decorator_list} | bases
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            roots = {_root(node.value)}
        elif isinstance(node, ast.Assign):
            roots = {_root(target) for target in node.targets if isinstance(target, ast.Subscript)}
        else:
            continue
        if roots & (registrars | derived):
            yield position


def _root(node: ast.expr) -> str:
    """`registry` of `registry.register("x")(…)`; the last part where a module stands before it."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
