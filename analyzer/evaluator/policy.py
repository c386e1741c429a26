"""The allow-list at work: which attribute of which object may be read, set or handed out.

Decided where names and attributes are resolved: what is not allowed becomes an unknown value with its
reason, so a forbidden object never reaches the target, by whatever way it asks.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any

import torch

from analyzer.evaluator.errors import CannotEvaluate, Cause
from analyzer.evaluator.library import canonical_name, modules, real_object, rows
from analyzer.evaluator.objects import MARK, is_own_class, is_own_instance, keyword_defaults, positional_defaults
from analyzer.evaluator.partless import unknown_of
from analyzer.evaluator.values import UnknownValue, attribute_of_unknown

OPEN_DUNDERS_TEXT = """
__class__ __name__ __qualname__ __doc__ __module__ __dict__ __annotations__ __len__ __getitem__ __setitem__
__contains__ __iter__ __next__ __call__ __init__ __post_init__ __enter__ __exit__ __repr__ __str__ __eq__
__hash__ __mro__ __setattr__ __getattr__ __delattr__ __new__ __add__ __mul__ __sub__ __version__
__constants__ __wrapped__ __members__ __bases__ __init_subclass__ __delitem__ __dir__ __func__ __self__
__iadd__ __radd__ __rmul__ __truediv__ __pow__ __matmul__ __neg__ __lt__ __gt__ __le__ __ge__ __ne__
__bool__ __int__ __float__ __abs__ __get__ __set__ __setstate__ __getstate__ __deepcopy__ __copy__ __file__
__all__ __dataclass_fields__ __match_args__ __cause__ __context__ __setitem__ __missing__ __set_name__
__class_getitem__ __torch_function__ __path__ __getattribute__
"""
OPEN_DUNDERS = frozenset(OPEN_DUNDERS_TEXT.split())
PARAMETRIZED = "torch.nn.utils.parametrize"
SIMPLE = (int, float, complex, str, bytes, bool, list, tuple, dict, set, frozenset, type(None), slice, range)


class Proxy:
    """An object that answers for its attributes itself: modules of the target, of the library, typing constructs."""

    def member(self, name: str) -> Any:
        """The attribute, or AttributeError."""
        raise AttributeError(name)

    def set_member(self, name: str, value: Any) -> None:
        raise CannotEvaluate("attribute_not_writable", name)

    def names(self) -> list[str]:
        return []


class OfClass:
    """An own implementation that depends on the class it is asked of: a class method."""

    def __init__(self, of: Callable[[type], Any]) -> None:
        self.of = of


class LibraryModule(Proxy):
    """A module of the library as the target sees it: allowed names and nothing else."""

    def __init__(self, policy: Policy, name: str) -> None:
        self._policy = policy
        self._name = name
        self._added: dict[str, Any] = {}

    def member(self, name: str) -> Any:
        if name == "__name__":
            return self._name
        if name == "__dict__":
            return {key: self.member(key) for key in self.names()}
        if name in self._added:
            return self._added[name]
        return self._policy.library_member(f"{self._name}.{name}")

    def set_member(self, name: str, value: Any) -> None:
        """Kept for this interpreter only; the real module is never touched."""
        self._added[name] = value

    def names(self) -> list[str]:
        start = self._name + "."
        return sorted(name[len(start) :] for name in rows() if name.startswith(start) and "." not in name[len(start) :])

    def __repr__(self) -> str:
        return f"<module {self._name!r}>"


class Policy:
    """Answers every request for a name or attribute."""

    def __init__(self, own: Mapping[str, Any]) -> None:
        self._own = own
        """Qualified name to the interpreter's own implementation of it."""
        self._decisions: dict[tuple[type, str, bool], Callable[[Any], Any] | None] = {}
        self._proxies: dict[str, LibraryModule] = {}
        self._added: dict[str, list[tuple[type, Any]]] = {}
        """What the target gave to classes of the library under new names; the real classes are never touched."""

    def library_module(self, dotted: str) -> LibraryModule | None:
        """The proxy of a library module; None if the library has nothing of it."""
        if dotted not in modules():
            return None
        if dotted not in self._proxies:
            self._proxies[dotted] = LibraryModule(self, dotted)
        return self._proxies[dotted]

    def library_member(self, name: str) -> Any:
        """The object that may be handed out for a qualified name."""
        if name in self._own:
            return self._own[name]
        module = self.library_module(name)
        if module is not None:
            return module
        if name in rows():
            return real_object(name)
        if _exists(name):
            return unknown_of(Cause("not_in_library", (name,)))
        raise AttributeError(f"module {name.rpartition('.')[0]!r} has no attribute {name.rpartition('.')[2]!r}")

    def attribute(self, value: Any, name: str) -> Any:
        """The attribute of a value, an unknown value where it is not allowed, AttributeError where there is none."""
        kind = type(value)
        if isinstance(value, UnknownValue):
            return attribute_of_unknown(value, name)
        if isinstance(value, Proxy):
            return value.member(name)
        if name in self._added:
            found = self._added_to(value, name)
            if found is not None:
                return found[0]
        is_class = isinstance(value, type)
        key = (value, name, True) if is_class else (kind, name, False)
        if key not in self._decisions:
            self._decisions[key] = self._decide(value, name)  # type: ignore[index]
        read = self._decisions[key]  # type: ignore[index]
        if read is not None:
            return read(value)
        return self._refused(value, name)

    def _decide(self, value: Any, name: str) -> Callable[[Any], Any] | None:
        """How to read this attribute from values of this kind; None where it is not allowed."""
        if not isinstance(name, str) or name == MARK:
            return None
        special = SPECIAL.get(name)
        if special is not None:
            return special
        if name.startswith("__") and name.endswith("__") and name not in OPEN_DUNDERS:
            return self._own_only(value, name)
        if isinstance(value, super):
            return self._decide_super(name)
        owners = value.__mro__ if isinstance(value, type) else type(value).__mro__
        return self._decide_among(owners, value, name)

    def attribute_past_hooks(self, value: Any, name: str) -> Any:
        """What `object.__getattribute__` reads of an instance of the target's class: its own hooks are not asked."""
        read = self._decide(value, name)
        if read is None:
            return UnknownValue(Cause("attribute_not_allowed", (f"{type(value).__name__}.{name}",)))
        return SPECIAL[name](value) if name in SPECIAL else object.__getattribute__(value, name)

    def _own_only(self, value: Any, name: str) -> Callable[[Any], Any] | None:
        """An unusual dunder name is fine where the target itself defines it."""
        owners = value.__mro__ if isinstance(value, type) else type(value).__mro__
        owner = next((kind for kind in owners if name in kind.__dict__), None)
        own = owner is not None and is_own_class(owner) and name != "__weakref__"
        return (lambda target: getattr(target, name)) if own else None

    def _decide_super(self, name: str) -> Callable[[Any], Any]:
        def read(value: Any) -> Any:
            order = list(inspect.getmro(value.__self_class__))
            order = order[order.index(value.__thisclass__) + 1 :]
            allowed = self._decide_among(order, value, name)
            return allowed(value) if allowed else self._refused(value, name)

        return read

    def _decide_among(self, owners: Any, value: Any, name: str) -> Callable[[Any], Any] | None:
        def read(target: Any) -> Any:
            return getattr(target, name)

        owner = next((kind for kind in owners if name in kind.__dict__), None)
        if owner is None:
            return self._decide_instance(value, name, read)
        if is_own_class(owner):
            return read
        if owner.__module__ == PARAMETRIZED and isinstance(owner.__dict__[name], property):
            return read  # torch computes it by a module that the target registered
        qualified = f"{canonical_name(owner)}.{name}"
        if qualified in self._own:
            replacement = self._own[qualified]
            return _of_class(replacement) if isinstance(value, type) else _binder(replacement)
        return read if qualified in rows() or _is_named_result(owner, name) else None

    def _decide_instance(self, value: Any, name: str, read: Callable[[Any], Any]) -> Callable[[Any], Any] | None:
        """No class of the value defines the name: it stands in the instance, in its metaclass, or nowhere."""
        if isinstance(value, type):
            owner = next((kind for kind in inspect.getmro(type(value)) if name in kind.__dict__), None)
            allowed = owner is None or f"{canonical_name(owner)}.{name}" in rows()
            return read if allowed else None
        if isinstance(value, types.ModuleType):
            return None
        if is_own_instance(value) or (isinstance(value, SIMPLE) and not _is_ours(type(value))):
            return read
        known = any(canonical_name(kind) in rows() for kind in type(value).__mro__[:-1])
        return read if known and (not name.startswith("_") or self._is_module(value)) else None

    @staticmethod
    def _is_module(value: Any) -> bool:
        return any(canonical_name(kind) in ("torch.nn.Module", "torch.Tensor") for kind in type(value).__mro__)

    @staticmethod
    def _refused(value: Any, name: str) -> UnknownValue:
        kind = value if isinstance(value, type) else type(value)
        if not isinstance(value, type) and not isinstance(value, super) and not hasattr(kind, str(name)):
            if not hasattr(value, str(name)):
                raise AttributeError(f"{kind.__name__!r} object has no attribute {name!r}")
        elif not isinstance(value, super) and not hasattr(value, str(name)):
            raise AttributeError(f"type object {kind.__name__!r} has no attribute {name!r}")
        return UnknownValue(Cause("attribute_not_allowed", (f"{canonical_name(kind)}.{name}",)))

    def set_attribute(self, value: Any, name: str, new: Any) -> None:
        """Set an attribute of an object that belongs to the target; the library's own are left alone."""
        if isinstance(value, UnknownValue):
            return
        if isinstance(value, Proxy):
            value.set_member(name, new)
            return
        if isinstance(value, type) and self._may_gain(value, name):
            self._added.setdefault(name, []).insert(0, (value, new))
            return
        if name == "__kwdefaults__" and _has_keyword_defaults(value, new):
            return
        if not (name == "__dict__" and _may_replace_namespace(value, new)):
            self.check_writable(value, name)
        setattr(value, name, new)
        if isinstance(value, type):
            self._decisions.clear()

    @staticmethod
    def _may_gain(kind: type, name: str) -> bool:
        """A class of the library may be given a name that it does not have, for this interpreter."""
        return not is_own_class(kind) and canonical_name(kind) in rows() and name[:1] != "_" and not hasattr(kind, name)

    def _added_to(self, value: Any, name: str) -> tuple[Any] | None:
        owners = value.__mro__ if isinstance(value, type) else type(value).__mro__
        if any(name in vars(kind) for kind in owners):
            return None
        for kind, new in self._added[name]:
            if kind in owners:
                bound = isinstance(new, types.FunctionType) and not isinstance(value, type)
                return (types.MethodType(new, value) if bound else new,)
        return None

    def delete_attribute(self, value: Any, name: str) -> None:
        if isinstance(value, UnknownValue):
            return
        self.check_writable(value, name)
        delattr(value, name)

    def check_writable(self, value: Any, name: str) -> None:
        dunder = name.startswith("__") and name.endswith("__")
        allowed_dunder = name in ("__doc__", "__name__", "__qualname__", "__module__", "__wrapped__", "__class__")
        if dunder and not (allowed_dunder and name != "__class__") and not isinstance(value, type):
            raise CannotEvaluate("attribute_not_writable", name)
        if name == MARK or (isinstance(value, type) and not is_own_class(value)):
            raise CannotEvaluate("attribute_not_writable", f"{getattr(value, '__name__', '?')}.{name}")
        if isinstance(value, types.FunctionType) and MARK not in value.__dict__:
            raise CannotEvaluate("attribute_not_writable", f"{value.__name__}.{name}")
        if isinstance(value, types.ModuleType):
            raise CannotEvaluate("attribute_not_writable", name)


