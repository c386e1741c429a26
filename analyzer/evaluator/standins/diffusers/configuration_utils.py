"""A constructor's arguments are kept as its configuration."""
import functools
import inspect
from collections import OrderedDict


class FrozenDict(OrderedDict):
    def __getattr__(self, name):
        if name not in self:
            raise AttributeError(name)
        return self[name]


class ConfigMixin:
    config_name = None
    ignore_for_config = []
    has_compatibles = False

    def register_to_config(self, **kwargs):
        known = self.__dict__.get("_internal_dict", {})
        self.__dict__["_internal_dict"] = FrozenDict({**known, **kwargs})

    @property
    def config(self):
        return self.__dict__["_internal_dict"]

    @classmethod
    def from_config(cls, config=None, return_unused_kwargs=False, **kwargs):
        names = inspect.signature(cls.__init__).parameters
        given = {**{name: value for name, value in dict(config).items() if name in names}, **kwargs}
        return (cls(**given), {}) if return_unused_kwargs else cls(**given)


def register_to_config(init):
    @functools.wraps(init)
    def inner_init(self, *args, **kwargs):
        given = {name: value for name, value in kwargs.items() if not name.startswith("_")}
        parameters = [(n, p) for n, p in inspect.signature(init).parameters.items() if n != "self"]
        known = {n: p.default for n, p in parameters if p.default is not inspect.Parameter.empty}
        known.update(zip([n for n, _ in parameters], args))
        known.update(given)
        left_out = type(self).ignore_for_config
        self.register_to_config(**{n: v for n, v in known.items() if n not in left_out})
        init(self, *args, **given)

    return inner_init
