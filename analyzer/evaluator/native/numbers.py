"""`int`, `float`, `range`, `math` and friends: symbolic sizes stay symbolic, nothing is specialised silently."""

from __future__ import annotations

import builtins
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import torch

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.oracle import SYMBOLIC
from analyzer.evaluator.syntax.operators import power
from analyzer.evaluator.values import UnknownValue, find_unknown

RANGE_LIMIT = 20_000_000
FLOAT_FUNCTIONS_TEXT = """
sqrt exp log log2 log10 log1p expm1 fabs pow sin cos tan asin acos atan atan2 sinh cosh tanh erf hypot
radians degrees copysign fmod modf frexp ldexp isclose isnan isinf isfinite fsum gcd lcm isqrt trunc
"""
FLOAT_FUNCTIONS = list(FLOAT_FUNCTIONS_TEXT.split())


def provide(session: Any) -> Provided:
    number = session_number(session)
    names: dict[str, Any] = {f"math.{name}": _plain(getattr(math, name), number) for name in FLOAT_FUNCTIONS}
    names |= {
        "math.floor": _keeping(math.floor),
        "math.ceil": _keeping(math.ceil),
        "math.prod": lambda values, start=1: _product(session, values, start),
        "math.factorial": lambda n: math.factorial(_limited(session, number(n))),
        "math.comb": lambda n, k: math.comb(_limited(session, number(n)), number(k)),
        "math.perm": lambda n, k=None: math.perm(_limited(session, number(n)), number(k)),
        "pow": lambda base, exponent, *rest: _power(session, base, exponent, *rest),
        "max": lambda *args, **kwargs: _extreme(session, builtins.max, *args, **kwargs),
        "min": lambda *args, **kwargs: _extreme(session, builtins.min, *args, **kwargs),
        "sum": lambda values, start=0: _total(session, values, start),
        "round": _round,
        "itertools.count": lambda start=0, step=1: _count(session, start, step),
        "itertools.cycle": lambda values: _cycle(session, values),
        "itertools.repeat": lambda value, times=None: _repeat(session, value, times),
        "itertools.product": lambda *args, **kwargs: _metered(session, itertools.product(*args, **kwargs)),
        "itertools.permutations": lambda *args: _metered(session, itertools.permutations(*args)),
        "itertools.combinations": lambda *args: _metered(session, itertools.combinations(*args)),
    }
    names["list.extend"] = lambda self, values: _extend(session, self, values)
    calls: dict[Any, Callable[..., Any]] = {
        int: lambda *args, **kwargs: _to_int(session, *args, **kwargs),
        float: lambda *args: _to_float(session, *args),
        bool: lambda *args: session.truth(args[0]) if args else False,
        range: lambda *args: _range(session, *args),
        list: lambda *args: list(_watched(session, args[0])) if args else [],
        tuple: lambda *args: tuple(_watched(session, args[0])) if args else (),
    }
    return names, calls, {}


def session_number(session: Any) -> Callable[[Any], Any]:
    def number(value: Any) -> Any:
        return session.number(value)

    return number


def _plain(function: Callable[..., Any], number: Callable[[Any], Any]) -> Callable[..., Any]:
    def compute(*args: Any, **kwargs: Any) -> Any:
        unknown = find_unknown(args, kwargs)
        return unknown if unknown is not None else function(*map(number, args), **kwargs)

    return compute


def _keeping(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Floor and ceil have a symbolic form of their own."""
    return lambda value: value if isinstance(value, UnknownValue) else function(value)


def _limited(session: Any, value: int) -> int:
    if value > 10_000:
        session.budget.check_bits(value * 16)
    return value


def _product(session: Any, values: Any, start: Any) -> Any:
    result = start
    for value in session.iterate(values):
        session.spend()
        result = result * value
        if isinstance(result, int):
            session.budget.check_bits(result.bit_length())
    return result


def _power(session: Any, base: Any, exponent: Any, *rest: Any) -> Any:
    return pow(base, exponent, *rest) if rest else power(base, exponent, session.budget)


def _extreme(session: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    unknown = find_unknown(args, kwargs)
    if unknown is not None:
        return unknown
    values = list(_watched(session, args[0])) if len(args) == 1 else list(args)
    if not any(isinstance(value, SYMBOLIC) for value in values) or "key" in kwargs:
        return function(values, **kwargs)
    best = values[0]
    for value in values[1:]:
        better = value > best if function is builtins.max else value < best
        best = value if session.truth(better) else best
    return best


def _total(session: Any, values: Any, start: Any) -> Any:
    result = start
    for value in session.iterate(values):
        session.spend()
        result = result + value
    return result


def _round(value: Any, digits: Any = None) -> Any:
    if isinstance(value, UnknownValue):
        return value
    return round(value) if digits is None else round(value, digits)


def _to_int(session: Any, *args: Any, **kwargs: Any) -> Any:
    if not args:
        return 0
    value = args[0]
    if isinstance(value, (UnknownValue, torch.SymInt)):
        return value
    if isinstance(value, (torch.SymFloat, torch.SymBool)):
        return torch.sym_int(value) if isinstance(value, torch.SymFloat) else int(session.truth(value))  # type: ignore[no-untyped-call]
    if isinstance(value, torch.Tensor) and not session.oracle.has_contents(value):
        return session.oracle.data_number()
    return int(*args, **kwargs)


def _to_float(session: Any, *args: Any) -> Any:
    value = args[0] if args else 0.0
    if isinstance(value, UnknownValue):
        return value
    if isinstance(value, (torch.SymInt, torch.SymFloat)):
        return torch.sym_float(value)  # type: ignore[no-untyped-call]
    if isinstance(value, torch.Tensor) and not session.oracle.has_contents(value):
        raise CannotEvaluate("depends_on_data", "float of a tensor")
    return float(value)


def _range(session: Any, *args: Any) -> Any:
    unknown = find_unknown(args, {})
    if unknown is not None:
        return unknown
    made = range(*(session.number(arg) for arg in args))
    if abs(made.stop - made.start) // max(abs(made.step), 1) > RANGE_LIMIT:
        session.budget.check_items(abs(made.stop - made.start) // max(abs(made.step), 1))
    return made


def _watched(session: Any, values: Any) -> Iterator[Any]:
    """Items one by one, counted, so that an endless source ends in a refusal."""
    session.iterate(values)
    if isinstance(values, (list, tuple, dict, set, str, range, frozenset)):
        yield from values
        return
    for count, value in enumerate(values):
        session.budget.check_items(count)
        session.spend()
        yield value


def _extend(session: Any, target: list[Any], values: Any) -> None:
    """One by one, as Python does it: a generator that looks at the list finds what it gave before."""
    if hasattr(values, "__len__"):
        session.budget.check_items(len(target) + len(values))
        values = list(_watched(session, values))
    list.extend(target, _watched(session, values))


def _count(session: Any, start: Any, step: Any) -> Iterator[Any]:
    return _metered(session, itertools.count(start, step))


def _cycle(session: Any, values: Any) -> Iterator[Any]:
    return _metered(session, itertools.cycle(list(_watched(session, values))))


def _repeat(session: Any, value: Any, times: Any) -> Iterator[Any]:
    source = itertools.repeat(value) if times is None else itertools.repeat(value, session.number(times))
    return _metered(session, source)


def _metered(session: Any, values: Iterator[Any]) -> Iterator[Any]:
    for value in values:
        session.spend(16)
        yield value
