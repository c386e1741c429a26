"""`instantiate` makes the object that `_target_` names."""
import importlib

from omegaconf import DictConfig, ListConfig, OmegaConf

_OWN = ("_target_", "_args_", "_recursive_", "_convert_", "_partial_")


def get_class(path):
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


get_object = get_method = get_static_method = get_class


def _made(value):
    if isinstance(value, (dict, DictConfig)):
        if "_target_" in value:
            return instantiate(value)
        return {name: _made(item) for name, item in value.items()}
    if isinstance(value, (list, ListConfig)):
        return [_made(item) for item in value]
    return value


def instantiate(config, *args, **kwargs):
    if config is None:
        return None
    if isinstance(config, (list, ListConfig)):
        return [instantiate(item) for item in config]
    given = {name: value for name, value in {**dict(config.items()), **kwargs}.items() if name not in _OWN}
    if config.get("_recursive_", True):
        given = {name: _made(value) for name, value in given.items()}
    target = config["_target_"]
    target = get_class(target) if isinstance(target, str) else target
    positional = args or [_made(value) for value in config.get("_args_", ())]
    if config.get("_partial_", False):
        from functools import partial
        return partial(target, *positional, **given)
    return target(*positional, **given)


call = instantiate
