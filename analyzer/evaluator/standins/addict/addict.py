"""What is read and is not there becomes a part of the dictionary once something is set in it."""
import copy


class Dict(dict):
    def __init__(__self, *args, **kwargs):
        object.__setattr__(__self, "__parent", kwargs.pop("__parent", None))
        object.__setattr__(__self, "__key", kwargs.pop("__key", None))
        object.__setattr__(__self, "__frozen", False)
        super().__init__()
        for given in args:
            if given:
                __self.update(given)
        __self.update(kwargs)

    @classmethod
    def _hook(cls, item):
        if isinstance(item, dict):
            return item if isinstance(item, cls) else cls(item)
        if isinstance(item, (list, tuple)):
            return type(item)([cls._hook(part) for part in item])
        return item

    def __getattr__(self, item):
        if item.startswith("__"):
            raise AttributeError(item)
        return self[item]

    def __setattr__(self, name, value):
        self[name] = value

    def __setitem__(self, name, value):
        super().__setitem__(name, value)
        owner = object.__getattribute__(self, "__parent")
        if owner is not None:
            owner[object.__getattribute__(self, "__key")] = self
            object.__setattr__(self, "__parent", None)

    def __missing__(self, name):
        if object.__getattribute__(self, "__frozen"):
            raise KeyError(name)
        return type(self)(__parent=self, __key=name)

    def __delattr__(self, name):
        del self[name]

    def update(self, *args, **kwargs):
        for name, value in {**dict(*args), **kwargs}.items():
            both = name in self and isinstance(self[name], dict) and isinstance(value, dict)
            if both:
                self[name].update(value)
            else:
                self[name] = self._hook(value)

    def setdefault(self, key, default=None):
        if key not in self:
            self[key] = default
        return self[key]

    def to_dict(self):
        return {name: self._plain(value) for name, value in self.items()}

    @classmethod
    def _plain(cls, value):
        if isinstance(value, cls):
            return value.to_dict()
        if isinstance(value, (list, tuple)):
            return type(value)(cls._plain(part) for part in value)
        return value

    def copy(self):
        return type(self)(dict(self))

    def deepcopy(self):
        return copy.deepcopy(self)

    def __deepcopy__(self, memo):
        return type(self)(copy.deepcopy(dict(self), memo))

    def freeze(self, shouldFreeze=True):
        object.__setattr__(self, "__frozen", shouldFreeze)
        for value in self.values():
            if isinstance(value, Dict):
                value.freeze(shouldFreeze)

    def unfreeze(self):
        self.freeze(False)
