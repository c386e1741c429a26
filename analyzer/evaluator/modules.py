"""Modules of the target on demand: of a file only the top-level statements that a requested name needs.

A name asks for the statements that bind it, in order, and then for those that touch what it is bound to
(`registry["x"] = X`, `names.append(...)`). What was never asked for is never evaluated.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from analyzer.evaluator.errors import CannotEvaluate, Place
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.policy import Proxy
from analyzer.evaluator.syntax import module_scope
from analyzer.evaluator.syntax.scope import find_bound_names
from analyzer.evaluator.type_checking import flattened

TYPE_CHECKING_NAMES = {"TYPE_CHECKING"}


class ModuleScope:
    """The global names of one file, bound as they are requested."""

    def __init__(self, session: Any, path: str, name: str, tree: ast.Module) -> None:
        self.session = session
        self.path = path
        self.name = name
        self.tree = tree
        self.variables: dict[str, Any] = {"__name__": name, "__file__": path, "__doc__": ast.get_docstring(tree)}
        self.scope = module_scope(path)
        self._body = list(flattened(tree.body))
        self._done: set[tuple[int, str]] = set()
        self._running: set[int] = set()
        self._binders: dict[str, list[int]] = {}
        self._touchers: dict[str, list[int]] = {}
        self._stars: list[int] = []
        self._index()

    def _index(self) -> None:
        for position, node in enumerate(self._body):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                self._stars.append(position)
                continue
            for name in (*find_bound_names([node]), *self._names_of_executed_file(node)):
                self._binders.setdefault(name, []).append(position)
            for name in _touched_names(node):
                self._touchers.setdefault(name, []).append(position)
        for position, node in enumerate(self._body):
            for name in self._registered_in(node):
                self._touchers.setdefault(name, []).append(position)

    def _names_of_executed_file(self, node: ast.stmt) -> list[str]:
        """What `exec(open("configurator.py").read())` binds."""
        opened = _executed_text(node)
        path = self.session.repository_path(self.path, opened) if opened else None
        return find_bound_names(self.session.sources.tree(path).body) if path else []

    def _registered_in(self, node: ast.stmt) -> set[str]:
        """Names that a definition's decorators may add it to: `@register`, `@REGISTRY.register()`."""
        found: set[str] = set()
        for decorator in getattr(node, "decorator_list", ()):
            root = _root(decorator.func if isinstance(decorator, ast.Call) else decorator)
            definition = self.definition(root)
            if isinstance(definition, (ast.Assign, ast.AnnAssign)):
                found.add(root)
            elif isinstance(definition, ast.FunctionDef):
                found |= {part.id for part in ast.walk(definition) if isinstance(part, ast.Name)} & set(self._binders)
                found -= {root, getattr(node, "name", "")}
        return found

    def lookup(self, name: str, before: int = -1) -> Any:
        """The value of a global or builtin name; `before` is the top-level statement that asks, if one does."""
        self._demand(name, before)
        if name in self.variables:
            return self.variables[name]
        if name == "__dict__":
            return self.session.globals_of(self)
        return self.session.builtin(name)

    def has(self, name: str) -> bool:
        self._demand(name, -1)
        return name in self.variables

    def _demand(self, name: str, before: int) -> None:
        positions = self._binders.get(name, ())
        if positions or name in self._touchers:
            wanted = sorted({*positions, *self._touchers.get(name, ())})
            for position in wanted:
                if before < 0 or position < before:
                    self._execute(position, name)
        elif name not in self.variables:
            self._demand_from_stars(name)

    def binds(self, name: str) -> bool:
        """Whether a statement of this file itself gives it the name."""
        return name in self._binders or name in self.variables

    def _demand_from_stars(self, name: str) -> None:
        if name.startswith("__"):
            return
        for position in reversed(self._stars):
            node = self._body[position]
            assert isinstance(node, ast.ImportFrom)
            found = self.session.star_member(self, node, name)
            if found:
                self.variables[name] = found[0]
                return

    def seen_by(self, importer: str, name: str) -> tuple[Any, ...]:
        """What a file of this package sees under a name that stars of the package give, where one of them imports the
        file while it runs: those behind it have not run yet. Empty where the order does not matter.
        """
        if name in self._binders or len(self._stars) < 2:
            return ()
        nodes = [(position, self._body[position]) for position in self._stars]
        sources = [(p, n, self.session.sources.find(self.path, n.module or "", n.level)) for p, n in nodes]  # type: ignore[attr-defined]
        reached = next((p for p, _, source in sources if source is not None and source.path == importer), None)
        if reached is None:
            return ()
        for position, node, _ in reversed(sources):
            found = self.session.star_member(self, node, name) if position < reached else None
            if found:
                return (found[0],)
        return ()

    def _execute(self, position: int, name: str) -> None:
        node = self._body[position]
        single = isinstance(node, (ast.Import, ast.ImportFrom))
        key = (position, name if single else "")
        if key in self._done:
            return
        self._done.add(key)
        if not single and position in self._running:
            return
        self._running.add(position)
        try:
            self._run(_only_alias(node, name) if single else node, position)  # type: ignore[arg-type]
        finally:
            self._running.discard(position)
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            self.session.registrations.adopt(self, name)

    def run_statement(self, position: int) -> None:
        """Evaluate a statement at the top that nobody asked for by name; once, like any other."""
        self._execute(position, getattr(self._body[position], "name", ""))

    def _run(self, node: ast.stmt, position: int) -> None:
        frame = Frame(self, self.scope, self.variables, None)
        frame.position, frame.line, frame.last_line = position, node.lineno, node.end_lineno or node.lineno
        session = self.session
        tracing, calling = session.recording, session.calling
        session.recording = session.calling = False
        journals = session.journals.suspend()
        session.enter(frame)
        try:
            self.scope.statement(node)(frame)
        except Exception as error:
            session.raised(error, frame)
            self._done.discard((position, ""))
            raise
        finally:
            session.leave(frame)
            session.recording, session.calling = tracing, calling
            session.journals.resume(journals)

    def skipped(self) -> Iterator[tuple[Place, str]]:
        """Top-level calls that were not evaluated and name a class or container that was: they may change it."""
        used = {name for name, value in self.variables.items() if isinstance(value, (type, list, dict, set))}
        for position, node in enumerate(self._body):
            call = node.value if isinstance(node, ast.Expr) else None
            if not isinstance(call, ast.Call) or (position, "") in self._done:
                continue
            names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
            if "exec" in names or used & names:
                yield Place(self.path, node.lineno, node.end_lineno or node.lineno), ast.unparse(node)[:120]

    def exported(self) -> list[str]:
        """What `import *` takes: `__all__`, or every public name."""
        if self.has("__all__"):
            return [str(name) for name in self.variables["__all__"]]
        names = {name for name in self._binders if not name.startswith("_")}
        for position in self._stars:
            node = self._body[position]
            assert isinstance(node, ast.ImportFrom)
            names |= set(self.session.star_names(self, node))
        return sorted(names)

    def exports(self, name: str) -> bool:
        """Whether `import *` takes this name; modules that are named by a star are read only as far as needed."""
        if self.binds("__all__") and self.has("__all__"):
            return name in self.variables["__all__"]
        return not name.startswith("_") and self.has(name)

    def star_names(self, dotted: str, level: int, frame: Frame) -> dict[str, Any]:
        """`from x import *` inside a compound statement: all names at once."""
        node = ast.ImportFrom(dotted, [ast.alias("*")], level)
        found = {}
        for name in self.session.star_names(self, node):
            value = self.session.star_member(self, node, name)
            if value:
                found[name] = value[0]
        return found

    def definition(self, name: str) -> ast.stmt | None:
        positions = self._binders.get(name)
        return self._body[positions[-1]] if positions else None


