"""Models: the vision transformer, the registry's decorator."""

from . import helpers, layers, registry, vision_transformer
from ._registry import create_model, generate_default_cfgs, is_model, register_model, register_model_deprecations