def _is_named_result(owner: type, name: str) -> bool:
    """`values` and `indices` of what `max`, `sort`, `topk` return."""
    return owner.__module__ == "torch.return_types" and isinstance(vars(owner)[name], types.MemberDescriptorType)


def _of_class(replacement: Any) -> Callable[[Any], Any]:
    return replacement.of if isinstance(replacement, OfClass) else lambda value: replacement


def _is_ours(kind: type) -> bool:
    """A class of the interpreter itself: what its instances hold leads to the session."""
    return kind.__module__.startswith("analyzer.")


def _may_replace_namespace(value: Any, new: Any) -> bool:
    """`self.__dict__ = self` of a dictionary with attributes: objects of the target that are no module."""
    return is_own_instance(value) and isinstance(new, dict) and not isinstance(value, torch.nn.Module)


def _binder(replacement: Any) -> Callable[[Any], Any]:
    def bind(value: Any) -> Any:
        return types.MethodType(replacement, getattr(value, "__self__") if type(value) is super else value)  # noqa: B009

    return bind


def _exists(name: str) -> bool:
    try:
        real_object(name)
    except (AttributeError, ImportError):
        return False
    return True


def _read_class(value: Any) -> Any:
    return value.__class__ if not isinstance(value, type) else type(value)


def _read_dict(value: Any) -> Any:
    """The namespace of an own object; classes give a copy without our mark."""
    if isinstance(value, type):
        if not is_own_class(value):
            return UnknownValue(Cause("attribute_not_allowed", (f"{value.__name__}.__dict__",)))
        return {key: item for key, item in vars(value).items() if key != MARK}
    if isinstance(value, types.FunctionType):
        return {key: item for key, item in vars(value).items() if not key.startswith("__")}
    if not hasattr(value, "__dict__"):
        raise AttributeError("__dict__")
    if isinstance(value, types.ModuleType):
        return UnknownValue(Cause("attribute_not_allowed", ("__dict__",)))
    return vars(value)


