"""Conditions that the calls on one way decide: an argument left at its default, an option that a constructor kept,
a member of an enumeration. What needs more than that is undecided.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from functools import lru_cache

from analyzer.facts.flow.bindings import argument_named, default_of
from analyzer.facts.flow.contexts import Contexts, Stack, frame_of, given_before, has_receiver_of
from analyzer.facts.flow.inference import Inference
from analyzer.facts.flow.scopes import CodeScope, parameters_of
from analyzer.facts.keyword_items import Place, keyword_of
from analyzer.facts.literal import NotPlain
from analyzer.index import Definition

MAX_DEPTH = 16
COMPARISONS: dict[type[ast.cmpop], Callable[[object, object], object]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,  # type: ignore[operator]
    ast.NotIn: lambda left, right: left not in right,  # type: ignore[operator]
}  # fmt: skip
ENUMERATIONS = ("enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag")


class Decisions:
    """Truth of conditions under a stack of calls."""

    def __init__(self, inference: Inference, contexts: Contexts) -> None:
        self._inference = inference
        self._contexts = contexts
        self._names: dict[tuple[str, int, tuple[int, ...], int], tuple[object] | None] = {}
        """Values of names in the condition that is asked about; None where the way does not decide one."""

    def truth_of(self, text: str, scope: CodeScope, stack: Stack) -> bool | None:
        """Truth of a condition as written, None where the way does not decide it."""
        node = _parsed(text)
        self._names = {}
        return self._truth(node, scope, stack, 0) if node is not None else None

    def _truth(self, node: ast.expr, scope: CodeScope, stack: Stack, depth: int) -> bool | None:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self._truth(node.operand, scope, stack, depth)
            return None if inner is None else not inner
        if isinstance(node, ast.BoolOp):
            decisive, undecided = isinstance(node.op, ast.Or), False
            for part in node.values:
                truth = self._truth(part, scope, stack, depth)
                if truth is decisive:
                    return decisive
                undecided = undecided or truth is None
            return None if undecided else not decisive
        try:
            return bool(self._value(node, scope, stack, depth))
        except NotPlain:
            return None

    def _value(self, node: ast.expr, scope: CodeScope, stack: Stack, depth: int) -> object:
        """The plain value, or the name of the enumeration's member."""
        if depth > MAX_DEPTH:
            raise NotPlain("depth")
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            return tuple(self._value(part, scope, stack, depth + 1) for part in node.elts)
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in COMPARISONS:
            left = self._value(node.left, scope, stack, depth + 1)
            right = self._value(node.comparators[0], scope, stack, depth + 1)
            return _compared(node.ops[0], left, right)
        if isinstance(node, ast.Name):
            return self._name(node.id, scope, stack, depth)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, scope, stack, depth)
        return self._composed(node, scope, stack, depth)

    def _composed(self, node: ast.expr, scope: CodeScope, stack: Stack, depth: int) -> object:
        if isinstance(node, ast.IfExp):
            verdict = self._truth(node.test, scope, stack, depth + 1)
            if verdict is not None:
                return self._value(node.body if verdict else node.orelse, scope, stack, depth + 1)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            verdict = self._truth(node, scope, stack, depth + 1)
            if verdict is not None:
                return verdict
        raise NotPlain("expression")

    def _attribute(self, node: ast.Attribute, scope: CodeScope, stack: Stack, depth: int) -> object:
        member = self._member(node, scope)
        if member:
            return member
        for base in self._contexts.values(node.value, scope, stack, depth) or ():
            stored = self._contexts.stored(base, node.attr)
            if stored is not None and len(self._contexts.values(node.value, scope, stack, depth) or ()) == 1:
                return self._value(*stored, depth + 1)
        raise NotPlain("attribute")

    def _member(self, node: ast.Attribute, scope: CodeScope) -> str:
        """`Enumeration.MEMBER` of the repository, by its qualified name."""
        found = self._inference.index.symbols.resolve(scope.path, ast.unparse(node.value), scope.dotted)
        if not isinstance(found, Definition) or not isinstance(found.node, ast.ClassDef):
            return ""
        is_enumeration = any(base in ENUMERATIONS for base in self._inference.hierarchy.foreign_bases(found))
        stored = {
            t.id for s in found.node.body if isinstance(s, ast.Assign) for t in s.targets if isinstance(t, ast.Name)
        }
        return f"{found.qualified_name}.{node.attr}" if is_enumeration and node.attr in stored else ""

    def _name(self, name: str, scope: CodeScope, stack: Stack, depth: int) -> object:
        key = name, id(scope), tuple(map(id, stack)), depth
        if key not in self._names:
            try:
                self._names[key] = (self._name_anew(name, scope, stack, depth),)
            except NotPlain:
                self._names[key] = None
        known = self._names[key]
        if known is None:
            raise NotPlain(name)
        return known[0]

    def _name_anew(self, name: str, scope: CodeScope, stack: Stack, depth: int) -> object:
        owner = self._inference.scopes.owner_of(scope, name)
        place = frame_of(stack, owner) if owner is not None and owner.is_function else None
        if owner is None or place is None:
            raise NotPlain(name)
        arguments = getattr(owner.node, "args", None)
        is_parameter = isinstance(arguments, ast.arguments) and any(a.arg == name for a in parameters_of(arguments))
        if name in owner.stored:
            if owner is not scope:
                raise NotPlain(name)
            return self._local(name, owner, stack[: place + 1], depth, is_parameter)
        return self._argument(name, owner, stack, place, depth)

    def _argument(self, name: str, owner: CodeScope, stack: Stack, place: int, depth: int) -> object:
        step, target = stack[place]
        if not isinstance(step.node, ast.Call):
            raise NotPlain(name)
        try:
            given = argument_named(step.node, owner.node, name, has_receiver_of(target), given_before(target))
        except NotPlain:
            if name in given_before(target):
                raise
            return self._handed_through(name, owner, Place(step.node, step.scope, stack[:place]), depth)
        if given is None:
            given, default_scope = default_of(owner.node, name), owner.parent or owner
            if given is None:
                raise NotPlain(name)
            return self._value(given, default_scope, (), depth + 1)
        return self._value(given, step.scope, stack[:place], depth + 1)

    def _handed_through(self, name: str, owner: CodeScope, call: Place, depth: int) -> object:
        """What `f(**mapping)` hands on under this name; the default where the mapping holds none."""
        if any(isinstance(argument, ast.Starred) for argument in getattr(call.node, "args", ())):
            raise NotPlain(name)
        found = keyword_of(self._inference, call, name)
        if found is not None:
            return self._value(*found, depth + 1)
        default = default_of(owner.node, name)
        if default is None:
            raise NotPlain(name)
        return self._value(default, owner.parent or owner, (), depth + 1)

    def _local(self, name: str, owner: CodeScope, stack: Stack, depth: int, is_parameter: bool) -> object:
        """The value that the statements of a function leave in a name, branches followed as far as decided."""
        body = getattr(owner.node, "body", [])
        bound = self._last_binding(body, name, owner, stack, depth + 1) if isinstance(body, list) else None
        if bound is None or is_parameter:
            raise NotPlain(name)
        return self._value(bound, owner, stack, depth + 1)

    def _last_binding(
        self, statements: Sequence[ast.stmt], name: str, owner: CodeScope, stack: Stack, depth: int
    ) -> ast.expr | None:
        """The expression bound last; a name that is bound again later may have been read before."""
        binding = [s for s in statements if name in self._inference.scopes.stored_below(s)]
        if not binding:
            return None
        statement = binding[0]
        if len(binding) == 1 and isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            return statement.value
        verdict = self._truth(statement.test, owner, stack, depth) if isinstance(statement, ast.If) else None
        if len(binding) > 1 or verdict is None or not isinstance(statement, ast.If):
            raise NotPlain(name)
        return self._last_binding(statement.body if verdict else statement.orelse, name, owner, stack, depth)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> ast.expr | None:
    """The expression; one condition is asked about on every way that leads to it."""
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None


def _compared(compare: ast.cmpop, left: object, right: object) -> object:
    try:
        return COMPARISONS[type(compare)](left, right)
    except TypeError:
        raise NotPlain("comparison") from None
