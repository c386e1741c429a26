"""Models: the vision transformer, the registry's decorator."""
from . import layers, registry, vision_transformer, helpers
from ._registry import register_model
from timm_not_modelled import create_model, load_checkpoint, model_entrypoint
