"""Builders of comprehensions and generator expressions; each runs in a frame of its own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from analyzer.evaluator.frame import Frame
from analyzer.evaluator.syntax.scope import Evaluate, Expressions, Scope, find_bound_names
from analyzer.evaluator.syntax.targets import build_target

Entered = tuple[Frame, Any]
Loop = Callable[[Frame, Any], Iterator[Frame]]


def build_ListComp(node: ast.ListComp, scope: Scope) -> Evaluate:
    if len(node.generators) == 1 and not node.generators[0].ifs and not node.generators[0].is_async:
        return _build_plain_list(node, scope)
    start, inner = _build_loops(node.generators, scope)
    element = inner.expression(node.elt)
    return lambda frame: [element(turn) for turn in start(frame)]


def _build_plain_list(node: ast.ListComp, scope: Scope) -> Evaluate:
    """One loop without conditions, the form that fills tables of millions of numbers: nothing is yielded between."""
    enter, inner = _build_entry(node.generators, scope)
    assign, element = build_target(node.generators[0].target, inner), inner.expression(node.elt)

    def gather(frame: Frame) -> list[Any]:
        own, source = enter(frame)
        session, found = own.session, []
        for value in session.iterate(source):
            session.spend()
            assign(own, value)
            found.append(element(own))
        return found

    return gather


def build_SetComp(node: ast.SetComp, scope: Scope) -> Evaluate:
    start, inner = _build_loops(node.generators, scope)
    element = inner.expression(node.elt)
    return lambda frame: {element(turn) for turn in start(frame)}


def build_DictComp(node: ast.DictComp, scope: Scope) -> Evaluate:
    start, inner = _build_loops(node.generators, scope)
    key, value = inner.expression(node.key), inner.expression(node.value)
    return lambda frame: {key(turn): value(turn) for turn in start(frame)}


def build_GeneratorExp(node: ast.GeneratorExp, scope: Scope) -> Evaluate:
    start, inner = _build_loops(node.generators, scope)
    element = inner.expression(node.elt)

    def generate(turns: Iterator[Frame]) -> Iterator[Any]:
        for turn in turns:
            yield element(turn)

    return lambda frame: generate(start(frame))


def _build_loops(generators: list[ast.comprehension], scope: Scope) -> tuple[Callable[[Frame], Iterator[Frame]], Scope]:
    enter, inner = _build_entry(generators, scope)
    loop = _build_loop(generators, 0, inner)
    return lambda frame: loop(*enter(frame)), inner


def _build_entry(generators: list[ast.comprehension], scope: Scope) -> tuple[Callable[[Frame], Entered], Scope]:
    """What the first loop goes over, evaluated outside, and the frame of the comprehension."""
    inner = scope.child("comprehension", find_bound_names([generator.target for generator in generators]))
    first = scope.expression(generators[0].iter)

    def enter(frame: Frame) -> Entered:
        source = first(frame)
        own = Frame(frame.module, inner, {}, frame)
        own.line, own.last_line, own.position = frame.line, frame.last_line, frame.position
        own.first, own.caller = frame.first, frame
        return own, source

    return enter, inner


def _build_loop(generators: list[ast.comprehension], level: int, scope: Scope) -> Loop:
    generator = generators[level]
    if generator.is_async:
        return _refuse_async
    assign = build_target(generator.target, scope)
    tests = [scope.expression(test) for test in generator.ifs]
    deeper = None
    if level + 1 < len(generators):
        deeper = (scope.expression(generators[level + 1].iter), _build_loop(generators, level + 1, scope))

    def loop(frame: Frame, source: Any) -> Iterator[Frame]:
        session = frame.session
        for value in session.iterate(source):
            session.spend()
            assign(frame, value)
            if not tests or all(session.truth(test(frame), frame) for test in tests):
                if deeper is None:
                    yield frame
                else:
                    yield from deeper[1](frame, deeper[0](frame))

    return loop


def _refuse_async(frame: Frame, source: Any) -> Iterator[Frame]:
    raise frame.refuse("asynchronous_code", "comprehension")


COMPREHENSIONS: Expressions = {
    ast.ListComp: build_ListComp,
    ast.SetComp: build_SetComp,
    ast.DictComp: build_DictComp,
    ast.GeneratorExp: build_GeneratorExp,
}
