"""Transforms of sound inside models; files are not read."""
from . import transforms
