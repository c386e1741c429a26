"""Text methods that could grow without limit or reach attributes: formatting, joining, padding, patterns."""

from __future__ import annotations

import ast
import json
import re
import string
from collections.abc import Callable
from typing import Any

import torch

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.native.pattern_cost import PATTERN_LIMIT, check_cost, plain
from analyzer.evaluator.values import UnknownValue, find_unknown


def provide(session: Any) -> Provided:
    budget = session.budget

    def padded(name: str) -> Callable[..., Any]:
        def pad(self: str, width: int, *fill: Any) -> Any:
            budget.check_text(width)
            return getattr(str, name)(self, width, *fill)

        return pad

    def replace(self: str, old: str, new: str, count: int = -1) -> Any:
        unknown = find_unknown((old, new), {})
        if unknown is not None:
            return unknown
        budget.check_text(len(self) + self.count(old) * len(new))
        return self.replace(old, new, count)

    def join(self: str, parts: Any) -> Any:
        found = list(session.iterate(parts))
        unknown = find_unknown(found, {})
        if unknown is not None:
            return unknown
        budget.check_text(sum(map(len, found)) + len(self) * len(found))
        return self.join(found)

    names = {
        "str.format": lambda self, *args, **kwargs: Formatter(session).vformat(self, args, kwargs),
        "str.format_map": lambda self, mapping: Formatter(session).vformat(self, (), mapping),
        "str.join": join,
        "str.replace": replace,
        **{f"str.{name}": padded(name) for name in ("ljust", "rjust", "center", "zfill")},
        "format": lambda value, spec="": session.format(value, spec),
        "ast.literal_eval": lambda text: _literal(budget, text),
        "json.dumps": lambda value, **options: json.dumps(value, default=str),
        **{f"re.{name}": _guarded(getattr(re, name)) for name in ("match", "search", "findall", "fullmatch", "split")},
        "re.sub": _guarded_sub,
        "re.compile": _compiled,
        **{
            f"re.Pattern.{name}": _guarded_method(name) for name in ("match", "search", "findall", "fullmatch", "split")
        },
        "re.Pattern.sub": lambda self, new, text, count=0: _guarded_sub(self, new, text, count),
    }
    calls: dict[Any, Callable[..., Any]] = {str: lambda *args, **kwargs: _to_text(session, *args, **kwargs)}
    return names, calls, {}


def _literal(budget: Any, text: Any) -> Any:
    """The value of a literal; what Python's own parser gives up on is refused."""
    if not isinstance(text, str):
        raise ValueError(f"malformed node or string: {type(text).__name__}")
    budget.check_text(len(text))
    budget.spend(len(text))
    try:
        return ast.literal_eval(text)
    except (RecursionError, MemoryError):
        raise CannotEvaluate("budget_exhausted", "recursion") from None


class Formatter(string.Formatter):
    """`str.format` whose attribute look-ups ask the policy."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        first, _, rest = re.match(r"([^.\[]*)(([.\[].*)?)$", field_name).groups()  # type: ignore[union-attr]
        value = self.get_value(int(first) if first.isdigit() else first, args, kwargs)
        for attribute, key in re.findall(r"\.(\w+)|\[([^\]]+)\]", rest or ""):
            value = self.session.attribute(value, attribute) if attribute else value[int(key) if key.isdigit() else key]
        if isinstance(value, UnknownValue):
            raise CannotEvaluate.because(value.cause)
        return value, first

    def format_field(self, value: Any, format_spec: str) -> Any:
        return self.session.format(value, format_spec)


def _to_text(session: Any, *args: Any, **kwargs: Any) -> Any:
    if not args:
        return ""
    value = args[0]
    if isinstance(value, UnknownValue):
        return value
    if isinstance(value, torch.Tensor):
        return session.format(value, "")
    session.measure(value)
    return str(*args, **kwargs)


def _guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    def apply(pattern: Any, text: Any, *args: Any, **kwargs: Any) -> Any:
        unknown = find_unknown((pattern, text), {})
        if unknown is not None:
            return unknown
        compiled, subject = _ready(pattern, text, kwargs.pop("flags", 0))
        return getattr(compiled, function.__name__)(subject, *args, **kwargs)

    return apply


def _ready(pattern: Any, text: Any, flags: Any = 0) -> tuple[re.Pattern[Any], Any]:
    """The compiled pattern and the plain text, after their cost was looked at."""
    if isinstance(text, (str, bytes)):
        text = plain(text)
    source = pattern.pattern if isinstance(pattern, re.Pattern) else plain(pattern)
    check_cost(source, pattern.flags if isinstance(pattern, re.Pattern) else flags, len(text))
    return (pattern if isinstance(pattern, re.Pattern) else re.compile(source, flags)), text


def _compiled(pattern: Any, flags: int = 0) -> Any:
    unknown = find_unknown((pattern, flags), {})
    if unknown is not None:
        return unknown
    if isinstance(pattern, re.Pattern):
        return pattern
    check_cost(plain(pattern), flags, 1)
    return re.compile(plain(pattern), flags)


def _guarded_method(name: str) -> Callable[..., Any]:
    def apply(self: Any, text: Any, *args: Any) -> Any:
        if isinstance(text, UnknownValue):
            return text
        compiled, subject = _ready(self, text)
        return getattr(compiled, name)(subject, *args)

    return apply


def _guarded_sub(pattern: Any, new: Any, text: Any, count: int = 0, flags: int = 0) -> Any:
    unknown = find_unknown((new, text), {})
    if unknown is not None:
        return unknown
    if isinstance(new, str) and len(plain(new)) > PATTERN_LIMIT:
        raise CannotEvaluate("pattern_too_costly", new[:40])
    compiled, subject = _ready(pattern, text, flags)
    return compiled.sub(new, subject, count)
