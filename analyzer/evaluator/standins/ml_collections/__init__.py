"""Configurations by attribute."""
from .config_dict import ConfigDict, FieldReference, FrozenConfigDict
