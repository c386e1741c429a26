"""Entries keep their kinds; a locked configuration gets no new ones; a reference is read through."""
import copy

from kernels import unmodelled

REQUIRED = "ml_collections.REQUIRED"


class FieldReference:
    def __init__(self, default, field_type=None, op=None, required=False):
        if op is not None:
            unmodelled("ml_collections: a reference with an operation")
        self._value = default
        self._type = field_type or type(default)
        self._required = required

    def get(self):
        if self._required and self._value is None:
            raise RequiredValueError("None value found in required reference")
        return self._value.get() if isinstance(self._value, FieldReference) else self._value

    def set(self, value, type_safe=True):
        self._value = value


class RequiredValueError(Exception):
    pass


def placeholder(field_type, required=False):
    return FieldReference(None, field_type=field_type, required=required)


def required_placeholder(field_type):
    return placeholder(field_type, required=True)


def create(**kwargs):
    return ConfigDict(initial_dictionary=kwargs)


class ConfigDict:
    def __init__(self, initial_dictionary=None, type_safe=True, convert_dict=True, *, allow_dotted_keys=False,
                 sort_keys=True):
        self.__dict__["_fields"] = {}
        self.__dict__["_locked"] = False
        self.__dict__["_type_safe"] = type_safe
        self.__dict__["_convert_dict"] = convert_dict
        given = {} if initial_dictionary is None else initial_dictionary
        for name, value in given.items():
            self._fields[name] = self._converted(value)
        if isinstance(given, FrozenConfigDict):
            self._fields.update({name: _thawed(value) for name, value in self._fields.items()})

    def _converted(self, value):
        nested = isinstance(value, dict) and self._convert_dict
        return ConfigDict(value, self._type_safe) if nested else value

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self.__dict__["_fields"]:
            raise AttributeError(name)
        return self[name]

    def __setattr__(self, name, value):
        self[name] = value

    def __delattr__(self, name):
        if self._locked:
            raise KeyError(name)
        del self._fields[name]

    __delitem__ = __delattr__

    def __getitem__(self, name):
        if name not in self._fields and "." in str(name):
            first, rest = name.split(".", 1)
            return self[first][rest]
        value = self._fields[name]
        return value.get() if isinstance(value, FieldReference) else value

    def __setitem__(self, name, value):
        if "." in str(name):
            owner, last = name.rsplit(".", 1)
            self[owner][last] = value
            return
        old = self._fields.get(name)
        if name not in self._fields and self._locked:
            raise KeyError(f"Key {name!r} does not exist and cannot be added since the config is locked.")
        if isinstance(old, FieldReference) and not isinstance(value, FieldReference):
            old.set(value)
            return
        self._fields[name] = self._checked(old, self._converted(value))

    def _checked(self, old, new):
        free = not self._type_safe or old is None or new is None or isinstance(new, FieldReference)
        if free or isinstance(new, type(old)) or (isinstance(old, (list, tuple)) and isinstance(new, (list, tuple))):
            return type(old)(new) if not free and isinstance(old, (list, tuple)) and type(old) is not type(new) else new
        if isinstance(old, float) and isinstance(new, int) and not isinstance(new, bool):
            return float(new)
        raise TypeError(f"could not override field of type {type(old)} with {type(new)}")

    def __contains__(self, name):
        return name in self._fields

    def __iter__(self):
        return iter(sorted(self._fields))

    def __len__(self):
        return len(self._fields)

    def __eq__(self, other):
        return isinstance(other, ConfigDict) and self.to_dict() == other.to_dict()

    def get(self, key, default=None):
        return self[key] if key in self._fields else default

    def get_ref(self, key):
        value = self._fields[key]
        if not isinstance(value, FieldReference):
            value = self._fields[key] = FieldReference(value)
        return value

    def get_oneway_ref(self, key):
        unmodelled("ml_collections: one-way references")

    def keys(self):
        return sorted(self._fields)

    def values(self):
        return [self[name] for name in self.keys()]

    def items(self):
        return [(name, self[name]) for name in self.keys()]

    def pop(self, key, *default):
        found = self.get(key, *default) if default else self[key]
        self._fields.pop(key, None)
        return found

    def update(self, *other, **kwargs):
        for name, value in {**(dict(other[0].items()) if other else {}), **kwargs}.items():
            mine = self._fields.get(name)
            if isinstance(mine, ConfigDict) and isinstance(value, (dict, ConfigDict)):
                mine.update(value)
            else:
                self[name] = value

    def to_dict(self, visit_map=None, preserve_field_references=False):
        return {
            name: value.to_dict() if isinstance(value, ConfigDict) else value for name, value in self.items()
        }

    def copy_and_resolve_references(self, visit_map=None):
        return type(self)({
            name: value.copy_and_resolve_references() if isinstance(value, ConfigDict) else value
            for name, value in self.items()
        })

    def __deepcopy__(self, memo):
        return type(self)(copy.deepcopy({name: self._fields[name] for name in self._fields}, memo))

    def lock(self):
        return self._set_locked(True)

    def unlock(self):
        return self._set_locked(False)

    def unlocked(self):
        return _Unlocked(self)

    @property
    def is_locked(self):
        return self._locked

    def _set_locked(self, locked):
        self.__dict__["_locked"] = locked
        for value in self._fields.values():
            if isinstance(value, ConfigDict):
                value._set_locked(locked)
        return self


class _Unlocked:
    def __init__(self, config):
        self._config, self._was = config, config.is_locked

    def __enter__(self):
        return self._config.unlock()

    def __exit__(self, *error):
        self._config._set_locked(self._was)


def _thawed(value):
    if isinstance(value, FrozenConfigDict):
        return ConfigDict({name: value[name] for name in value})
    return list(value) if isinstance(value, tuple) else value


class FrozenConfigDict(ConfigDict):
    def __init__(self, initial_dictionary=None, type_safe=True):
        super().__init__(initial_dictionary, type_safe)
        for name in list(self._fields):
            value = self[name]
            if isinstance(value, ConfigDict):
                value = FrozenConfigDict({part: value[part] for part in value}, type_safe)
            self._fields[name] = tuple(value) if isinstance(value, list) else value
        self.__dict__["_locked"] = True

    def __setitem__(self, name, value):
        raise AttributeError("FrozenConfigDict is immutable. Cannot modify key " + str(name))

    __setattr__ = __setitem__
