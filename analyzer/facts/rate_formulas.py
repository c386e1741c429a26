"""The learning rate that a line of the code sets, written out as one expression over settings and one counter.

Own functions, names and attributes of the schedule's object are followed back; what is left is a value that is known,
a counter, or a name that only a run gives.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from analyzer.facts.branch_values import LOST, names_before, returned_value, substituted
from analyzer.facts.evaluation import ValueOf
from analyzer.facts.flow import Function
from analyzer.facts.flow.bindings import argument_named, default_of
from analyzer.facts.flow.contexts import Contexts, Stack, first_parameter, frame_of, given_before, has_receiver_of
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.steps import Body, Step, Surrounding, Target
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.keyword_items import Place
from analyzer.facts.literal import NotPlain
from analyzer.facts.program import Program
from analyzer.facts.schedule_forms import sample_steps
from analyzer.index import External
from analyzer.records.evidence import Known, Unknown

MAX_DEPTH = 12
BUILT_IN = frozenset({"abs", "bool", "float", "int", "len", "max", "min", "pow", "round", "sum"})
ARITHMETIC = ("math.", "numpy.")
SHOWN_BEYOND = 5
"""A formula without an end is sampled over this many times its largest whole number."""
KEPT = (
    ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.List, ast.Tuple, ast.operator,
    ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context,
)  # fmt: skip
Rows = tuple[tuple[str, str, Known[object] | Unknown], ...]
Curve = tuple[tuple[int, float], ...]


@dataclass
class RateFormula:
    """The expression with what its names stand for."""

    text: str = ""
    path: str = ""
    values: dict[str, tuple[str, Known[object]]] = field(default_factory=dict)
    """What the source writes where a name's value is given, and the value."""
    counters: dict[str, int | None] = field(default_factory=dict)
    """Names that count, each with its last value where the code states one."""
    open: list[str] = field(default_factory=list)

    def factor_text(self) -> str:
        """The expression as a factor of a product."""
        is_sum = not isinstance(ast.parse(self.text, mode="eval").body, (ast.Call, ast.Name, ast.Constant))
        return f"({self.text})" if is_sum else self.text

    def rows(self) -> Rows:
        return tuple((name, text, value) for name, (text, value) in self.values.items())


def written_rate(program: Program, store: Occurrence) -> RateFormula | None:
    """The rate that `group["lr"] = …` sets; None where it cannot be written out."""
    statement, scope = store.step.statement, store.step.scope
    if not isinstance(statement, ast.Assign):
        return None
    writer = _Writer(program, scope.path)
    try:
        names = names_before(getattr(scope.node, "body", []), statement, writer.is_setting(scope))
        node = writer.write(Place(substituted(statement.value, names), scope, tuple(store.stack)), 0)
    except (NotPlain, RecursionError):
        return None
    return writer.formula(node)


def written_factor(program: Program, place: Place) -> RateFormula | None:
    """What a function of one argument gives that a scheduler is handed: `LambdaLR(optimizer, lambda step: …)`."""
    writer = _Writer(program, place.scope.path)
    try:
        node = writer.factor(place)
    except (NotPlain, RecursionError):
        return None
    return writer.formula(node)


def partly_known(program: Program, node: ast.expr, occurrence: Occurrence) -> Unknown | None:
    """A value that rests on settings and on something that only a run gives: what it is made of."""
    statement, scope = occurrence.step.statement, occurrence.step.scope
    writer = _Writer(program, scope.path)
    try:
        names = names_before(getattr(scope.node, "body", []), statement, writer.is_setting(scope))
        found = writer.formula(writer.write(Place(substituted(node, names), scope, tuple(occurrence.stack)), 0))
    except (NotPlain, RecursionError):
        return None
    if found is None or not found.values or not found.open or found.counters:
        return None
    known = "; ".join(f"{name} = {value.value!r} ({value.where[0]})" for name, (_, value) in found.values.items())
    told = (("expression", found.text), ("known", known), ("open", ", ".join(found.open)))
    return Unknown("rests_on_open", told, program.flow.index.span(scope.path, node))


def rate_curve(formula: RateFormula, value_of: ValueOf, base: float = 1.0) -> Curve:
    """(step, rate) pairs where the formula has just one open name, which counts."""
    if len(formula.counters) != 1 or formula.open:
        return ()
    ((counter, last),) = formula.counters.items()
    sizes = [v.value for _, v in formula.values.values() if type(v.value) is int and v.value > 1]
    end = last or max((size for size in sizes if isinstance(size, int)), default=0) * SHOWN_BEYOND
    points: list[tuple[int, float]] = []
    for step in sample_steps(end) if last else [1, *sample_steps(end)[1:]] if end > 1 else []:
        texts = {name: repr(value.value) for name, (_, value) in formula.values.items()} | {counter: repr(step)}
        given = {name: ast.parse(text, mode="eval").body for name, text in texts.items()}
        node = substituted(ast.parse(formula.text, mode="eval").body, given)
        found = value_of(formula.path, ast.unparse(node))
        if isinstance(found, Unknown) or not isinstance(found.value, (int, float)):
            return ()
        points.append((step, base * float(found.value)))
    return tuple(points) if len(points) > 1 else ()


