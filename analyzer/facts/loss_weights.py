"""With which factor each loss term enters the value that gradients are taken of, as the code writes it.

The sum is followed back through assignments, products and own functions; where two ways lead to a term with different
factors, it has none that can be told.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.flow import Function
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.steps import Step, Target
from analyzer.facts.flow.trace import Occurrence, is_forward
from analyzer.facts.loss_slices import arguments_for, differentiated_values, is_backward, losses_of_return
from analyzer.facts.program import Program
from analyzer.records.evidence import Known, Unknown

MAX_DEPTH = 40
IN_DIVISORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
Factors = tuple[str, ...]
Statement = ast.Assign | ast.AugAssign


class Factor(str):
    """A factor's text, and the key of the function that writes it."""

    scope: str

    def __new__(cls, text: str, scope: str) -> Factor:
        found = super().__new__(cls, text)
        found.scope = scope
        return found


def _placed(factors: Factors, scope: CodeScope) -> Factors:
    return tuple(Factor(text, scope.key) for text in factors)


class LossWeights:
    """Factors of the calls on the way from `backward` to the losses."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._steps: dict[int, Step] = {}
        for occurrence in program.occurrences:
            self._steps.setdefault(id(occurrence.step.node), occurrence.step)
        self._found: dict[int, set[Factors]] = {}
        self._open: set[int] = set()
        for start in program.occurrences:
            if is_backward(start) and start.call is not None:
                for node, scope in differentiated_values(program, start, start.call):
                    self._follow(node, scope, (), 0)

    def of(self, occurrence: Occurrence) -> str | None:
        """The factor as text, None where there is none or more than one."""
        return _product(self._factors(occurrence)) or None

    def _factors(self, occurrence: Occurrence) -> Factors:
        """Of the call itself; inside of a model's forward, where the way ends, those of the call that runs it."""
        found = self._found.get(id(occurrence.call), set())
        for step, target in () if found else reversed(occurrence.stack):
            if id(step.node) in self._found and target.body is not None:
                calls = self._program.calls_of.get(target.body.scope.key, ())
                found = set().union(*(self._found.get(id(other.node), set()) for other, _ in calls))
                break
        return next(iter(found)) if len(found) == 1 else ()

    def value_of(self, occurrence: Occurrence) -> Known[object] | Unknown | None:
        """What the factors come to on the way to the loss; None where there are none."""
        factors = self._factors(occurrence)
        where = self._program.flow.index.span(occurrence.step.scope.path, occurrence.step.node)
        product: int | float = 1
        for factor in factors:
            value = self._factor_value(factor, occurrence)
            if isinstance(value, Unknown):
                return value
            if isinstance(value.value, bool) or not isinstance(value.value, (int, float)) or not value.value:
                return Unknown("not_derived", (("expression", _product(factors)),), where)
            product = product / value.value if factor.startswith("/") else product * value.value
        return Known(product, (where,), "evaluated") if factors else None

    def _factor_value(self, factor: str, occurrence: Occurrence) -> Known[object] | Unknown:
        """In the function that writes the factor."""
        written_in = getattr(factor, "scope", occurrence.step.scope.key)
        scope = self._program.flow.inference.scopes.by_key[written_in]
        node = ast.parse(factor.removeprefix("/ "), mode="eval").body
        return self._program.flow.values.value(node, scope, occurrence.stack)

    def _follow(self, node: ast.AST, scope: CodeScope, factors: Factors, depth: int) -> None:
        if depth > MAX_DEPTH:
            return
        if isinstance(node, ast.Call):
            self._call(node, scope, factors, depth)
        elif isinstance(node, (ast.Name, ast.Attribute)):
            self._value(node, scope, factors, depth)
        else:
            for part, further in _parts(node):
                self._follow(part, scope, (*factors, *_placed(further, scope)), depth + 1)

    def _call(self, call: ast.Call, scope: CodeScope, factors: Factors, depth: int) -> None:
        self._found.setdefault(id(call), set()).add(factors)
        step = self._steps.get(id(call))
        inner = [self._returning(target) for target in (step.targets if step is not None else ())]
        for returning in inner:
            if returning is not None:
                self._enter(returning, factors, depth)
        if any(inner):
            return
        if step is not None and any(is_forward(self._program.flow.inference, t) for t in step.targets):
            return
        receiver = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        for part in (*receiver, *call.args):
            self._follow(part, scope, factors, depth + 1)

    def _returning(self, target: Target) -> CodeScope | None:
        """The own function whose result a call is; forwards of models return more than a loss."""
        is_own = isinstance(target.type, Function) and target.body is not None and not target.note
        if not is_own or target.body is None or is_forward(self._program.flow.inference, target):
            return None
        return target.body.scope

    def _enter(self, scope: CodeScope, factors: Factors, depth: int) -> None:
        if id(scope) not in self._open:
            self._open.add(id(scope))
            for node in losses_of_return(scope):
                self._follow(node, scope, factors, depth + 1)
            self._open.discard(id(scope))

    def _value(self, node: ast.Name | ast.Attribute, scope: CodeScope, factors: Factors, depth: int) -> None:
        text = ast.unparse(node)
        owner = self._program.flow.inference.scopes.owner_of(scope, node.id) if isinstance(node, ast.Name) else scope
        owner = owner or scope
        for given, outer in arguments_for(self._program, owner, text) if isinstance(node, ast.Name) else ():
            self._follow(given, outer, factors, depth + 1)
        for statement in _reaching(text, owner, node):
            if id(statement) in self._open:
                continue
            self._open.add(id(statement))
            for part, further in _added(statement):
                self._follow(part, owner, (*factors, *_placed(further, owner)), depth + 1)
            self._open.discard(id(statement))


