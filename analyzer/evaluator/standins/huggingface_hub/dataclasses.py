"""Validated dataclasses: unnamed arguments go to `__post_init__`, class validators run, types are not checked."""
from dataclasses import MISSING, field, fields

from .errors import StrictDataclassClassValidationError


def strict(cls=None, *, accept_kwargs=False):
    def wrap(cls):
        if accept_kwargs:
            _accept_unnamed(cls)
        _validate_after_init(cls)
        return cls

    return wrap if cls is None else wrap(cls)


def _accept_unnamed(cls):
    def __init__(self, *args, **kwargs):
        if args:
            raise ValueError(f"{cls.__name__} accepts only keyword arguments")
        named = set()
        for item in fields(cls):
            named.add(item.name)
            if item.name in kwargs:
                setattr(self, item.name, kwargs[item.name])
            elif item.default is not MISSING:
                setattr(self, item.name, item.default)
            elif item.default_factory is not MISSING:
                setattr(self, item.name, item.default_factory())
            else:
                raise TypeError(f"Missing required field - '{item.name}'")
        self.__post_init__(**{name: value for name, value in kwargs.items() if name not in named})

    def __post_init__(self, **kwargs):
        for name, value in kwargs.items():
            setattr(self, name, value)

    cls.__init__ = __init__
    if not hasattr(cls, "__post_init__"):
        cls.__post_init__ = __post_init__


def _validate_after_init(cls):
    names = [name for name in dir(cls) if name.startswith("validate_")]

    def validate(self):
        for name in names:
            try:
                getattr(self, name)()
            except (ValueError, TypeError) as error:
                raise StrictDataclassClassValidationError(f"{name}: {error}") from error

    initialise = cls.__init__

    def __init__(self, *args, **kwargs):
        initialise(self, *args, **kwargs)
        cls.validate(self)

    cls.validate = validate
    cls.__init__ = __init__


def validated_field(validator, default=MISSING, default_factory=MISSING, init=True, repr=True, hash=None, compare=True,
                    metadata=None, **kwargs):
    return field(default=default, default_factory=default_factory, init=init, repr=repr, compare=compare, **kwargs)


def as_validated_field(validator):
    def make(default=MISSING, default_factory=MISSING, **kwargs):
        return validated_field(validator, default=default, default_factory=default_factory, **kwargs)

    return make


def validate_typed_dict(schema, data):
    return None
