"""Registries, configurations and bases of models."""
from .config import Config, ConfigDict
from .model import BaseModel, BaseModule
from .registry import MODELS, Registry, build_from_cfg