def _reaching(text: str, scope: CodeScope, use: ast.expr) -> list[Statement]:
    """Bindings that a use may see: the last one before it, more where that stands deeper than the use."""
    bound = [n for n in scope.nodes if isinstance(n, (ast.Assign, ast.AugAssign)) and _binds(n, text)]
    before = sorted((n for n in bound if n.lineno < use.lineno), key=lambda n: n.lineno)
    for place in range(len(before) - 1, -1, -1):
        if before[place].col_offset <= use.col_offset:
            return before[place:]
    return before or bound


def _added(statement: Statement) -> Iterator[tuple[ast.AST, Factors]]:
    """What a binding puts into its target: `x += y` adds to what was there, `x /= n` divides it."""
    if isinstance(statement, ast.Assign):
        yield statement.value, ()
    else:
        yield from _terms(ast.copy_location(ast.BinOp(statement.target, statement.op, statement.value), statement))


def _parts(node: ast.AST) -> Iterator[tuple[ast.AST, Factors]]:
    """Terms of an expression with the factors that it gives them."""
    if isinstance(node, ast.BinOp):
        yield from _terms(node)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand, ("-1",) if isinstance(node.op, ast.USub) else ()
    elif isinstance(node, ast.IfExp):
        yield from ((node.body, ()), (node.orelse, ()))
    elif isinstance(node, ast.Subscript):
        yield node.value, ()
    else:
        yield from ((child, ()) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))


def _terms(node: ast.BinOp) -> Iterator[tuple[ast.AST, Factors]]:
    if isinstance(node.op, (ast.Add, ast.Sub)):
        yield node.left, ()
        yield node.right, ("-1",) if isinstance(node.op, ast.Sub) else ()
    elif isinstance(node.op, ast.Mult):
        yield node.left, (_factor(node.right),)
        yield node.right, (_factor(node.left),)
    elif isinstance(node.op, ast.Div):
        yield node.left, (f"/ {_factor(node.right, IN_DIVISORS)}",)


def _factor(node: ast.expr, loose: tuple[type[ast.operator], ...] = (ast.Add, ast.Sub)) -> str:
    """The text of a factor, in brackets where the product would take it apart."""
    is_loose = isinstance(node, ast.BinOp) and isinstance(node.op, loose)
    text = ast.unparse(node)
    return f"({text})" if is_loose or isinstance(node, ast.IfExp) else text


def _product(factors: Factors) -> str:
    """Signs are multiplied out, divisors stand last, the other factors in the order in which they are met."""
    sign = "-" if factors.count("-1") % 2 else ""
    above = [factor for factor in factors if factor != "-1" and not factor.startswith("/")]
    below = [factor for factor in factors if factor.startswith("/")]
    if not above and not below:
        return f"{sign}1" if sign else ""
    return " ".join([f"{sign}{' * '.join(above) or '1'}", *below])


def _binds(statement: Statement, text: str) -> bool:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    parts = [p for t in targets for p in (t.elts if isinstance(t, (ast.Tuple, ast.List)) else [t])]
    return any(ast.unparse(part) == text for part in parts)
