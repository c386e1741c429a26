"""The value of an expression where it is used: literals, configuration values, and arguments followed back through
the calls that lead there. What is bound to more than one thing, or computed from data, stays Unknown.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from copy import copy

from analyzer.facts.callers import Callers
from analyzer.facts.configuration_owners import slot_of, slots_read
from analyzer.facts.constructions import given_by_all, keyword_given, made_once
from analyzer.facts.environment import without_environment
from analyzer.facts.evaluation import ValueOf, machine_dependence, unresolved_name
from analyzer.facts.flow import Foreign, Inference
from analyzer.facts.flow.bindings import argument_named, default_of
from analyzer.facts.flow.contexts import Contexts, given_before, has_receiver_of
from analyzer.facts.flow.driven import is_open
from analyzer.facts.flow.scopes import CodeScope, parameters_of
from analyzer.facts.flow.steps import Step, Target
from analyzer.facts.keyword_items import Place
from analyzer.facts.later_bindings import later_binding, with_binding
from analyzer.facts.literal import NotPlain, eval_plain, is_plain
from analyzer.facts.open_formulas import OpenPart, open_part, open_reason
from analyzer.facts.own_calls import returned_by
from analyzer.facts.parser_sites import options_by_site
from analyzer.facts.saved_parameters import saved_parameter
from analyzer.index import Definition, External, SourceIndex
from analyzer.records.configuration import ConfigTable, ConfigValue, Reference
from analyzer.records.evidence import Known, Unknown

Value = Known[object] | Unknown
Stack = Sequence[tuple[Step, Target]]
Slot = tuple[str, str]
"""Key of a configuration's holder, and name of the value."""
MAX_DEPTH = 12
_ANY_KEY = object()
DTYPES = frozenset(
    f"torch.{name}"
    for name in (
        "float16",
        "half",
        "bfloat16",
        "float32",
        "float",
        "float64",
        "double",
        "int8",
        "uint8",
        "int64",
        "long",
    )
)
"""Types of numbers stand for themselves, by their dotted name."""


