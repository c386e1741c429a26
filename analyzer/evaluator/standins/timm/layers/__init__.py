"""Layers by the names under which they are imported."""
from torch.nn import Identity

from .core import *
from .weight_init import *
