"""The registry of models: what the repository registers can be made by name; timm's own models stay unknown.

Arguments are handed on as timm 0.3 to 1.0 agree on: those that are None are dropped, and a tag behind the name is
(timm.models._factory.create_model).
"""

from kernels import unmodelled

_entry_points = {}


def register_model(fn):
    _entry_points[fn.__name__] = fn
    return fn


def create_model(
    model_name, pretrained=False, checkpoint_path="", scriptable=None, exportable=None, no_jit=None, **kwargs
):
    name = model_name.split(".")[0]
    if name not in _entry_points:
        unmodelled(f"timm.create_model: {model_name}")
    given = {key: value for key, value in kwargs.items() if value is not None}
    return _entry_points[name](pretrained=pretrained, **given)


def is_model(model_name):
    if model_name not in _entry_points:
        unmodelled(f"timm.is_model: {model_name}")
    return True


def generate_default_cfgs(cfgs):
    return cfgs


def register_model_deprecations(module_name, deprecation_map):
    pass