def _only_alias(node: ast.Import | ast.ImportFrom, name: str) -> ast.stmt:
    aliases = [alias for alias in node.names if (alias.asname or alias.name.split(".")[0]) == name]
    if isinstance(node, ast.Import):
        return ast.copy_location(ast.Import(aliases), node)
    return ast.copy_location(ast.ImportFrom(node.module, aliases, node.level), node)


def _executed_text(node: ast.stmt) -> str:
    """The path in `exec(open("path").read())`."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call) or _root(node.value.func) != "exec":
        return ""
    opened = [
        part for part in ast.walk(node) if isinstance(part, ast.Call) and _root(part.func) == "open" and part.args
    ]
    found = opened[0].args[0] if opened else None
    return found.value if isinstance(found, ast.Constant) and isinstance(found.value, str) else ""


def _touched_names(node: ast.stmt) -> set[str]:
    """Names whose object a top-level statement changes without binding them."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
        return set()
    found = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and _root(part.func) == "exec":
            found |= {_root(space) for space in part.args[1:]}
        if isinstance(part, (ast.Subscript, ast.Attribute)) and not isinstance(part.ctx, ast.Load):
            found.add(_root(part.value))
        if (
            isinstance(part, ast.Expr)
            and isinstance(part.value, ast.Call)
            and isinstance(part.value.func, ast.Attribute)
        ):
            found.add(_root(part.value.func.value))
    return found - {""}


