"""Layers of nodes alone."""
from .linear import Linear
