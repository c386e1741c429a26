"""Models: the vision transformer, the registry's decorator."""
from . import helpers, layers, registry, vision_transformer
from ._registry import generate_default_cfgs, register_model, register_model_deprecations
