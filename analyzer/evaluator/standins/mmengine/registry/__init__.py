"""Classes by their names; a configuration's `type` says which one is made."""
from .registry import MODELS, Registry, build_from_cfg, build_model_from_cfg
