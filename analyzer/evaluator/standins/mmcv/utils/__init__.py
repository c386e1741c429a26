"""Registries and configurations by their older names."""
from mmengine.config import Config, ConfigDict
from mmengine.registry import Registry, build_from_cfg
