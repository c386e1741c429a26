"""Values that Python itself does not have: the unknown that absorbs, and the integer that keeps its name."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from analyzer.evaluator.errors import CannotEvaluate, Cause


class UnknownValue:
    """Absorbs every operation and remembers why; to branch on it or to count it is refused."""

    __slots__ = ("cause",)
    cause: Cause

    def __init__(self, cause: Cause) -> None:
        object.__setattr__(self, "cause", cause)

    def __getattr__(self, name: str) -> UnknownValue:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self

    def __setattr__(self, name: str, value: object) -> None:
        pass

    def __delattr__(self, name: str) -> None:
        pass

    def __call__(self, *args: object, **kwargs: object) -> UnknownValue:
        return self

    def __getitem__(self, key: object) -> UnknownValue:
        return self

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __delitem__(self, key: object) -> None:
        pass

    def __eq__(self, other: object) -> UnknownValue:  # type: ignore[override]
        return self

    def __ne__(self, other: object) -> UnknownValue:  # type: ignore[override]
        return self

    def __hash__(self) -> int:
        return id(self)

    def __enter__(self) -> UnknownValue:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def __copy__(self) -> UnknownValue:
        return self

    def __deepcopy__(self, memo: object) -> UnknownValue:
        return self

    def __repr__(self) -> str:
        return f"<unknown: {self.cause}>"

    def _refuse(self, *args: object) -> NoReturn:
        raise CannotEvaluate.because(self.cause)

    __bool__ = __iter__ = __next__ = __len__ = __contains__ = _refuse
    __index__ = __int__ = __float__ = __complex__ = __reversed__ = _refuse

    @classmethod
    def __torch_function__(
        cls, func: object, types: object, args: Iterable[object] = (), kwargs: Mapping[str, object] | None = None
    ) -> UnknownValue:
        """A torch operator that is handed an unknown answers with it."""
        return find_unknown(args, kwargs or {}) or cls(Cause("unknown_argument", (str(func),)))


def _absorb(self: UnknownValue, *args: object) -> UnknownValue:
    return self


_ABSORBED_TEXT = """
add sub mul truediv floordiv mod pow matmul and or xor lshift rshift divmod
"""
_ABSORBED = tuple(_ABSORBED_TEXT.split())
for _name in _ABSORBED:
    setattr(UnknownValue, f"__{_name}__", _absorb)
    setattr(UnknownValue, f"__r{_name}__", _absorb)
for _name in ["neg", "pos", "invert", "abs", "lt", "le", "gt", "ge", "round", "floor", "ceil", "trunc"]:
    setattr(UnknownValue, f"__{_name}__", _absorb)


def find_unknown(args: Iterable[object], kwargs: Mapping[str, object]) -> UnknownValue | None:
    """The first unknown among arguments, looking one container deep."""
    for value in (*args, *kwargs.values()):
        if isinstance(value, UnknownValue):
            return value
        if isinstance(value, (list, tuple, dict)):
            for item in value.values() if isinstance(value, dict) else value:
                if isinstance(item, UnknownValue):
                    return item
    return None


class NamedInt(int):
    """An integer that carries the expression it came from (`3*n_embd`) through integer arithmetic."""

    expression: str

    def __new__(cls, value: int, expression: str) -> NamedInt:
        number = super().__new__(cls, value)
        number.expression = expression
        return number

    def __reduce__(self) -> tuple[type[NamedInt], tuple[int, str]]:
        return (NamedInt, (int(self), self.expression))

    def __neg__(self) -> NamedInt:
        return NamedInt(-int(self), f"-{_atom(self)}")

    def __deepcopy__(self, memo: object) -> NamedInt:
        return self


def _text(value: object) -> str:
    return value.expression if isinstance(value, NamedInt) else repr(value)


def _atom(value: object) -> str:
    text = _text(value)
    return text if text.isidentifier() or text.isdigit() else f"({text})"


def _named(symbol: str, compute: Callable[[Any, Any], Any], *, swapped: bool) -> Callable[[NamedInt, object], Any]:
    def method(self: NamedInt, other: object) -> Any:
        if type(other) is not int and type(other) is not NamedInt:
            return NotImplemented if not isinstance(other, (float, bool)) else _plain(self, other)
        left, right = (other, self) if swapped else (self, other)
        value = compute(int(left), int(right))  # type: ignore[call-overload]
        return NamedInt(value, f"{_atom(left)}{symbol}{_atom(right)}") if type(value) is int else value

    def _plain(self: NamedInt, other: object) -> Any:
        return compute(other, int(self)) if swapped else compute(int(self), other)

    return method


for _name, _symbol in (("add", " + "), ("sub", " - "), ("mul", "*"), ("floordiv", "//"), ("mod", " % "), ("pow", "**")):
    _compute = getattr(operator, _name)
    setattr(NamedInt, f"__{_name}__", _named(_symbol, _compute, swapped=False))
    setattr(NamedInt, f"__r{_name}__", _named(_symbol, _compute, swapped=True))
