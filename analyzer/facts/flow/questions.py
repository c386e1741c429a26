"""What the rules of calls ask of the inference that they serve."""

from __future__ import annotations

import ast
from typing import Any, Protocol

from analyzer.facts.class_hierarchy import ClassHierarchy
from analyzer.facts.flow.holders import Holders
from analyzer.facts.flow.objects import Container, Type, Types
from analyzer.facts.flow.scopes import CodeScope, ScopeTable
from analyzer.index import SourceIndex


class Questions(Protocol):
    """The side of the inference that `CallRules` sees; its cells are opaque to them."""

    index: SourceIndex
    hierarchy: ClassHierarchy
    scopes: ScopeTable
    holders: Holders
    names: Any
    slots: Any
    calls: Any

    def types(self, node: ast.expr | None, scope: CodeScope) -> Types: ...

    def attribute(self, base: Type, name: str) -> Types: ...

    def items(self, bases: Types, key: str) -> Types: ...

    def elements(self, bases: Types) -> Types: ...

    def contents(self, base: Container) -> Types: ...

    def members(self, base: Container) -> Types: ...

    def keys_of(self, site: str) -> list[str]: ...

    def returned(self, function: str) -> Types: ...

    def is_module(self, item: Type) -> bool: ...

    def add(self, table: Any, key: tuple[str, str], types: Types) -> None: ...
