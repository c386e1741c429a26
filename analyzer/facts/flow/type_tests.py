"""What `isinstance(part, Gate)` says of a name of which nothing else is known: it may stand for a Gate."""

from __future__ import annotations

import ast

from analyzer.facts.flow.objects import Foreign, Instance, Klass
from analyzer.facts.flow.questions import Questions
from analyzer.facts.flow.scopes import CodeScope

TEST = Foreign("builtins.isinstance")


def learn_from_test(inference: Questions, node: ast.Call, scope: CodeScope) -> None:
    """Bind the classes of the repository that a test names; what objects are known to reach the name stands."""
    subject = node.args[0] if len(node.args) == 2 else None
    if not isinstance(subject, ast.Name) or TEST not in inference.types(node.func, scope):
        return
    owner = inference.scopes.owner_of(scope, subject.id) or scope
    if any(isinstance(found, Instance) for found in inference.types(subject, scope)):
        return
    named = node.args[1].elts if isinstance(node.args[1], ast.Tuple) else [node.args[1]]
    found = {Instance(t.owner) for part in named for t in inference.types(part, scope) if isinstance(t, Klass)}
    inference.add(inference.names, (owner.key, subject.id), frozenset(found))