def _root(node: ast.expr) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


class TargetModule(Proxy):
    """A module of the target as its own code sees it; a package shows its submodules too."""

    def __init__(self, scope: ModuleScope) -> None:
        self._scope = scope

    @property
    def scope(self) -> ModuleScope:
        return self._scope

    def member(self, name: str) -> Any:
        if name == "__dict__":
            return ModuleNames(self._scope)
        submodule = None if self._scope.binds(name) else self._scope.session.submodule(self._scope, name)
        if submodule is not None:
            return submodule
        if self._scope.has(name):
            return self._scope.variables[name]
        if self._scope.path.startswith("<stand-in>/") and (not name.startswith("__") or name == "__version__"):
            found = self._scope.session.submodule(self._scope, name)  # `from . import name` is running
            missing = f"{self._scope.name}.{name}"
            return found if found is not None else self._scope.session.unknown("not_modelled", missing)
        raise AttributeError(f"module {self._scope.name!r} has no attribute {name!r}")

    def set_member(self, name: str, value: Any) -> None:
        self._scope.has(name)
        self._scope.variables[name] = value

    def names(self) -> list[str]:
        return sorted({*self._scope._binders, *self._scope.variables})

    def __repr__(self) -> str:
        return f"<module {self._scope.name!r}>"


class NamespacePackage(Proxy):
    """A directory without `__init__.py`."""

    def __init__(self, session: Any, importer: str, dotted: str) -> None:
        self._session, self._importer, self._dotted = session, importer, dotted

    def member(self, name: str) -> Any:
        found = self._session.find_module(self._importer, f"{self._dotted}.{name}", 0)
        if found is None:
            raise AttributeError(f"module {self._dotted!r} has no attribute {name!r}")
        return found


class LoadedModules(dict[str, Any]):
    """`sys.modules`: the target's modules that were loaded and what the library has, by dotted name."""

    def __init__(self, session: Any) -> None:
        super().__init__()
        self._session = session

    def __missing__(self, name: str) -> Any:
        found = self._session.loaded_module(name)
        if found is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._session.loaded_module(name) is not None

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default


class ModuleNames(dict[str, Any]):
    """`globals()` and `module.__dict__`: a mapping that binds names as they are asked for."""

    def __init__(self, scope: ModuleScope) -> None:
        super().__init__()
        self._scope = scope

    def __getitem__(self, name: str) -> Any:
        if self._scope.has(name):
            return self._scope.variables[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._scope.has(name)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __setitem__(self, name: str, value: Any) -> None:
        self._scope.variables[name] = value

    def update(self, *args: Any, **kwargs: Any) -> None:
        self._scope.variables.update(*args, **kwargs)

    def keys(self) -> Any:
        return dict.fromkeys([*self._scope._binders, *self._scope.variables]).keys()

    def __iter__(self) -> Any:
        return iter(list(self.keys()))

    def __len__(self) -> int:
        return len(self.keys())

    def items(self) -> Any:
        found = {}
        for name in list(self.keys()):
            try:
                found[name] = self[name]
            except (CannotEvaluate, Exception):
                continue
        return found.items()

    def values(self) -> Any:
        return dict(self.items()).values()
