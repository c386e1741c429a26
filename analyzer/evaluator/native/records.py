"""Our own `dataclass`, `namedtuple` and `NamedTuple`: the real ones execute text."""

from __future__ import annotations

import copy
import operator
from collections.abc import Callable
from typing import Any

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.objects import MARK, Origin, build_class
from analyzer.evaluator.policy import Proxy
from analyzer.evaluator.values import UnknownValue

FIELDS = "__dataclass_fields__"


class Missing(Proxy):
    """Stands for no default."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


class Field(Proxy):
    """What a dataclass knows of one of its fields."""

    def __init__(self, **options: Any) -> None:
        self.name = ""
        self.type = ""
        self.default = options.get("default", MISSING)
        self.default_factory = options.get("default_factory", MISSING)
        self.init = options.get("init", True)
        self.repr = options.get("repr", True)
        self.compare = options.get("compare", True)
        self.kw_only = options.get("kw_only", False)
        self.metadata = options.get("metadata") or {}
        self.initialiser_only = False

    def member(self, name: str) -> Any:
        if name.startswith("_") or name not in vars(self):
            raise AttributeError(name)
        return vars(self)[name]


def provide(session: Any) -> Provided:
    def dataclass(kind: Any = None, **options: Any) -> Any:
        if kind is None:
            return lambda decorated: make_dataclass(session, decorated, options)
        return make_dataclass(session, kind, options)

    names = {
        "dataclasses.dataclass": dataclass,
        "dataclasses.field": Field,
        "dataclasses.fields": lambda value: tuple(_fields_of(value).values()),
        "dataclasses.asdict": lambda value, **options: _as_dict(value),
        "dataclasses.astuple": lambda value: tuple(getattr(value, name) for name in _fields_of(value)),
        "dataclasses.replace": lambda value, **changes: _replace(session, value, changes),
        "dataclasses.is_dataclass": lambda value: hasattr(value, FIELDS),
        "dataclasses.MISSING": MISSING,
        "collections.namedtuple": lambda name, fields, **options: named_tuple(session, name, fields, **options),
        "typing.NamedTuple": NamedTupleBase(session),
    }
    return names, {}, {}


def make_dataclass(session: Any, kind: Any, options: dict[str, Any]) -> Any:
    """Add what `@dataclass` adds, as plain closures."""
    if isinstance(kind, UnknownValue):
        return kind
    fields: dict[str, Field] = {}
    for base in reversed(kind.__mro__[1:]):
        fields.update(base.__dict__.get(FIELDS, {}))
    own = _own_fields(kind, bool(options.get("kw_only")))
    if options.get("slots"):  # what the class says of itself; its objects have a `__dict__` here all the same
        kind.__slots__ = tuple(name for name in own if name not in fields)
    fields.update(own)
    setattr(kind, FIELDS, fields)
    setattr(kind, "__match_args__", tuple(name for name, item in fields.items() if item.init))  # noqa: B010
    if options.get("init", True) and "__init__" not in kind.__dict__:
        kind.__init__ = _initialiser(session, kind, fields, bool(options.get("frozen")))
    if options.get("repr", True) and "__repr__" not in kind.__dict__:
        kind.__repr__ = _printer(fields)
    if options.get("eq", True) and "__eq__" not in kind.__dict__:
        kind.__eq__ = _comparer(fields)
        kind.__hash__ = _hasher(fields) if options.get("frozen") or options.get("unsafe_hash") else None
    return kind


def _own_fields(kind: type, keyword_only: bool) -> dict[str, Field]:
    found = {}
    for name, annotation in vars(kind).get("__annotations__", {}).items():
        if "ClassVar" in annotation:
            continue
        if annotation.endswith("KW_ONLY"):
            keyword_only = True
            continue
        default = kind.__dict__.get(name, MISSING)
        item = copy.copy(default) if isinstance(default, Field) else Field(default=default)
        item.name, item.type = name, annotation
        item.kw_only = item.kw_only or keyword_only
        item.initialiser_only = "InitVar" in annotation
        if isinstance(default, Field):
            _set_default(kind, name, item)
        elif isinstance(default, (list, dict, set)):
            raise ValueError(f"mutable default {type(default)} for field {name} is not allowed: use default_factory")
        found[name] = item
    return found


def _set_default(kind: type, name: str, item: Field) -> None:
    if item.default is MISSING:
        delattr(kind, name)
    else:
        setattr(kind, name, item.default)


def _initialiser(session: Any, kind: type, fields: dict[str, Field], frozen: bool) -> Callable[..., None]:
    positional = [name for name, item in fields.items() if item.init and not item.kw_only]
    assign = session.assign_field if frozen else session.set_attribute  # an own `__setattr__` sees every field

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if len(args) > len(positional):
            raise TypeError(
                f"{kind.__name__}() takes {len(positional)} positional arguments but {len(args)} were given"
            )
        given = dict(zip(positional, args, strict=False))
        for name, value in kwargs.items():
            if name in given:
                raise TypeError(f"{kind.__name__}() got multiple values for argument {name!r}")
            if name not in fields or not fields[name].init:
                raise TypeError(f"{kind.__name__}.__init__() got an unexpected keyword argument {name!r}")
            given[name] = value
        extra = []
        for name, item in fields.items():
            value = given[name] if name in given else _default_of(session, kind, item)
            if item.initialiser_only:
                extra.append(value)
            elif value is not MISSING:
                assign(self, name, value)
        if hasattr(self, "__post_init__"):
            self.__post_init__(*extra)

    return __init__


def _default_of(session: Any, kind: type, item: Field) -> Any:
    if item.default_factory is not MISSING:
        return session.call(item.default_factory, (), {})
    if item.default is not MISSING or not item.init:
        return item.default
    raise TypeError(f"{kind.__name__}.__init__() missing required argument: {item.name!r}")


def _printer(fields: dict[str, Field]) -> Callable[[Any], str]:
    def __repr__(self: Any) -> str:
        shown = ", ".join(f"{name}={getattr(self, name, None)!r}" for name, item in fields.items() if item.repr)
        return f"{type(self).__qualname__}({shown})"

    return __repr__


def _values_of(value: Any, fields: dict[str, Field]) -> tuple[Any, ...]:
    return tuple(getattr(value, name, None) for name, item in fields.items() if item.compare)


def _comparer(fields: dict[str, Field]) -> Callable[[Any, Any], Any]:
    def __eq__(self: Any, other: Any) -> Any:
        if type(other) is not type(self):
            return NotImplemented
        return _values_of(self, fields) == _values_of(other, fields)

    return __eq__


def _hasher(fields: dict[str, Field]) -> Callable[[Any], int]:
    return lambda self: hash(_values_of(self, fields))


def _fields_of(value: Any) -> dict[str, Field]:
    fields: dict[str, Field] | None = getattr(value, FIELDS, None)
    if fields is None:
        raise TypeError("must be called with a dataclass type or instance")
    return fields


def _as_dict(value: Any) -> Any:
    if hasattr(value, FIELDS) and not isinstance(value, type):
        return {name: _as_dict(getattr(value, name)) for name in _fields_of(value)}
    if isinstance(value, (list, tuple)):
        return type(value)(_as_dict(item) for item in value) if type(value) in (list, tuple) else value
    if isinstance(value, dict):
        return {key: _as_dict(item) for key, item in value.items()}
    return copy.deepcopy(value)


def _replace(session: Any, value: Any, changes: dict[str, Any]) -> Any:
    current = {name: getattr(value, name) for name, item in _fields_of(value).items() if item.init}
    return session.call(type(value), (), {**current, **changes})


def named_tuple(session: Any, name: str, fields: Any, defaults: Any = (), **options: Any) -> type:
    """A tuple class with named items."""
    names = fields.replace(",", " ").split() if isinstance(fields, str) else [str(item) for item in fields]
    values = list(defaults or ())
    given = dict(zip(names[len(names) - len(values) :], values, strict=True))
    place = session.place
    origin = Origin(session, place.path if place else "", place.first_line if place else 0, None, {})
    return _tuple_class(name, names, given, {MARK: origin})


class _TupleConstructor(Proxy):
    """`__new__` of a named tuple; `Point.__new__.__defaults__ = (None,)` was the way to give defaults before 3.7."""

    def __init__(self, name: str, names: list[str], defaults: dict[str, Any]) -> None:
        self._name = name
        self._names = names
        self._defaults = defaults

    def __call__(self, cls: type, *args: Any, **kwargs: Any) -> Any:
        given = {**self._defaults, **dict(zip(self._names, args, strict=False)), **kwargs}
        if len(args) > len(self._names) or set(given) != set(self._names):
            raise TypeError(f"{self._name}() takes the arguments {', '.join(self._names)}")
        return tuple.__new__(cls, [given[item] for item in self._names])

    def member(self, name: str) -> Any:
        if name != "__defaults__":
            raise AttributeError(name)
        return tuple(self._defaults.values()) or None

    def set_member(self, name: str, value: Any) -> None:
        if name != "__defaults__" or not isinstance(value, tuple):
            raise CannotEvaluate("attribute_not_writable", name)
        self._defaults = dict(zip(self._names[len(self._names) - len(value) :], value, strict=True))


def _tuple_class(name: str, names: list[str], defaults: dict[str, Any], namespace: dict[str, Any]) -> type:
    def _replace(self: Any, **changes: Any) -> Any:
        return type(self)(**{**dict(zip(names, self, strict=True)), **changes})

    def _asdict(self: Any) -> dict[str, Any]:
        return dict(zip(names, self, strict=True))

    def __repr__(self: Any) -> str:
        return f"{name}({', '.join(f'{key}={value!r}' for key, value in zip(names, self, strict=True))})"

    own = {
        "__new__": _TupleConstructor(name, names, defaults), "_replace": _replace,
        "_asdict": _asdict, "__repr__": __repr__, "_fields": tuple(names),
        "_make": classmethod(lambda cls, values: cls(*values)), "_field_defaults": dict(defaults),
        "__match_args__": tuple(names),
    }  # fmt: skip
    own |= {item: property(operator.itemgetter(at)) for at, item in enumerate(names)}
    return type(name, (tuple,), {**own, **namespace})


class NamedTupleBase(Proxy):
    """`class Point(NamedTuple): x: int = 0`."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def make_class(self, frame: Any, code: Any) -> type:
        body = build_class(frame, code, (), {})
        names = list(vars(body).get("__annotations__", {}))
        defaults = {name: body.__dict__[name] for name in names if name in body.__dict__}
        namespace = {
            key: value for key, value in vars(body).items() if key not in (*names, "__dict__", "__weakref__", "__new__")
        }
        return _tuple_class(code.name, names, defaults, namespace)

    def __call__(self, name: str, fields: Any) -> type:
        if isinstance(fields, UnknownValue):
            raise CannotEvaluate.because(fields.cause)
        return named_tuple(self.session, name, [pair[0] for pair in fields])
