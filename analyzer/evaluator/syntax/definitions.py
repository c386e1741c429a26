"""Builders of functions, lambdas and classes: what a definition knows before it is executed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from analyzer.evaluator.frame import Frame
from analyzer.evaluator.objects import Parameters, make_function
from analyzer.evaluator.syntax.generators import drive_block, has_yield
from analyzer.evaluator.syntax.paths import run_to_end
from analyzer.evaluator.syntax.scope import Evaluate, Execute, Expressions, Scope, find_bound_names, find_globals
from analyzer.evaluator.syntax.statements import Return
from analyzer.evaluator.syntax.targets import build_target


class LateBody:
    """A body that is compiled before its first run: of a large base class a model uses a few methods."""

    __slots__ = ("_build", "_run")

    def __init__(self, build: Callable[[], Evaluate]) -> None:
        self._build = build
        self._run: Evaluate | None = None

    def compile(self) -> None:
        """Afterwards its scope knows the names that it speaks of."""
        if self._run is None:
            self._run = self._build()

    def __call__(self, frame: Frame) -> Any:
        assert self._run is not None
        return self._run(frame)


@dataclass(frozen=True)
class FunctionCode:
    """A compiled function: `run` executes a frame whose variables hold the bound arguments."""

    name: str
    qualified_name: str
    line: int
    parameters: Parameters
    scope: Scope
    run: LateBody
    documentation: str | None
    generates: bool = False
    local_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class ClassCode:
    """A compiled class statement."""

    name: str
    line: int
    bases: Evaluate
    keywords: Sequence[tuple[str | None, Evaluate]]
    body: Execute
    scope: Scope
    documentation: str | None


def build_FunctionDef(node: ast.FunctionDef, scope: Scope) -> Execute:
    create = _build_function(node, node.name, scope)
    decorators = [(scope.expression(item), ast.unparse(item)) for item in node.decorator_list]
    assign = build_target(ast.Name(node.name, ast.Store()), scope)

    def execute(frame: Frame) -> None:
        applied = [(decorate(frame), text) for decorate, text in decorators]
        assign(frame, _decorated(frame, create(frame), applied))

    return execute


def _decorated(frame: Frame, value: Any, decorators: list[tuple[Any, str]]) -> Any:
    for decorator, text in reversed(decorators):
        value = frame.session.decorate(decorator, value, text, frame)
    return value


def build_AsyncFunctionDef(node: ast.AsyncFunctionDef, scope: Scope) -> Execute:
    """May be defined; to call it is refused."""
    assign = build_target(ast.Name(node.name, ast.Store()), scope)

    def execute(frame: Frame) -> None:
        assign(frame, frame.session.unknown("asynchronous_code", node.name, frame=frame))

    return execute


def build_Lambda(node: ast.Lambda, scope: Scope) -> Evaluate:
    return _build_function(node, "<lambda>", scope)


def _build_function(node: ast.FunctionDef | ast.Lambda, name: str, scope: Scope) -> Evaluate:
    code = _compile_function(node, name, scope)
    spec = node.args
    positional = [*spec.posonlyargs, *spec.args]
    defaults = [
        (arg.arg, scope.expression(default))
        for arg, default in zip(positional[len(positional) - len(spec.defaults) :], spec.defaults, strict=True)
    ]
    defaults += [
        (arg.arg, scope.expression(default))
        for arg, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True)
        if default
    ]
    return lambda frame: make_function(code, frame, {key: value(frame) for key, value in defaults})


def _compile_function(node: ast.FunctionDef | ast.Lambda, name: str, scope: Scope) -> FunctionCode:
    parameters = _read_parameters(node.args)
    body = node.body if isinstance(node.body, list) else None
    bound = find_bound_names(body if body is not None else [node.body])  # type: ignore[list-item]
    inner = scope.child("function", [*parameters.all_names(), *bound])
    inner.globals = frozenset(find_globals(body or ()))
    prefix = f"{scope.owner}." if scope.kind == "class" else ""
    if body is None:
        run, generates, text = LateBody(lambda: inner.expression(node.body)), False, None  # type: ignore[arg-type]
    else:
        generates = has_yield(body)
        compile_body = (lambda: _generate(drive_block(body, inner))) if generates else lambda: _plain(inner.block(body))
        run, text = LateBody(compile_body), ast.get_docstring(node, clean=False)  # type: ignore[arg-type]
    return FunctionCode(name, prefix + name, node.lineno, parameters, inner, run, text, generates, tuple(bound))


def _plain(block: Execute) -> Evaluate:
    def run(frame: Frame) -> Any:
        signal = run_to_end(frame, block) if frame.session.calling else block(frame)
        return signal.value if isinstance(signal, Return) else None

    return run


def _generate(block: Callable[[Frame], Any]) -> Evaluate:
    def run(frame: Frame) -> Any:
        signal = yield from block(frame)
        return signal.value if isinstance(signal, Return) else None

    return run


def _read_parameters(spec: ast.arguments) -> Parameters:
    return Parameters(
        positional_only=tuple(arg.arg for arg in spec.posonlyargs),
        positional=tuple(arg.arg for arg in (*spec.posonlyargs, *spec.args)),
        keyword_only=tuple(arg.arg for arg in spec.kwonlyargs),
        star=spec.vararg.arg if spec.vararg else None,
        double_star=spec.kwarg.arg if spec.kwarg else None,
    )


def build_ClassDef(node: ast.ClassDef, scope: Scope) -> Execute:
    inner = scope.child("class", find_bound_names(node.body))
    inner.owner = node.name
    code = ClassCode(
        name=node.name,
        line=node.lineno,
        bases=scope.expression(ast.List(node.bases, ast.Load())),
        keywords=[(word.arg, scope.expression(word.value)) for word in node.keywords],
        body=inner.block(node.body),
        scope=inner,
        documentation=ast.get_docstring(node, clean=False),
    )
    decorators = [(scope.expression(item), ast.unparse(item)) for item in node.decorator_list]
    assign = build_target(ast.Name(node.name, ast.Store()), scope)

    def execute(frame: Frame) -> None:
        applied = [(decorate(frame), text) for decorate, text in decorators]
        assign(frame, _decorated(frame, frame.session.make_class(frame, code), applied))

    return execute


DEFINITIONS: Expressions = {
    ast.FunctionDef: build_FunctionDef,
    ast.AsyncFunctionDef: build_AsyncFunctionDef,
    ast.ClassDef: build_ClassDef,
}
LAMBDA: Expressions = {ast.Lambda: build_Lambda}
