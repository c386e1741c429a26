"""When code below a call runs differently from an earlier call of the same function: where a `**mapping` that the call
hands on decides conditions there. (What a call gives by name or leaves to its default is decided when it is walked.)
"""

from __future__ import annotations

import ast

from analyzer.facts.flow.contexts import Stack
from analyzer.facts.flow.decisions import Decisions
from analyzer.facts.flow.scopes import parameters_of
from analyzer.facts.flow.steps import Body

Verdicts = tuple[tuple[str, bool | None], ...]


class Entrances:
    """Conditions of functions on their own parameters, gathered once for each body."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions
        self._asked: dict[int, tuple[str, ...]] = {}

    def verdicts(self, body: Body, call: ast.AST, stack: Stack) -> Verdicts:
        """What this call decides inside of the body, as a key; nothing where the call writes all that it gives."""
        is_open = isinstance(call, ast.Call) and any(keyword.arg is None for keyword in call.keywords)
        if not is_open:
            return ()
        if id(body) not in self._asked:
            self._asked[id(body)] = tuple(_conditions_on_parameters(body))
        return tuple((text, self._decisions.truth_of(text, body.scope, stack)) for text in self._asked[id(body)])


def _conditions_on_parameters(body: Body) -> list[str]:
    arguments = getattr(body.scope.node, "args", None)
    named = {a.arg for a in parameters_of(arguments)} if isinstance(arguments, ast.arguments) else set()
    texts = {text for step in body.steps for text in (*step.around.conditions, *step.around.unless)}
    return sorted(text for text in texts if named & set(_names(text)))


def _names(text: str) -> list[str]:
    try:
        return [n.id for n in ast.walk(ast.parse(text, mode="eval")) if isinstance(n, ast.Name)]
    except SyntaxError:
        return []