class ArgumentValues:
    """Evaluates expressions in their scope; configuration counts with its effective value."""

    def __init__(
        self, index: SourceIndex, inference: Inference, tables: Sequence[ConfigTable], value_of: ValueOf
    ) -> None:
        self._index = index
        self._inference = inference
        self._contexts = Contexts(inference)
        self._callers = Callers(inference)
        self._value_of = value_of
        self._effective: dict[Slot, Value] = {}
        self._by_name: dict[Slot, ConfigValue] = {}
        self._entry = ""
        for table in tables:
            for value in table.values:
                self._by_name.setdefault(slot_of(table, value.name), value)
        for slot, value in options_by_site(inference, tables):
            self._by_name.setdefault(slot, value)

    def with_effective(self, effective: Mapping[Slot, Value]) -> ArgumentValues:
        """The same, with the values that one program itself gives."""
        found = copy(self)
        found._effective = dict(effective)
        return found

    def starting_at(self, function: str) -> ArgumentValues:
        """The same for a program that begins at what users call: they leave what has a default."""
        found = copy(self)
        found._entry = function
        return found

    def reads_configuration(self, node: ast.expr, scope: CodeScope) -> bool:
        """True where an expression reads a configuration value."""
        return any(self._configured(leaf, scope) is not None for leaf in _leaves(node))

    def value(self, node: ast.expr, scope: CodeScope, stack: Stack = ()) -> Value:
        """Value of `node` in `scope`, reached through the calls of `stack`."""
        where = self._index.span(scope.path, node)
        try:
            return Known(self._eval(node, scope, tuple(stack), 0), (where,), "evaluated")
        except _Underived as gap:
            return Unknown(gap.reason, gap.arguments, where)
        except (NotPlain, RecursionError):
            found = self._bound_later(node, scope, tuple(stack))
            return found or Unknown("not_derived", (("expression", ast.unparse(node)),), where)

    def _bound_later(self, node: ast.expr, scope: CodeScope, stack: Stack) -> Value | None:
        """Where a branch may bind a name of the expression anew: the value that counts unless it does."""
        names = {leaf.id for leaf in _leaves(node) if isinstance(leaf, ast.Name)}
        owners = ((name, self._inference.scopes.owner_of(scope, name)) for name in sorted(names))
        found = [later_binding(name, scope, node.lineno) for name, owner in owners if owner is scope]
        later = [one for one in found if one is not None]
        if len(later) != 1:
            return None
        branch, where = later[0].branch, self._index.span(scope.path, node)
        if self.truth(branch.test, scope, stack) is not None:
            return None
        try:
            value = self._eval(with_binding(node, later[0].name, later[0].first), scope, stack, 1)
        except (_Underived, NotPlain, RecursionError):
            return None
        told = ("value", repr(value)), ("condition", ast.unparse(branch.test)), ("name", later[0].name)
        at = ("at", str(self._index.span(scope.path, branch.test)))
        given = ("expression", ast.unparse(later[0].later.value))
        return Unknown(
            "bound_on_condition", (*told, at, given, ("line", str(self._index.span(scope.path, later[0].later)))), where
        )

    def truth(self, node: ast.expr, scope: CodeScope, stack: Stack = ()) -> bool | None:
        """Truth of a condition in a default run, None where it cannot be told."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth(node.operand, scope, stack)
            return None if inner is None else not inner
        if isinstance(node, ast.BoolOp):
            parts = [self.truth(part, scope, stack) for part in node.values]
            decisive = isinstance(node.op, ast.Or)
            if decisive in parts:
                return decisive
            return None if None in parts else not decisive
        try:
            return bool(self._eval(node, scope, tuple(stack), 0))
        except (_Underived, NotPlain, RecursionError):
            return None

    def _eval(self, node: ast.expr, scope: CodeScope, stack: Stack, depth: int) -> object:
        if depth > MAX_DEPTH:
            raise NotPlain("depth")
        node = without_environment(self._index, scope.path, node)
        returned = returned_by(self._inference, node, scope, tuple(stack))
        if returned is not None:
            return self._eval(*returned, depth + 1)
        chosen = self._chosen(node, scope, stack, depth)
        if chosen is not None:
            return self._eval(chosen, scope, stack, depth + 1)
        names: dict[str, object] = {}
        parts: dict[str, OpenPart] = {}
        for leaf in _leaves(node):
            text = ast.unparse(leaf)
            try:
                names[text] = self._leaf(leaf, scope, stack, depth)
            except _Underived as gap:
                part = open_part(gap.reason, gap.arguments)
                if part is None:
                    raise _of_whole(gap, node, leaf) from gap
                parts[text] = part
        if parts:
            raise _Underived(*open_reason(node, names, parts, next(iter(parts.values())).call))
        try:
            return eval_plain(node, names)
        except NotPlain:
            return self._asked(node, scope, names)

    def _chosen(self, node: ast.expr, scope: CodeScope, stack: Stack, depth: int) -> ast.expr | None:
        """The branch of a conditional expression, or the entry of a literal table, that counts."""
        if isinstance(node, ast.IfExp):
            verdict = self.truth(node.test, scope, stack)
            verdict = bool(self._eval(node.test, scope, stack, depth + 1)) if verdict is None else verdict
            return node.body if verdict else node.orelse
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Dict):
            key = self._eval(node.slice, scope, stack, depth + 1)
            keys = [k.value if isinstance(k, ast.Constant) else _ANY_KEY for k in node.value.keys]
            if _ANY_KEY not in keys and keys.count(key) == 1:
                return node.value.values[keys.index(key)]
        return None

    def _asked(self, node: ast.expr, scope: CodeScope, names: Mapping[str, object]) -> object:
        machine = machine_dependence(self._index, scope.path, node)
        if machine:
            raise _Underived(*open_reason(node, names, {}, machine))
        filled = _Filled(names).visit(ast.parse(ast.unparse(node), mode="eval").body)
        if unresolved_name(self._index, scope.path, filled):
            raise NotPlain("local")
        found = self._value_of(scope.path, ast.unparse(filled))
        if isinstance(found, Unknown) or not is_plain(found.value):
            raise NotPlain("value")
        return found.value

    def _leaf(self, node: ast.expr, scope: CodeScope, stack: Stack, depth: int) -> object:
        """Value of a name or attribute."""
        known = self._configured(node, scope)
        if known is not None:
            if isinstance(known, Unknown):
                raise _Underived(known.reason, known.arguments)
            if isinstance(known.value, Reference):
                raise NotPlain(known.value)
            return known.value
        dotted = self._index.symbols.resolve(scope.path, ast.unparse(node), scope.dotted)
        if isinstance(dotted, External) and dotted.dotted in DTYPES:
            return dotted.dotted
        machine = machine_dependence(self._index, scope.path, node)
        if machine:
            raise _Underived("depends_on_machine", (("call", machine),))
        if isinstance(node, ast.Name):
            return self._name(node.id, scope, stack, depth)
        if isinstance(node, ast.Attribute):
            return self._attribute(node, scope, stack, depth)
        raise NotPlain("leaf")

    def option(self, node: ast.expr, scope: CodeScope) -> ConfigValue | None:
        """The configuration value that a name or attribute reads, with its place."""
        found = {v.where: v for slot in self._reads(node, scope) if (v := self._by_name.get(slot)) is not None}
        return next(iter(found.values())) if len(found) == 1 else None

    def _configured(self, node: ast.expr, scope: CodeScope) -> Value | None:
        """The configuration value that a name or attribute reads, None where it reads none."""
        found: dict[tuple[str, int], Value] = {}
        for owner, name in self._reads(node, scope):
            value = self._by_name.get((owner, name))
            if value is not None:
                key = (value.where.path, value.where.first_line)
                found[key] = self._effective.get((owner, name), value.effective or value.value)
        return next(iter(found.values())) if len(found) == 1 else None

    def _reads(self, node: ast.expr, scope: CodeScope) -> list[tuple[str, str]]:
        """(owner, name) pairs of the configuration that an expression may read."""
        if isinstance(node, ast.Attribute):
            types = sorted(self._inference.types(node.value, scope), key=repr)
            return [slot for found in types for slot in slots_read(found, node.attr)]
        if isinstance(node, ast.Name):
            owner = self._inference.scopes.owner_of(scope, node.id)
            if owner is None or not owner.is_function:
                found = self._index.symbols.resolve(scope.path, node.id)
                path = found.path if isinstance(found, Definition) else scope.path
                name = found.name if isinstance(found, Definition) else node.id
                return [(path, name)]
        return []

    def _name(self, name: str, scope: CodeScope, stack: Stack, depth: int) -> object:
        owner = self._inference.scopes.owner_of(scope, name) or self._inference.scopes.by_key[scope.path]
        bound = [n for n in owner.nodes if _binds(n, name)]
        arguments = getattr(owner.node, "args", None)
        is_parameter = isinstance(arguments, ast.arguments) and any(a.arg == name for a in parameters_of(arguments))
        if is_parameter and not bound:
            return self._parameter(name, owner, stack, depth)
        if len(bound) == 1 and not is_parameter and isinstance(bound[0], ast.Assign):
            return self._eval(_bound_part(bound[0], name), owner, stack, depth + 1)
        if len(bound) > 1 and not is_parameter:
            body = getattr(owner.node, "body", [])
            return self._eval(self._branch_binding(body, name, owner, stack), owner, stack, depth + 1)
        raise NotPlain(name)

    def _branch_binding(self, statements: Sequence[ast.stmt], name: str, owner: CodeScope, stack: Stack) -> ast.expr:
        """The expression bound in the one branch that a default run takes; every branch may bind it once."""
        binding = [s for s in statements if any(_binds(inner, name) for inner in ast.walk(s))]
        if len(binding) != 1:
            raise NotPlain(name)
        statement = binding[0]
        if isinstance(statement, ast.Assign):
            return _bound_part(statement, name)
        verdict = self.truth(statement.test, owner, stack) if isinstance(statement, ast.If) else None
        if verdict is None or not isinstance(statement, ast.If):
            raise NotPlain(name)
        return self._branch_binding(statement.body if verdict else statement.orelse, name, owner, stack)

    def _parameter(self, name: str, owner: CodeScope, stack: Stack, depth: int) -> object:
        for place in range(len(stack) - 1, -1, -1):
            step, target = stack[place]
            if target.body is not None and target.body.scope is owner and isinstance(step.node, ast.Call):
                try:
                    given = argument_named(step.node, owner.node, name, has_receiver_of(target), given_before(target))
                except NotPlain:
                    if is_open(step.node):
                        break
                    call = Place(step.node, step.scope, tuple(stack[:place]))
                    found = keyword_given(self._inference, call, name, given_before(target))
                    if found is None:
                        break
                    return self._eval(found.node, found.scope, found.stack, depth + 1)
                if given is not None:
                    return self._eval(given, step.scope, stack[:place], depth + 1)
                break
        else:
            return self._unreached(name, owner, depth)
        default = default_of(owner.node, name)
        if default is None:
            raise NotPlain(name)
        value = self._eval(default, owner.parent or owner, (), depth + 1)
        if is_open(step.node):
            self._raise_for_callers(name, owner, value, depth)
        return value

    def _unreached(self, name: str, owner: CodeScope, depth: int) -> object:
        """Of a function that no code names, whoever calls it from outside leaves what has a default."""
        default = default_of(owner.node, name)
        is_method = owner.parent is not None and owner.parent.is_class
        is_open = is_method or self._callers.is_named(owner)
        if default is None or (is_open and owner.key != self._entry):
            return self._agreed(name, owner, depth)
        return self._eval(default, owner.parent or owner, (), depth + 1)

    def _agreed(self, name: str, owner: CodeScope, depth: int) -> object:
        """What every construction of the class gives its constructor, where all give the same."""
        places = given_by_all(self._inference, self._callers, owner, name)
        first, *others = [self._eval(place.node, place.scope, place.stack, depth + 1) for place in places]
        if any(type(other) is not type(first) or other != first for other in others):
            raise NotPlain(name)
        return first

    def _raise_for_callers(self, name: str, owner: CodeScope, default: object, depth: int) -> None:
        """A program that begins in a class has no one value where callers in the repository give another one."""
        lines = []
        for node, scope in self._callers.giving(owner, name):
            try:
                is_same = self._eval(node, scope, (), depth + 1) == default
            except (_Underived, NotPlain):
                is_same = False
            lines += [] if is_same else [str(self._index.span(scope.path, node))]
        if lines:
            raise _Underived("set_by_callers", (("name", name), ("lines", ", ".join(sorted(set(lines))))))

    def _attribute(self, node: ast.Attribute, scope: CodeScope, stack: Stack, depth: int) -> object:
        """What the object's constructor sets on this way; else `self.x` that is assigned once in its class."""
        saved = saved_parameter(self._contexts, node, scope, tuple(stack))
        if saved is not None:
            return self._eval(*saved, depth + 1)
        objects = self._contexts.values(node.value, scope, tuple(stack)) or ()
        if not objects:
            only = made_once(self._inference, self._contexts, Place(node.value, scope, tuple(stack)))
            objects = (only,) if only is not None else ()
        made = self._contexts.stored(objects[0], node.attr) if len(objects) == 1 else None
        if made is not None:
            return self._eval(*made, depth + 1)
        for base in self._inference.types(node.value, scope):
            if isinstance(base, Foreign):
                raise NotPlain("foreign")
        if isinstance(node.value, ast.Name) and scope.parent is not None and scope.parent.is_class:
            methods = [s for s in self._inference.scopes.by_key.values() if s.parent is scope.parent]
            text = ast.unparse(node)
            stores = [
                (s, n)
                for s in methods
                for n in s.nodes
                if isinstance(n, ast.Assign) and text in map(ast.unparse, n.targets)
            ]
            if len(stores) == 1:
                return self._eval(stores[0][1].value, stores[0][0], (), depth + 1)
        raise NotPlain("attribute")


