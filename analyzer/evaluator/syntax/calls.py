"""Builders of calls, including the builtins that look at the calling frame (`super()`, `locals()`, `eval`)."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.syntax.function_copies import build_copy
from analyzer.evaluator.syntax.scope import Evaluate, Expressions, Scope, find_bound_names
from analyzer.evaluator.values import UnknownValue


def build_Call(node: ast.Call, scope: Scope) -> Evaluate:
    if isinstance(node.func, ast.Name) and node.func.id in FRAME_CALLS and scope.hops(node.func.id) is None:
        return _build_frame_call(node, scope)
    function = scope.expression(node.func)
    gather = build_arguments(node, scope)

    def call(frame: Frame) -> Any:
        target = function(frame)
        args, kwargs = gather(frame)
        return frame.session.call(target, args, kwargs)

    return build_copy(node, scope, call)


def build_arguments(node: ast.Call, scope: Scope) -> Callable[[Frame], tuple[list[Any], dict[str, Any]]]:
    """The closure that evaluates positional and keyword arguments, stars included."""
    if not any(isinstance(arg, ast.Starred) for arg in node.args) and all(word.arg for word in node.keywords):
        args = [scope.expression(arg) for arg in node.args]
        words = [(word.arg or "", scope.expression(word.value)) for word in node.keywords]
        return lambda frame: ([arg(frame) for arg in args], {name: value(frame) for name, value in words})
    return _build_starred(node, scope)


def _build_starred(node: ast.Call, scope: Scope) -> Callable[[Frame], tuple[list[Any], dict[str, Any]]]:
    positional = scope.expression(ast.List(node.args, ast.Load()))
    words = [(word.arg, scope.expression(word.value)) for word in node.keywords]

    def gather(frame: Frame) -> tuple[list[Any], dict[str, Any]]:
        kwargs: dict[str, Any] = {}
        for name, value in words:
            if name is not None:
                kwargs[name] = value(frame)
                continue
            spread = value(frame)
            if isinstance(spread, UnknownValue):
                raise CannotEvaluate.because(spread.cause)
            kwargs.update({key: frame.session.item(spread, key) for key in frame.session.keys_of(spread)})
        return positional(frame), kwargs

    return gather


def _build_frame_call(node: ast.Call, scope: Scope) -> Evaluate:
    assert isinstance(node.func, ast.Name)
    special = FRAME_CALLS[node.func.id]
    gather = build_arguments(node, scope)
    ordinary = scope.expression(node.func)

    def call(frame: Frame) -> Any:
        args, kwargs = gather(frame)
        if node.func.id in frame.module.variables:  # type: ignore[attr-defined]
            return frame.session.call(ordinary(frame), args, kwargs)
        return special(frame, args)

    return call


def _call_super(frame: Frame, args: list[Any]) -> Any:
    if args:
        owner, instance = args
        if isinstance(owner, UnknownValue):
            return owner
        return super(owner, instance)
    if not frame.class_cell or frame.class_cell[0] is None:
        raise RuntimeError("super(): __class__ cell not found")
    return super(frame.class_cell[0], frame.first)


def _call_locals(frame: Frame, args: list[Any]) -> Any:
    """The function's own names and the free ones that it speaks of; `super` speaks of `__class__`.

    Source: Python data model, "Creating the class object".
    """
    found = dict(frame.variables)
    if frame.scope.kind == "function":
        outer = ((name, frame.outer(hops).variables) for name, hops in frame.scope.enclosing.items())
        found |= {name: variables[name] for name, variables in outer if name in variables and name not in found}
        cell = frame.class_cell or [None]
        if cell[0] is not None and frame.scope.outer_names & {"super", "__class__"}:
            found["__class__"] = cell[0]
    return found


def _call_globals(frame: Frame, args: list[Any]) -> Any:
    return frame.session.globals_of(frame.module)


def _call_vars(frame: Frame, args: list[Any]) -> Any:
    return frame.session.attribute(args[0], "__dict__") if args else _call_locals(frame, args)


def _call_dir(frame: Frame, args: list[Any]) -> Any:
    return frame.session.names_of(args[0]) if args else sorted(_call_locals(frame, args))


def _call_eval(frame: Frame, args: list[Any]) -> Any:
    text = args[0]
    if isinstance(text, UnknownValue):
        return text
    if not isinstance(text, str) or len(args) > 1:
        raise frame.refuse("eval_refused")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error)) from None
    return frame.scope.expression(tree.body)(frame)


def _call_exec(frame: Frame, args: list[Any]) -> None:
    """Text is interpreted like the rest of the target; each statement stands at the line that calls `exec`."""
    text, *spaces = args
    if isinstance(text, UnknownValue):
        raise CannotEvaluate.because(text.cause)
    if not isinstance(text, str) or len(spaces) > 1:
        raise frame.refuse("exec_refused")
    frame.session.budget.check_text(len(text))
    try:
        body = ast.parse(text).body or [ast.Pass()]
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error)) from None
    for part in (part for statement in body for part in ast.walk(statement)):
        if isinstance(part, (ast.stmt, ast.expr, ast.ExceptHandler, ast.alias, ast.arg, ast.keyword)):
            part.lineno, part.end_lineno = frame.line, frame.line
            part.col_offset = part.end_col_offset = 0
    scope, inner = _frame_of_text(frame, body, spaces[0] if spaces else None)
    scope.block(body)(inner)


def _frame_of_text(frame: Frame, body: list[ast.stmt], space: Any) -> tuple[Scope, Frame]:
    """Where executed text binds its names: the module, or a namespace of its own."""
    globals_kind = type(frame.session.globals_of(frame.module))
    module: Any = frame.module
    if space is None and frame.scope.kind == "module":
        return frame.scope, frame
    if type(space) is globals_kind:
        scope, variables = module.scope, module.variables
    elif space is None or type(space) is dict:
        variables = dict(frame.variables) if space is None else space
        scope = module.scope.child("function", [*map(str, variables), *find_bound_names(body)])
    else:
        raise frame.refuse("exec_refused")
    inner = Frame(module, scope, variables, None)
    inner.line = inner.last_line = frame.line
    return scope, inner


FRAME_CALLS: dict[str, Callable[[Frame, list[Any]], Any]] = {
    "super": _call_super,
    "locals": _call_locals,
    "globals": _call_globals,
    "vars": _call_vars,
    "dir": _call_dir,
    "eval": _call_eval,
    "exec": _call_exec,
}

CALLS: Expressions = {ast.Call: build_Call}
