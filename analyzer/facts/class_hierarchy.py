"""Bases, method resolution order and the question whether a class is a `torch.nn.Module`.

Follows the repository's own classes across files and knows foreign bases by table; a class whose foreign base
is unknown counts as a module only where it uses a module's own machinery.
"""

from __future__ import annotations

import ast

from analyzer.facts.foreign_modules import is_foreign_module
from analyzer.index import Definition, External, SourceIndex
from analyzer.index.symbols import dotted_name

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class ClassHierarchy:
    """Answers about the repository's classes, each computed once."""

    def __init__(self, index: SourceIndex) -> None:
        self._index = index
        self._bases: dict[Definition, tuple[Definition | External, ...]] = {}
        self._is_module: dict[Definition, bool] = {}

    def bases(self, owner: Definition) -> tuple[Definition | External, ...]:
        """The bases that resolve, in order; unresolvable ones (calls, local names) are left out."""
        if owner not in self._bases:
            node = owner.node
            found = []
            for base in node.bases if isinstance(node, ast.ClassDef) else ():
                resolved = self._base(owner, base)
                if resolved is not None and resolved != owner:
                    found.append(resolved)
            self._bases[owner] = tuple(found)
        return self._bases[owner]

    def _base(self, owner: Definition, base: ast.expr) -> Definition | External | None:
        dotted = dotted_name(base.value if isinstance(base, ast.Subscript) else base)
        scope = owner.name.rpartition(".")[0]
        resolved = self._index.symbols.resolve(owner.path, dotted, scope) if dotted else None
        if isinstance(resolved, External):
            return resolved
        return resolved if isinstance(resolved, Definition) and isinstance(resolved.node, ast.ClassDef) else None

    def order(self, owner: Definition) -> tuple[Definition | External, ...]:
        """The class and its ancestors, nearest first (depth first, duplicates keep their last place)."""
        found: list[Definition | External] = []
        self._visit(owner, found, ())
        last = {item: place for place, item in enumerate(found)}
        return tuple(item for place, item in enumerate(found) if last[item] == place)

    def _visit(
        self, item: Definition | External, found: list[Definition | External], above: tuple[object, ...]
    ) -> None:
        found.append(item)
        if isinstance(item, Definition) and item not in above:
            for base in self.bases(item):
                self._visit(base, found, (*above, item))

    def method(self, owner: Definition, name: str) -> Definition | None:
        """The method that `instance.name` calls: own, else inherited within the repository."""
        for ancestor in self.order(owner):
            if isinstance(ancestor, Definition):
                found = self._index.symbols.definitions[ancestor.path].get(f"{ancestor.name}.{name}")
                if found is not None and isinstance(found.node, FUNCTIONS):
                    return found
        return None

    def foreign_bases(self, owner: Definition) -> tuple[str, ...]:
        """Dotted names of the foreign ancestors."""
        return tuple(item.dotted for item in self.order(owner) if isinstance(item, External))

    def is_module(self, owner: Definition) -> bool:
        """True for subclasses of `torch.nn.Module`, through any number of classes and known packages."""
        if owner not in self._is_module:
            foreign = self.foreign_bases(owner)
            self._is_module[owner] = any(map(is_foreign_module, foreign)) or (
                bool(foreign) and self._behaves_like_module(owner)
            )
        return self._is_module[owner]

    def _behaves_like_module(self, owner: Definition) -> bool:
        """It has a forward and hands torch modules or parameters to itself."""
        constructor = self.method(owner, "__init__")
        if constructor is None or self.method(owner, "forward") is None:
            return False
        return any(self._stores_module(constructor, node) for node in ast.walk(constructor.node))

    def _stores_module(self, constructor: Definition, node: ast.AST) -> bool:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            return False
        dotted = dotted_name(node.value.func)
        target = self._index.symbols.resolve(constructor.path, dotted, constructor.name) if dotted else None
        receiver = receiver_name(constructor.node)
        owns = any(isinstance(t, ast.Attribute) and dotted_name(t.value) == receiver for t in node.targets)
        return owns and isinstance(target, External) and is_foreign_module(target.dotted)


def receiver_name(method: ast.AST) -> str | None:
    """What a method calls its instance: the name of its first argument."""
    if not isinstance(method, FUNCTIONS):
        return None
    arguments = [*method.args.posonlyargs, *method.args.args]
    return arguments[0].arg if arguments else None
