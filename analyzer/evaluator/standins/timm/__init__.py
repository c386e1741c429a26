"""Stand-in for timm 1.0: the layers and bases that model code imports from it."""
from . import layers, models, data
from timm_not_modelled import create_model, list_models, is_model, model_entrypoint