def _read_of_method(name: str) -> Callable[[Any], Any]:
    """`__self__` and `__func__` of a method of the target; on others they would lead to modules and to us."""

    def read(value: Any) -> Any:
        if isinstance(value, types.MethodType) and MARK in getattr(value.__func__, "__dict__", ()):
            return getattr(value, name)
        if not hasattr(value, name):
            raise AttributeError(name)
        return UnknownValue(Cause("attribute_not_allowed", (f"{type(value).__name__}.{name}",)))

    return read


def _read_plain(name: str) -> Callable[[Any], Any]:
    return lambda value: getattr(value, name)


def _has_keyword_defaults(value: Any, wanted: Any) -> bool:
    """A copied function is told the defaults that it already has."""
    own = isinstance(value, types.FunctionType) and MARK in value.__dict__
    had = (keyword_defaults(value) or {}) if own else {}
    given = wanted or {}
    return own and had.keys() == given.keys() and all(had[name] is given[name] for name in had)


def _read_defaults(name: str, defaults_of: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        plain = value.__func__ if isinstance(value, types.MethodType) else value
        if isinstance(plain, types.FunctionType) and MARK in plain.__dict__:
            return defaults_of(plain)
        if not hasattr(value, name):
            raise AttributeError(name)
        return UnknownValue(Cause("attribute_not_allowed", (f"{type(value).__name__}.{name}",)))

    return read


SPECIAL: dict[str, Callable[[Any], Any]] = {
    "__defaults__": _read_defaults("__defaults__", positional_defaults),
    "__kwdefaults__": _read_defaults("__kwdefaults__", keyword_defaults),
    "__class__": _read_class,
    "__dict__": _read_dict,
    "__self__": _read_of_method("__self__"),
    "__func__": _read_of_method("__func__"),
    **{
        name: _read_plain(name)
        for name in ("__name__", "__qualname__", "__doc__", "__module__", "__mro__", "__bases__")
    },
}
