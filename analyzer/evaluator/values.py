"""The value that Python itself does not have: the unknown, which absorbs what is done with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
        return attribute_of_unknown(self, name)

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


class UnknownRest(UnknownValue):
    """Stands in a container of which it is not known what more it holds from here on, or whether it does."""

    __slots__ = ()
    made = 0

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        UnknownRest.made += 1


def rest_of(value: object) -> UnknownRest | None:
    """The mark that a container's extent is not known, if it has one."""
    if not UnknownRest.made or not isinstance(value, (list, dict, set)):
        return None
    return next((item for item in value if type(item) is UnknownRest), None)


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


class OptionalTensor(UnknownValue):
    """A tensor on one path and None on the other, where data decides; a comparison with None tells them apart.

    What is done to it without telling them apart is unknown, and no longer one of the two.
    """

    __slots__ = ("tensor",)
    tensor: Any

    def __init__(self, cause: Cause, tensor: Any) -> None:
        super().__init__(cause)
        object.__setattr__(self, "tensor", tensor)

    @classmethod
    def __torch_function__(
        cls, func: object, types: object, args: Iterable[object] = (), kwargs: Mapping[str, object] | None = None
    ) -> UnknownValue:
        answer: UnknownValue = plain(super().__torch_function__(func, types, args, kwargs))
        return answer


class PartlessUnknown(UnknownValue):
    """No module and no parameter, whatever else it is; so is what its attributes, methods and arithmetic give."""

    __slots__ = ()


FORMED_IN_PLACE = (
    "resize_",
    "resize_as_",
    "set_",
    "squeeze_",
    "swapaxes_",
    "swapdims_",
    "t_",
    "transpose_",
    "unsqueeze_",
)


def is_optional(value: object) -> bool:
    return type(value) is OptionalTensor and value.tensor is not None


def attribute_of_unknown(value: UnknownValue, name: str) -> UnknownValue:
    """Unknown too; a tensor that is given another form where it may be None is known no longer."""
    if type(value) is OptionalTensor and name in FORMED_IN_PLACE:
        object.__setattr__(value, "tensor", None)
    return UnknownValue(value.cause) if type(value) is OptionalTensor else value


def plain(value: Any) -> Any:
    """The result of an operation that answers with its unknown operand: what is known of that is not handed on."""
    return UnknownValue(value.cause) if type(value) in (OptionalTensor, PartlessUnknown) else value


def _absorb_plainly(self: OptionalTensor, *args: object, **kwargs: object) -> UnknownValue:
    return UnknownValue(self.cause)


for _name, _method in list(vars(UnknownValue).items()):
    if _method is _absorb or _name in ("__call__", "__getitem__", "__eq__", "__ne__", "__enter__"):
        setattr(OptionalTensor, _name, _absorb_plainly)
OptionalTensor.__hash__ = UnknownValue.__hash__  # type: ignore[method-assign]


def _absorb_numbers(self: PartlessUnknown, other: object) -> UnknownValue:
    """Sequences, and containers of modules, may be added up and repeated."""
    is_plain = type(other) in (int, float, bool, str, complex, PartlessUnknown)
    return self if is_plain else UnknownValue(self.cause)


for _name in ("add", "mul"):
    setattr(PartlessUnknown, f"__{_name}__", _absorb_numbers)
    setattr(PartlessUnknown, f"__r{_name}__", _absorb_numbers)


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