class _Underived(Exception):
    """A configuration value on the way is itself unknown, with its reason."""

    def __init__(self, reason: str, arguments: tuple[tuple[str, str], ...]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.arguments = arguments


def _of_whole(gap: _Underived, node: ast.expr, leaf: ast.expr) -> _Underived:
    """Of an expression around it the two values of a leaf say nothing any more."""
    if gap.reason != "set_by_mapping_unless" or node is leaf:
        return gap
    return _Underived("set_by_mapping", gap.arguments[:1])


class _Filled(ast.NodeTransformer):
    """Replaces names and attributes by their values."""

    def __init__(self, names: Mapping[str, object]) -> None:
        self._names = names

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (ast.Name, ast.Attribute)) and ast.unparse(node) in self._names:
            return ast.parse(repr(self._names[ast.unparse(node)]), mode="eval").body
        visited: ast.AST = super().visit(node)
        return visited


def _leaves(node: ast.expr) -> list[ast.expr]:
    """Outermost names and attributes of an expression, callees apart."""
    if isinstance(node, (ast.Name, ast.Attribute)):
        return [node]
    found: list[ast.expr] = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr) and not (isinstance(node, ast.Call) and child is node.func):
            found += _leaves(child)
        elif isinstance(child, ast.keyword):
            found += _leaves(child.value)
    return found


def _binds(node: ast.AST, name: str) -> bool:
    return isinstance(
        node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For, ast.NamedExpr, ast.comprehension)
    ) and any(
        isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
        for target in _targets(node)
        for n in ast.walk(target)
    )


def _targets(node: ast.AST) -> list[ast.expr]:
    return list(node.targets) if isinstance(node, ast.Assign) else [node.target]  # type: ignore[attr-defined]


def _bound_part(node: ast.Assign, name: str) -> ast.expr:
    target = node.targets[0]
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        for part, value in zip(target.elts, node.value.elts, strict=False):
            if isinstance(part, ast.Name) and part.id == name:
                return value
    if isinstance(target, ast.Name):
        return node.value
    raise NotPlain(name)
