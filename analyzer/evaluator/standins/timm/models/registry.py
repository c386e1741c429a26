"""The old place of the registry."""

from ._registry import create_model, generate_default_cfgs, is_model, register_model, register_model_deprecations
