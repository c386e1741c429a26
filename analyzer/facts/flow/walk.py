"""Code in the order in which it runs from an entry point: calls, loops over data and stores, nested as written.

Calls into the repository's own code are followed. Both branches of an `if` are walked unless the arguments of the
call decide it (`targets is None` where no targets are given); nothing is executed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from analyzer.facts.flow.callbacks import CALLERS, GENERATING, RUNNING_METHODS, handed_call, runs_its_first_argument
from analyzer.facts.flow.choices import behind_exit, first_arm, numbered_arm, other_arm
from analyzer.facts.flow.constants import GIVEN, decide, defaults_of, given_arguments, literals, never_none
from analyzer.facts.flow.driven import Handover, Holder, driven_steps, has_hooks, holders_of
from analyzer.facts.flow.frameworks import driver_of
from analyzer.facts.flow.inference import Inference
from analyzer.facts.flow.objects import Container, Foreign, Function, Instance, Klass, Type
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.steps import Body, Context, Loop, Step, Surrounding, Target

MAX_DEPTH = 28
MAX_STEPS = 60_000
LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@dataclass
class _Frame:
    body: Body
    constants: Mapping[str, object]
    depth: int


class Walker:
    """Walks bodies once per set of constants; a body is shared by all calls with the same ones."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._bodies: dict[tuple[str, tuple[tuple[str, str], ...]], Body] = {}
        self._open: set[int] = set()
        self._steps = 0

    def script(self, path: str) -> Body:
        """The module-level code of a file, run as a script."""
        self._steps = 0
        return self._walk(self._inference.scopes.by_key[path], {"__name__": "__main__"}, 0)

    def function(self, qualified_name: str) -> Body | None:
        """A function or method, its arguments unknown."""
        scope = self._inference.scopes.by_key.get(qualified_name)
        return self._walk(scope, {}, 0) if scope is not None else None

    def _walk(self, scope: CodeScope, constants: Mapping[str, object], depth: int) -> Body:
        key = (scope.key, tuple(sorted((name, repr(value)) for name, value in constants.items())))
        if key not in self._bodies:
            body = Body(scope, constants=constants)
            self._bodies[key] = body
            self._open.add(id(body))
            frame = _Frame(body, constants, depth)
            node = scope.node
            if isinstance(node, ast.Lambda):
                self._expression(node.body, frame, Surrounding(), ast.copy_location(ast.Expr(node.body), node.body))
            else:
                self._block(node.body, frame, _decorated(self._inference, scope))
            self._open.discard(id(body))
        return self._bodies[key]

    def _written(self, node: ast.expr, frame: _Frame) -> str:
        """Source text of an expression on one line."""
        lines = self._inference.index.lines(frame.body.scope.path)
        last = node.end_lineno or node.lineno
        if last != node.lineno or last > len(lines):
            return ast.unparse(node)
        line = lines[node.lineno - 1].encode("utf-8", "surrogateescape")
        return line[node.col_offset : node.end_col_offset].decode("utf-8", "surrogateescape")

    # --- statements

    def _block(self, statements: Sequence[ast.stmt], frame: _Frame, around: Surrounding) -> bool:
        """Walk statements; True where control never reaches their end."""
        for statement, following in zip_longest(statements, statements[1:]):
            if self._statement(statement, frame, around):
                return True
            if isinstance(statement, ast.If) and isinstance(statement.body[-1], LEAVING):
                text = self._written(statement.test, frame)
                around = behind_exit(around, frame.body.scope.path, statement, f"not ({text})", following)
                around = replace(around, unless=(*around.unless, text))
        return False

    def _statement(self, node: ast.stmt, frame: _Frame, around: Surrounding) -> bool:
        handler = getattr(self, f"_{type(node).__name__.lower()}", None)
        if handler is not None:
            return bool(handler(node, frame, around))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return False
        for child in _evaluated_parts(node):
            self._expression(child, frame, around, node)
        for target in _stored(node):
            if isinstance(target, (ast.Attribute, ast.Subscript)):
                frame.body.steps.append(Step("store", target, frame.body.scope, node, around))
        return isinstance(node, (ast.Return, ast.Raise))

    def _if(self, node: ast.If, frame: _Frame, around: Surrounding) -> bool:
        decided = decide(node.test, frame.constants)
        self._expression(node.test, frame, around, node)
        if decided is not None:
            return self._block(node.body if decided else node.orelse, frame, around)
        text, path = self._written(node.test, frame), frame.body.scope.path
        first = self._block(node.body, frame, _under(first_arm(around, path, node, text), text))
        otherwise = f"not ({text})"
        other = _under(other_arm(around, path, node, otherwise), otherwise)
        second = self._block(node.orelse, frame, other) if node.orelse else False
        return first and second

    def _for(self, node: ast.For, frame: _Frame, around: Surrounding) -> bool:
        self._expression(node.iter, frame, around, node)
        header = f"for {self._written(node.target, frame)} in {self._written(node.iter, frame)}"
        inner = _in_loop(around, header, frame, node)
        frame.body.steps.append(Step("loop", node, frame.body.scope, node, inner))
        self._block(node.body, frame, inner)
        self._block(node.orelse, frame, around)
        return False

    _asyncfor = _for

    def _while(self, node: ast.While, frame: _Frame, around: Surrounding) -> bool:
        inner = _in_loop(around, f"while {self._written(node.test, frame)}", frame, node)
        self._expression(node.test, frame, inner, node)
        self._block(node.body, frame, inner)
        return False

    def _with(self, node: ast.With, frame: _Frame, around: Surrounding) -> bool:
        for item in node.items:
            self._expression(item.context_expr, frame, around, node)
            types = self._inference.types(item.context_expr, frame.body.scope)
            dotted = frozenset(t.dotted for t in types if isinstance(t, Foreign))
            context = Context(dotted, self._written(item.context_expr, frame), node.lineno)
            around = replace(around, contexts=(*around.contexts, context))
        return self._block(node.body, frame, around)

    _asyncwith = _with

    def _try(self, node: ast.Try, frame: _Frame, around: Surrounding) -> bool:
        ended = self._block(node.body, frame, around)
        for handler in node.handlers:
            name = ast.unparse(handler.type) if handler.type is not None else ""
            self._block(handler.body, frame, _under(around, f"except {name}".strip()))
        self._block(node.orelse, frame, around)
        self._block(node.finalbody, frame, around)
        return ended and not node.handlers

    def _match(self, node: ast.Match, frame: _Frame, around: Surrounding) -> bool:
        self._expression(node.subject, frame, around, node)
        for number, case in enumerate(node.cases, 1):
            text = f"case {ast.unparse(case.pattern)}"
            arm = numbered_arm(around, frame.body.scope.path, node, number, text)
            self._block(case.body, frame, _under(arm, text))
        return False

    # --- expressions, innermost first

    def _expression(self, node: ast.AST, frame: _Frame, around: Surrounding, statement: ast.stmt) -> None:
        if isinstance(node, ast.Lambda):
            return
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            self._comprehension(node, frame, around, statement)
            return
        if isinstance(node, ast.IfExp):
            self._choice(node, frame, around, statement)
            return
        for child in ast.iter_child_nodes(node):
            self._expression(child, frame, around, statement)
        if isinstance(node, ast.Call):
            self._call(node, frame, around, statement)

    def _comprehension(
        self,
        node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
        frame: _Frame,
        around: Surrounding,
        statement: ast.stmt,
    ) -> None:
        for generator in node.generators:
            self._expression(generator.iter, frame, around, statement)
            header = f"for {self._written(generator.target, frame)} in {self._written(generator.iter, frame)}"
            around = _in_loop(around, header, frame, node)
            for test in generator.ifs:
                self._expression(test, frame, around, statement)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for part in parts:
            self._expression(part, frame, around, statement)

    def _choice(self, node: ast.IfExp, frame: _Frame, around: Surrounding, statement: ast.stmt) -> None:
        self._expression(node.test, frame, around, statement)
        decided = decide(node.test, frame.constants)
        text, path = self._written(node.test, frame), frame.body.scope.path
        if decided is not False:
            inner = around if decided else _under(first_arm(around, path, node, text), text)
            self._expression(node.body, frame, inner, statement)
        if decided is not True:
            otherwise = f"not ({text})"
            inner = around if decided is False else _under(other_arm(around, path, node, otherwise), otherwise)
            self._expression(node.orelse, frame, inner, statement)

    def _call(self, node: ast.Call, frame: _Frame, around: Surrounding, statement: ast.stmt) -> None:
        scope = frame.body.scope
        targets: list[Target] = []
        callees = sorted(self._inference.types(node.func, scope), key=repr)
        for found in callees:
            targets += self._targets(found, node, frame)
        frame.body.steps.append(Step("call", node, scope, statement, around, tuple(targets)))
        for found in callees:
            if isinstance(found, Foreign):
                frame.body.steps += self._callbacks(found, node, frame, around, statement)
        for target in targets:
            driver = driver_of(target.dotted) if target.dotted else None
            if driver is not None:
                handover = Handover(driver, node, scope, statement, around, self._models_of(target.type))
                frame.body.steps += self._driven(handover, target.type, node, frame)

    def _driven(self, handover: Handover, found: Type, node: ast.Call, frame: _Frame) -> list[Step]:
        """What a framework runs of the objects that this call gives it, or of the trainer itself."""
        holders = list(holders_of(self._inference, handover.driver, node, handover.scope))
        trainer = getattr(found, "about", None)
        if trainer is not None and isinstance(node.func, ast.Attribute):
            is_trainer = has_hooks(self._inference, handover.driver, trainer)
            holders += [Holder(trainer, node.func.value)] if is_trainer else []
        return driven_steps(self._inference, handover, holders, lambda name: self._hook_body(name, frame))

    def _models_of(self, found: Type) -> tuple[Instance, ...]:
        """Own models that a trainer keeps: what it was made about, or what its subclass was given."""
        about = getattr(found, "about", None)
        kept = self._inference.slots.get((about.owner, "model")) if about is not None else frozenset()
        models = {t for t in (about, *kept) if isinstance(t, Instance) and self._inference.is_module(t)}
        return tuple(sorted(models, key=repr))

    def _hook_body(self, name: str, frame: _Frame) -> Body | None:
        scope = self._inference.scopes.by_key.get(name)
        return self._walk(scope, {}, frame.depth + 1) if scope is not None and frame.depth < MAX_DEPTH else None

    def _targets(self, found: Type, node: ast.Call, frame: _Frame) -> Iterator[Target]:
        if isinstance(found, Foreign):
            yield Target(found, _public(found.dotted))
        elif isinstance(found, Container):
            for item in sorted(self._inference.members(found), key=repr) if found.dotted else ():
                yield from self._targets(item, node, frame)
        elif isinstance(found, (Instance, Klass, Function)):
            function = self._inference.calls.called_function(found)
            if not isinstance(found, Instance) or self._is_possible(function, node):
                yield self._own_target(found, function, node, frame)

    def _is_possible(self, function: Function | None, node: ast.Call) -> bool:
        """`value() if callable(value) else value`: an object whose call needs arguments is not what is called there."""
        scope = self._inference.scopes.by_key.get(function.name) if function is not None else None
        arguments = getattr(scope.node, "args", None) if scope is not None else None
        if node.args or node.keywords or not isinstance(arguments, ast.arguments):
            return True
        positional = (*arguments.posonlyargs, *arguments.args)
        return len(positional) - len(arguments.defaults) <= 1 and None not in arguments.kw_defaults

    def _callbacks(
        self, found: Foreign, node: ast.Call, frame: _Frame, around: Surrounding, statement: ast.stmt
    ) -> Iterator[Step]:
        """Calls of the functions that a foreign call is given to run them."""
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        owner = found.about if found.dotted.endswith(GENERATING) else None
        function = self._inference.calls.called_function(owner) if isinstance(owner, Instance) else None
        if function is not None and isinstance(owner, Instance):
            run = handed_call(found.dotted, node, node.func)
            yield Step("call", run, frame.body.scope, statement, around, (self._followed(owner, function, {}, frame),))
        is_known = found.dotted in CALLERS or found.dotted.endswith(RUNNING_METHODS)
        if not is_known and not runs_its_first_argument(found.dotted):
            return
        for argument in arguments if is_known else node.args[:1]:
            call = handed_call(found.dotted, node, argument)
            for item in sorted(self._inference.types(argument, frame.body.scope), key=repr):
                if isinstance(item, (Function, Instance) if is_known else Function):
                    function = self._inference.calls.called_function(item)
                    if function is not None:
                        target = self._followed(item, function, {}, frame)
                        yield Step("call", call, frame.body.scope, statement, around, (target,))

    def _own_target(self, found: Type, function: Function | None, node: ast.Call, frame: _Frame) -> Target:
        if function is None:
            return Target(found)
        target = self._followed(found, function, self._constants(function, found, node, frame), frame)
        last = function.name.rpartition(".")[2]
        name = last.rpartition(":")[2]
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if isinstance(found, Function) and called and called != name and "<lambda@" not in last:
            target.handed = name
        return target

    def _followed(self, found: Type, function: Function, constants: Mapping[str, object], frame: _Frame) -> Target:
        scope = self._inference.scopes.by_key.get(function.name)
        self._steps += 1
        if scope is None:
            return Target(found)
        if frame.depth >= MAX_DEPTH or self._steps > MAX_STEPS:
            return Target(found, note="cut")
        body = self._walk(scope, constants, frame.depth + 1)
        return Target(found, body=body, note="recursion" if id(body) in self._open else "")

    def _is_given(self, node: ast.expr, frame: _Frame) -> bool:
        """True for a name that stands for some object on every way."""
        if not isinstance(node, ast.Name):
            return False
        if node.id in frame.constants:
            return frame.constants[node.id] is GIVEN
        scope = frame.body.scope
        owner = self._inference.scopes.owner_of(scope, node.id) or scope
        return bool(self._inference.types(node, scope)) and never_none(owner, node.id)

    def _constants(self, function: Function, found: Type, node: ast.Call, frame: _Frame) -> dict[str, object]:
        """Parameters whose value this call fixes: given literals, and defaults of what is not given."""
        scope = self._inference.scopes.by_key.get(function.name)
        arguments = getattr(scope.node, "args", None) if scope is not None else None
        if scope is None or not isinstance(arguments, ast.arguments):
            return {}
        names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
        has_receiver = function.receiver is not None or isinstance(found, (Instance, Klass))
        before = function.given
        given = given_arguments([n for n in (names[1:] if has_receiver else names) if n not in before], node)
        is_open = any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords)
        values = literals(given, frame.constants)
        values |= {name: GIVEN for name, value in given.items() if self._is_given(value, frame)}
        if not is_open:
            values |= literals({n: d for n, d in defaults_of(arguments).items() if n not in {*given, *before}}, {})
        stored = {n.id for n in scope.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        return {name: value for name, value in values.items() if name not in stored}


def _under(around: Surrounding, condition: str) -> Surrounding:
    return replace(around, conditions=(*around.conditions, condition))


def _in_loop(around: Surrounding, header: str, frame: _Frame, node: ast.AST) -> Surrounding:
    loop = Loop(header, frame.body.scope.path, getattr(node, "lineno", 0))
    return replace(around, loops=(*around.loops, loop))


def _decorated(inference: Inference, scope: CodeScope) -> Surrounding:
    """Decorators such as `@torch.no_grad()` act as a context around the whole body."""
    contexts = []
    for decorator in getattr(scope.node, "decorator_list", ()):
        node = decorator.func if isinstance(decorator, ast.Call) else decorator
        types = inference.types(node, scope.parent or scope)
        dotted = frozenset(f"{t.dotted}()" for t in types if isinstance(t, Foreign))
        if dotted:
            contexts.append(Context(dotted, ast.unparse(decorator), decorator.lineno))
    return Surrounding(contexts=tuple(contexts))


def _evaluated_parts(node: ast.stmt) -> list[ast.AST]:
    """Sub-expressions of a simple statement in the order of their evaluation: values before targets."""
    if isinstance(node, ast.Assign):
        return [node.value, *node.targets]
    if isinstance(node, ast.AugAssign):
        return [node.value, node.target]
    if isinstance(node, ast.AnnAssign):
        return [part for part in (node.value, node.target) if part is not None]
    return [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]


def _stored(node: ast.stmt) -> list[ast.expr]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        targets = [node.target]
    return [part for t in targets for part in (t.elts if isinstance(t, (ast.Tuple, ast.List)) else [t])]


def _public(dotted: str) -> str:
    """Internal names of parsers and containers are nobody's business."""
    if dotted.startswith("<parser>"):
        return f"argparse.ArgumentParser().{dotted.rpartition('.')[2]}"
    return "" if dotted.startswith("<") else dotted
