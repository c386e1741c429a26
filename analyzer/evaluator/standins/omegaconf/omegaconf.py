"""Values stay as they are given; `${a.b}` is looked up from the root when it is read."""
import dataclasses
import pathlib
import re
import sys
from contextlib import nullcontext

from kernels import read_yaml, unmodelled

MISSING = "???"
_WHOLE = re.compile(r"\$\{([\w.]+)\}")


class _Node:
    def _read(self, value):
        if not isinstance(value, str) or "${" not in value:
            return value
        found = _WHOLE.fullmatch(value)
        if found is None:
            unmodelled(f"omegaconf: interpolation {value}")
        target = self._root() if not found.group(1).startswith(".") else self
        for part in found.group(1).strip(".").split("."):
            target = target[int(part)] if isinstance(target, ListConfig) else target[part]
        return target

    def _root(self):
        node = self
        while node._parent() is not None:
            node = node._parent()
        return node


def _wrapped(value, parent):
    if dataclasses.is_dataclass(value):
        if isinstance(value, type):
            value = value()
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, (DictConfig, ListConfig)):
        value = OmegaConf.to_container(value)
    if isinstance(value, dict):
        return DictConfig(value, parent=parent)
    if isinstance(value, (list, tuple)):
        return ListConfig(list(value), parent=parent)
    return value


class DictConfig(_Node):
    def __init__(self, content, key=None, parent=None):
        self.__dict__["_up"] = parent
        self.__dict__["_content"] = {}
        for name, value in dict(content).items():
            self._content[name] = _wrapped(value, self)

    def _parent(self):
        return self.__dict__["_up"]

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self.__dict__["_content"]:
            raise AttributeError(f"Missing key {name}")
        return self[name]

    def __setattr__(self, name, value):
        self[name] = value

    def __getitem__(self, name):
        value = self.__dict__["_content"][name]
        if isinstance(value, str) and value == MISSING:
            raise KeyError(f"Missing mandatory value: {name}")
        return self._read(value)

    def __setitem__(self, name, value):
        self.__dict__["_content"][name] = _wrapped(value, self)

    def __delitem__(self, name):
        del self.__dict__["_content"][name]

    def __contains__(self, name):
        return name in self.__dict__["_content"]

    def __iter__(self):
        return iter(self.__dict__["_content"])

    def __len__(self):
        return len(self.__dict__["_content"])

    def __eq__(self, other):
        return OmegaConf.to_container(self) == (OmegaConf.to_container(other) if OmegaConf.is_config(other) else other)

    def __copy__(self):
        return OmegaConf.create(OmegaConf.to_container(self))

    def __deepcopy__(self, memo):
        return OmegaConf.create(OmegaConf.to_container(self))

    copy = __copy__

    def get(self, key, default_value=None):
        return self[key] if key in self else default_value

    def pop(self, key, *default):
        value = self.get(key, *default)
        self.__dict__["_content"].pop(key, None)
        return value

    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, other=(), **kwargs):
        for name, value in {**dict(other), **kwargs}.items():
            self[name] = value

    def keys(self):
        return self.__dict__["_content"].keys()

    def values(self):
        return [self[name] for name in self]

    def items(self):
        return [(name, self[name]) for name in self]


class ListConfig(_Node):
    def __init__(self, content, key=None, parent=None):
        self._up = parent
        self._items = [_wrapped(value, self) for value in content]

    def _parent(self):
        return self._up

    def __getitem__(self, index):
        if isinstance(index, slice):
            return ListConfig(self._items[index], parent=self._up)
        return self._read(self._items[index])

    def __setitem__(self, index, value):
        self._items[index] = _wrapped(value, self)

    def __len__(self):
        return len(self._items)

    def __iter__(self):
        return iter([self._read(value) for value in self._items])

    def __contains__(self, value):
        return value in list(self)

    def __eq__(self, other):
        return list(self) == list(other)

    def __add__(self, other):
        return ListConfig([*self, *other])

    def append(self, value):
        self._items.append(_wrapped(value, self))

    def index(self, value):
        return list(self).index(value)


class OmegaConf:
    @staticmethod
    def create(obj=None, parent=None, flags=None):
        if isinstance(obj, str):
            obj = read_yaml(obj)
            if isinstance(obj, str):
                obj = {obj: None}
        return _wrapped({} if obj is None else obj, parent)

    @staticmethod
    def load(file_):
        if isinstance(file_, (str, pathlib.Path)):
            with open(file_) as opened:
                text = opened.read()
        else:
            text = file_.read()
        obj = read_yaml(text)
        return _wrapped({} if obj is None else obj, None)

    @staticmethod
    def structured(obj, parent=None, flags=None):
        return _wrapped(obj, parent)

    @staticmethod
    def merge(*configs):
        merged = {}
        for config in configs:
            _merge(merged, OmegaConf.to_container(OmegaConf.create(config)))
        return OmegaConf.create(merged)

    @staticmethod
    def from_dotlist(dotlist):
        made = OmegaConf.create({})
        for item in dotlist:
            name, equals, text = item.partition("=")
            if "[" in name:
                unmodelled("omegaconf.OmegaConf.from_dotlist: brackets")
            OmegaConf.update(made, name, read_yaml(text) if equals and text else None)
        return made

    @staticmethod
    def from_cli(args_list=None):
        return OmegaConf.from_dotlist(sys.argv[1:] if args_list is None else args_list)

    @staticmethod
    def to_container(cfg, *, resolve=False, throw_on_missing=False, enum_to_str=False, structured_config_mode=None):
        if isinstance(cfg, DictConfig):
            content = cfg.__dict__["_content"]
            return {name: OmegaConf.to_container(cfg[name] if resolve else value, resolve=resolve)
                    for name, value in content.items()}
        if isinstance(cfg, ListConfig):
            return [OmegaConf.to_container(value, resolve=resolve) for value in (cfg if resolve else cfg._items)]
        return cfg

    @staticmethod
    def to_object(cfg):
        return OmegaConf.to_container(cfg, resolve=True)

    @staticmethod
    def is_config(obj):
        return isinstance(obj, (DictConfig, ListConfig))

    @staticmethod
    def is_dict(obj):
        return isinstance(obj, DictConfig)

    @staticmethod
    def is_list(obj):
        return isinstance(obj, ListConfig)

    @staticmethod
    def is_missing(cfg, key):
        return key in cfg and cfg.__dict__["_content"][key] == MISSING

    @staticmethod
    def select(cfg, key, *, default=None, throw_on_resolution_failure=True, throw_on_missing=False):
        for part in key.split("."):
            if part not in cfg:
                return default
            cfg = cfg[part]
        return cfg

    @staticmethod
    def update(cfg, key, value=None, *, merge=True, force_add=False):
        *path, last = key.split(".")
        for part in path:
            cfg = cfg.setdefault(part, {})
        cfg[last] = value

    @staticmethod
    def set_struct(conf, value):
        pass

    @staticmethod
    def set_readonly(conf, value):
        pass

    @staticmethod
    def resolve(cfg):
        pass


def _merge(into, added):
    for name, value in added.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


def open_dict(config):
    return nullcontext(config)


def read_write(config):
    return nullcontext(config)
