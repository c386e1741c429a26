"""A dictionary with attributes whose entries keep their kinds when other sources are merged into it."""
import copy
from ast import literal_eval

import yaml

from kernels import unmodelled


class CfgNode(dict):
    IMMUTABLE = "__immutable__"
    NEW_ALLOWED = "__new_allowed__"

    def __init__(self, init_dict=None, key_list=None, new_allowed=False):
        given = {} if init_dict is None else init_dict
        super().__init__({name: self._node(value, new_allowed) for name, value in given.items()})
        self.__dict__[CfgNode.IMMUTABLE] = False
        self.__dict__[CfgNode.NEW_ALLOWED] = new_allowed

    @classmethod
    def _node(cls, value, new_allowed=False):
        plain = isinstance(value, dict) and not isinstance(value, CfgNode)
        return cls(value, new_allowed=new_allowed) if plain else value

    def __getattr__(self, name):
        if name in self:
            return self[name]
        raise AttributeError(name)

    def __setattr__(self, name, value):
        if self.is_frozen():
            raise AttributeError(f"Attempted to set {name} to {value}, but CfgNode is immutable")
        self[name] = value

    def is_frozen(self):
        return self.__dict__[CfgNode.IMMUTABLE]

    def freeze(self):
        self._set_frozen(True)

    def defrost(self):
        self._set_frozen(False)

    def _set_frozen(self, frozen):
        self.__dict__[CfgNode.IMMUTABLE] = frozen
        for value in self.values():
            if isinstance(value, CfgNode):
                value._set_frozen(frozen)

    def is_new_allowed(self):
        return self.__dict__[CfgNode.NEW_ALLOWED]

    def set_new_allowed(self, is_new_allowed):
        self.__dict__[CfgNode.NEW_ALLOWED] = is_new_allowed
        for value in self.values():
            if isinstance(value, CfgNode):
                value.set_new_allowed(is_new_allowed)

    def clone(self):
        return copy.deepcopy(self)

    def merge_from_file(self, cfg_filename):
        with open(cfg_filename) as file:
            self.merge_from_other_cfg(self.load_cfg(file))

    def merge_from_other_cfg(self, cfg_other):
        self._merge(cfg_other, [])

    def merge_from_list(self, cfg_list):
        assert len(cfg_list) % 2 == 0, "Override list has odd length: {}".format(cfg_list)
        for full, value in zip(cfg_list[0::2], cfg_list[1::2]):
            node = self
            *owners, last = full.split(".")
            for part in owners:
                node = node[part]
            assert last in node, f"Non-existent key: {full}"
            node[last] = self._same_kind(node[last], self._decoded(value), full)

    def _merge(self, other, parents):
        for name, given in other.items():
            full = ".".join([*parents, name])
            value = self._node(self._decoded(copy.deepcopy(given)), self.is_new_allowed())
            if name not in self:
                if not self.is_new_allowed():
                    raise KeyError(f"Non-existent config key: {full}")
                self[name] = value
            elif isinstance(self[name], CfgNode) and isinstance(value, CfgNode):
                self[name]._merge(value, [*parents, name])
            else:
                self[name] = self._same_kind(self[name], value, full)

    @classmethod
    def _decoded(cls, value):
        if isinstance(value, dict) and not isinstance(value, CfgNode):
            return cls(value)
        if not isinstance(value, str):
            return value
        try:
            return literal_eval(value)
        except (ValueError, SyntaxError):
            return value

    @staticmethod
    def _same_kind(old, new, name):
        if type(old) is type(new) or old is None or new is None:
            return new
        if isinstance(old, tuple) and isinstance(new, list):
            return tuple(new)
        if isinstance(old, list) and isinstance(new, tuple):
            return list(new)
        raise ValueError(f"Type mismatch ({type(old)} vs. {type(new)}) for config key: {name}")

    @classmethod
    def load_cfg(cls, cfg_file_obj_or_str):
        return cls(yaml.safe_load(cfg_file_obj_or_str))

    def dump(self, **kwargs):
        unmodelled("yacs.config.CfgNode.dump")


def load_cfg(cfg_file_obj_or_str):
    return CfgNode.load_cfg(cfg_file_obj_or_str)
