"""Builders of `match` and its patterns: a pattern answers whether it matches and binds its names."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.syntax.scope import Execute, Scope
from analyzer.evaluator.syntax.targets import build_target
from analyzer.evaluator.values import UnknownValue

Match = Callable[[Frame, Any], bool]


def build_Match(node: ast.Match, scope: Scope) -> Execute:
    subject = scope.expression(node.subject)
    cases = [
        (
            build_pattern(case.pattern, scope),
            scope.expression(case.guard) if case.guard else None,
            scope.block(case.body),
        )
        for case in node.cases
    ]

    def execute(frame: Frame) -> Any:
        value = subject(frame)
        if isinstance(value, UnknownValue):
            raise CannotEvaluate.because(value.cause)
        for matches, test, body in cases:
            if matches(frame, value) and (test is None or frame.session.truth(test(frame), frame)):
                return body(frame)
        return None

    return execute


def build_pattern(node: ast.pattern, scope: Scope) -> Match:
    return PATTERNS[type(node)](node, scope)


def _match_value(node: ast.MatchValue, scope: Scope) -> Match:
    wanted = scope.expression(node.value)
    return lambda frame, value: bool(frame.session.truth(value == wanted(frame), frame))


def _match_singleton(node: ast.MatchSingleton, scope: Scope) -> Match:
    return lambda frame, value: value is node.value


def _match_sequence(node: ast.MatchSequence, scope: Scope) -> Match:
    parts = [(isinstance(part, ast.MatchStar), build_pattern(part, scope)) for part in node.patterns]
    star = next((index for index, (starred, _) in enumerate(parts) if starred), None)

    def matches(frame: Frame, value: Any) -> bool:
        if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
            return False
        if star is None:
            items = list(value)
            return len(items) == len(parts) and all(p(frame, i) for (_, p), i in zip(parts, items, strict=True))
        if len(value) < len(parts) - 1:
            return False
        after = len(parts) - star - 1
        last = len(value) - after
        items = [*value[:star], list(value[star:last]), *value[last:]]
        return all(part(frame, item) for (_, part), item in zip(parts, items, strict=True))

    return matches


def _match_mapping(node: ast.MatchMapping, scope: Scope) -> Match:
    pairs = [
        (scope.expression(key), build_pattern(part, scope)) for key, part in zip(node.keys, node.patterns, strict=True)
    ]
    rest = build_target(ast.Name(node.rest, ast.Store()), scope) if node.rest else None

    def matches(frame: Frame, value: Any) -> bool:
        if not isinstance(value, Mapping):
            return False
        keys = [key(frame) for key, _ in pairs]
        if not all(key in value and part(frame, value[key]) for key, (_, part) in zip(keys, pairs, strict=True)):
            return False
        if rest:
            rest(frame, {key: item for key, item in value.items() if key not in keys})
        return True

    return matches


def _match_class(node: ast.MatchClass, scope: Scope) -> Match:
    kind = scope.expression(node.cls)
    positional = [build_pattern(part, scope) for part in node.patterns]
    keyword = [(name, build_pattern(part, scope)) for name, part in zip(node.kwd_attrs, node.kwd_patterns, strict=True)]

    def matches(frame: Frame, value: Any) -> bool:
        wanted = kind(frame)
        if not isinstance(wanted, type):
            raise frame.refuse("class_pattern_unknown", ast.unparse(node.cls))
        if not isinstance(value, wanted):
            return False
        if positional and wanted in (int, float, str, bool, bytes, list, tuple, dict, set):
            return positional[0](frame, value)
        names = [*getattr(wanted, "__match_args__", ())[: len(positional)], *(name for name, _ in keyword)]
        parts = [*positional, *(part for _, part in keyword)]
        session = frame.session
        return all(
            hasattr(value, name) and part(frame, session.attribute(value, name))
            for name, part in zip(names, parts, strict=True)
        )

    return matches


def _match_star(node: ast.MatchStar, scope: Scope) -> Match:
    return _build_capture(node.name, None, scope)


def _match_as(node: ast.MatchAs, scope: Scope) -> Match:
    return _build_capture(node.name, build_pattern(node.pattern, scope) if node.pattern else None, scope)


def _build_capture(name: str | None, inner: Match | None, scope: Scope) -> Match:
    assign = build_target(ast.Name(name, ast.Store()), scope) if name else None

    def matches(frame: Frame, value: Any) -> bool:
        if inner is not None and not inner(frame, value):
            return False
        if assign:
            assign(frame, value)
        return True

    return matches


def _match_or(node: ast.MatchOr, scope: Scope) -> Match:
    choices = [build_pattern(part, scope) for part in node.patterns]
    return lambda frame, value: any(choice(frame, value) for choice in choices)


PATTERNS: dict[type[ast.pattern], Callable[[Any, Scope], Match]] = {
    ast.MatchValue: _match_value,
    ast.MatchSingleton: _match_singleton,
    ast.MatchSequence: _match_sequence,
    ast.MatchMapping: _match_mapping,
    ast.MatchClass: _match_class,
    ast.MatchStar: _match_star,
    ast.MatchAs: _match_as,
    ast.MatchOr: _match_or,
}