class _Writer:
    def __init__(self, program: Program, path: str) -> None:
        self._program = program
        self._inference = program.flow.inference
        self._contexts = Contexts(program.flow.inference)
        self._argument: tuple[CodeScope, str] | None = None
        self._found = RateFormula(path=path)

    def formula(self, node: ast.expr) -> RateFormula | None:
        self._found.text = ast.unparse(ast.fix_missing_locations(node))
        return None if self._found.counters.keys() & self._found.values.keys() else self._found

    def is_setting(self, scope: CodeScope) -> Callable[[str], bool]:
        """Names of a script that are settings stand for themselves."""
        values = self._program.flow.values
        return lambda name: not scope.is_function and values.option(ast.Name(name, ast.Load()), scope) is not None

    def factor(self, place: Place) -> ast.expr:
        node, scope, stack = place
        found = [t for t in self._inference.types(node, scope) if isinstance(t, Function)]
        inner = self._inference.scopes.by_key.get(found[0].name) if len(found) == 1 else None
        arguments = getattr(inner.node, "args", None) if inner is not None else None
        if inner is None or not isinstance(arguments, ast.arguments) or len(arguments.args) != 1:
            raise NotPlain("function")
        self._argument = inner, arguments.args[0].arg
        body = (
            inner.node.body if isinstance(inner.node, ast.Lambda) else returned_value(getattr(inner.node, "body", []))
        )
        if not isinstance(body, ast.expr):
            raise NotPlain("function")
        return self.write(Place(body, inner, stack), 1)

    def write(self, place: Place, depth: int) -> ast.expr:
        node, scope, stack = place
        if depth > MAX_DEPTH:
            raise NotPlain("depth")
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._leaf(node, scope, stack, depth)
        if isinstance(node, ast.Call):
            return self._call(node, scope, stack, depth)
        if not isinstance(node, KEPT):
            raise NotPlain(type(node).__name__)
        parts = {id(n): n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)}
        if any(not isinstance(n, KEPT) for n in ast.iter_child_nodes(node) if not isinstance(n, ast.expr)):
            raise NotPlain(type(node).__name__)
        written = {key: self.write(Place(part, scope, stack), depth) for key, part in parts.items()}
        return _with_parts(node, written)

    def _call(self, node: ast.Call, scope: CodeScope, stack: Stack, depth: int) -> ast.expr:
        types = [t for t in sorted(self._inference.types(node.func, scope), key=repr) if isinstance(t, Function)]
        if not types:
            if not self._is_foreign(node.func, scope):
                return self._left_open(node)
            args = [self.write(Place(part, scope, stack), depth) for part in node.args]
            given = [ast.keyword(k.arg, self.write(Place(k.value, scope, stack), depth)) for k in node.keywords]
            return ast.Call(node.func, args, given)
        inner = self._inference.scopes.by_key.get(types[0].name)
        value = returned_value(getattr(inner.node, "body", [])) if inner is not None and len(types) == 1 else None
        if inner is None or value is None:
            return self._left_open(node)
        step = Step("call", node, scope, ast.Pass(), Surrounding())
        return self.write(Place(value, inner, (*stack, (step, Target(types[0], body=Body(inner))))), depth + 1)

    def _is_foreign(self, node: ast.expr, scope: CodeScope) -> bool:
        """Arithmetic of a library by a name that means the same in the formula's file, or a built-in one."""
        if isinstance(node, ast.Name) and node.id in BUILT_IN:
            return True
        text = ast.unparse(node)
        here = self._program.flow.index.symbols.resolve(scope.path, text, scope.dotted)
        there = self._program.flow.index.symbols.resolve(self._found.path, text)
        return isinstance(here, External) and here == there and here.dotted.startswith(ARITHMETIC)

    def _left_open(self, node: ast.expr) -> ast.expr:
        """A call that does what no expression says."""
        text = ast.unparse(node)
        if LOST in text:
            raise NotPlain(text)
        if text not in self._found.open:
            self._found.open.append(text)
        return node

    def _leaf(self, node: ast.Name | ast.Attribute, scope: CodeScope, stack: Stack, depth: int) -> ast.expr:
        text = ast.unparse(node)
        if text == LOST:
            raise NotPlain(text)
        if self._is_counted(node, scope) or self._argument == (scope, text):
            self._found.counters.setdefault(text, None)
            return node
        if self._is_foreign(node, scope):
            return node
        behind = self._behind(node, scope, stack)
        value = self._program.flow.values.value(node, scope, stack)
        if behind is not None and not isinstance(behind.node, (ast.Name, ast.Attribute, ast.Constant)):
            return self.write(behind, depth + 1)
        if isinstance(value, Known) and type(value.value) in (int, float, bool, str):
            return self._known(Place(node, scope, stack), value, behind)
        if behind is not None and not isinstance(behind.node, ast.Constant):
            return self.write(behind, depth + 1)
        self._ends(node, scope)
        return node

    def _known(self, place: Place, value: Known[object], behind: Place | None) -> ast.expr:
        """A name that has a value, with the line that gives it."""
        text = ast.unparse(place.node)
        origin = behind or place
        while isinstance(origin.node, (ast.Name, ast.Attribute)):
            further = self._behind(origin.node, origin.scope, origin.stack)
            if further is None:
                break
            origin = further
        option = self._program.flow.values.option(origin.node, origin.scope)
        index = self._program.flow.index
        at = option.where if option is not None else index.span(origin.scope.path, origin.node)
        given = option.expression if option is not None else index.segment(origin.scope.path, origin.node)
        known = self._found.values.setdefault(text, (given, Known(value.value, (at,), value.how)))
        if known[1].value != value.value:
            raise NotPlain(text)
        return place.node

    def _ends(self, node: ast.Name | ast.Attribute, scope: CodeScope) -> None:
        """What is no known value counts in a loop, or is open."""
        text = ast.unparse(node)
        loops = [n for n in scope.nodes if isinstance(n, (ast.For, ast.AsyncFor))]
        loop = next((n for n in loops if any(ast.unparse(part) == text for part in _counting(n))), None)
        if loop is not None:
            self._found.counters[text] = self._last(loop, scope)
        elif text not in self._found.open:
            self._found.open.append(text)

    def _last(self, loop: ast.For | ast.AsyncFor, scope: CodeScope) -> int | None:
        """The last number of `for n in range(…)`."""
        calls = [n for n in ast.walk(loop.iter) if isinstance(n, ast.Call) and ast.unparse(n.func) == "range"]
        if len(calls) != 1 or not calls[0].args or len(calls[0].args) > 2:
            return None
        found = self._program.flow.values.value(calls[0].args[-1], scope)
        return found.value - 1 if isinstance(found, Known) and type(found.value) is int and found.value > 1 else None

    def _is_counted(self, node: ast.Name | ast.Attribute, scope: CodeScope) -> bool:
        """`step += 1` somewhere in the function, `self.step += 1` somewhere in the class."""
        if isinstance(node, ast.Name):
            owner = self._inference.scopes.owner_of(scope, node.id)
            stores: Sequence[ast.AST] = owner.nodes if owner is not None else ()
        else:
            own = first_parameter(scope) if scope.parent is not None and scope.parent.is_class else ""
            is_own = isinstance(node.value, ast.Name) and node.value.id == own
            found = self._inference.scopes.attribute_stores.get(node.attr, ()) if is_own else ()
            stores = [statement for inner, statement in found if inner.parent is scope.parent]
        text = ast.unparse(node)
        added = [n for n in stores if isinstance(n, ast.AugAssign) and ast.unparse(n.target) == text]
        return bool(added) and all(isinstance(n.op, ast.Add) and isinstance(n.value, ast.Constant) for n in added)

    def _behind(self, node: ast.expr, scope: CodeScope, stack: Stack) -> Place | None:
        """The argument behind a parameter, or what the constructor stores in an attribute."""
        if isinstance(node, ast.Attribute):
            objects = self._contexts.values(node.value, scope, stack) or ()
            made = self._contexts.stored(objects[0], node.attr) if len(objects) == 1 else None
            return Place(*made) if made is not None else None
        if not isinstance(node, ast.Name) or node.id in scope.stored or not scope.is_function:
            return None
        at = frame_of(stack, scope)
        arguments = getattr(scope.node, "args", None)
        named = [a.arg for a in arguments.args + arguments.kwonlyargs] if isinstance(arguments, ast.arguments) else []
        if at is None or node.id not in named or not isinstance(stack[at][0].node, ast.Call):
            return None
        step, target = stack[at]
        given = argument_named(step.node, scope.node, node.id, has_receiver_of(target), given_before(target))  # type: ignore[arg-type]
        if given is not None:
            return Place(given, step.scope, stack[:at])
        default = default_of(scope.node, node.id)
        return Place(default, scope.parent or scope, ()) if default is not None else None


def _with_parts(node: ast.expr, written: dict[int, ast.expr]) -> ast.expr:
    result = copy.copy(node)
    for name, value in ast.iter_fields(node):
        parts = [written.get(id(part), part) for part in value] if isinstance(value, list) else written.get(id(value))
        if parts is not None:
            setattr(result, name, parts)
    return result


def _counting(loop: ast.For | ast.AsyncFor) -> list[ast.expr]:
    """The name that counts in `for n in range(…)` and `for n, x in enumerate(…)`, a progress bar around it or not."""
    called = {ast.unparse(n.func).rpartition(".")[2] for n in ast.walk(loop.iter) if isinstance(n, ast.Call)}
    if "enumerate" in called:
        return loop.target.elts[:1] if isinstance(loop.target, ast.Tuple) else []
    return [loop.target] if "range" in called else []
