"""A registry asks its parent for what it does not have."""
from torch import nn


def build_from_cfg(cfg, registry, default_args=None):
    args = {**(default_args or {}), **cfg}
    kind = args.pop("type")
    args.pop("_scope_", None)
    if isinstance(kind, str):
        found = registry.get(kind)
        if found is None:
            raise KeyError(f"{kind} is not in the {registry.name} registry")
        kind = found
    return kind(**args)


def build_model_from_cfg(cfg, registry, default_args=None):
    if isinstance(cfg, list):
        return nn.Sequential(*(build_from_cfg(part, registry, default_args) for part in cfg))
    return build_from_cfg(cfg, registry, default_args)


class Registry:
    def __init__(self, name, build_func=None, parent=None, scope=None, locations=[]):
        self._name = name
        self._module_dict = {}
        self.parent = parent
        self.build_func = build_func or (parent.build_func if parent is not None else build_from_cfg)

    @property
    def name(self):
        return self._name

    @property
    def module_dict(self):
        return self._module_dict

    def __len__(self):
        return len(self._module_dict)

    def __contains__(self, key):
        return self.get(key) is not None

    def get(self, key):
        found = self._module_dict.get(key.split(".")[-1])
        return found if found is not None or self.parent is None else self.parent.get(key)

    def build(self, cfg, *args, **kwargs):
        return self.build_func(cfg, *args, **kwargs, registry=self)

    def register_module(self, name=None, force=False, module=None):
        if module is not None:
            self._add(module, name)
            return module

        def register(kind):
            self._add(kind, name)
            return kind

        return register

    def _add(self, module, name):
        names = [name] if isinstance(name, str) else (name or [module.__name__])
        for key in names:
            self._module_dict[key] = module


MODELS = Registry("model", build_model_from_cfg)
for _layer in (
    nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ReLU6, nn.ELU,
    nn.Sigmoid, nn.Tanh, nn.GELU, nn.SiLU, nn.Dropout,
):
    MODELS.register_module(module=_layer)
