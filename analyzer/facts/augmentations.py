"""Whether a composition of transforms draws at random: only then does it augment, else it prepares its inputs.

Transforms of libraries are known by name; own ones, and functions that make them, by what their code draws from.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from analyzer.facts.flow import Foreign, Function, Inference, Instance, Klass, Type
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.interfaces import AUGMENTATION

DRAWS = re.compile(
    r"random\.(?!seed)\w+|numpy\.random\.(?!seed)\w+(\(\)\.\w+)?|"
    r"torch\.(rand|randn|randint|randperm|bernoulli|normal|rand_like|randn_like)"
)
FILLING = ("append", "extend", "insert")
MAX_DEPTH = 4


def draws_at_random(inference: Inference, call: ast.Call, scope: CodeScope) -> bool:
    """True where a call composes at least one random transform, or is one itself."""
    return _Search(inference).holds_random(call, scope, 0)


class _Search:
    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._seen: set[tuple[str, str]] = set()

    def holds_random(self, node: ast.AST, scope: CodeScope, depth: int) -> bool:
        """Any part of an expression, and of what its names stand for."""
        if depth > MAX_DEPTH:
            return False
        for part in ast.walk(node):
            if isinstance(part, (ast.Name, ast.Attribute, ast.Lambda)) and any(
                self._is_random(found, depth) for found in self._inference.types(part, scope)
            ):
                return True
            if isinstance(part, ast.Name) and any(
                self.holds_random(inner, scope, depth + 1) for inner in self._kept_in(part.id, scope)
            ):
                return True
        return False

    def _kept_in(self, name: str, scope: CodeScope) -> Iterator[ast.AST]:
        """What the function binds to a name or adds to the list of that name; each name once."""
        if (scope.key, name) in self._seen:
            return
        self._seen.add((scope.key, name))
        for node in scope.nodes:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if isinstance(node, (ast.Assign, ast.AugAssign)) and any(_is_named(target, name) for target in targets):
                yield node.value
            elif isinstance(node, ast.Call) and ast.unparse(node.func) in {f"{name}.{way}" for way in FILLING}:
                yield from node.args

    def _is_random(self, found: Type, depth: int) -> bool:
        if isinstance(found, Foreign):
            return AUGMENTATION.fullmatch(found.dotted.removesuffix("()")) is not None
        return any(self._draws(inner, depth + 1) for inner in self._code_of(found))

    def _code_of(self, found: Type) -> Iterator[CodeScope]:
        """The function itself, or all methods of a class, constructors apart: those may fill in random weights."""
        scopes = self._inference.scopes.by_key
        if isinstance(found, Function) and found.name in scopes:
            yield scopes[found.name]
        elif isinstance(found, (Klass, Instance)):
            for scope in scopes.values():
                is_method = scope.parent is not None and scope.parent.key == found.owner
                if is_method and getattr(scope.node, "name", "") != "__init__":
                    yield scope

    def _draws(self, scope: CodeScope, depth: int) -> bool:
        if (scope.key, "") in self._seen or depth > MAX_DEPTH:
            return False
        self._seen.add((scope.key, ""))
        for node in scope.nodes:
            if isinstance(node, ast.Call):
                for found in self._inference.types(node.func, scope):
                    is_draw = isinstance(found, Foreign) and DRAWS.fullmatch(found.dotted) is not None
                    if is_draw or self._is_random(found, depth):
                        return True
        return False


def _is_named(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
