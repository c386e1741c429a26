"""Stand-in for torchvision 0.2x: layers and published networks; transforms and data sets are known by name only."""
from . import models, ops, transforms

__version__ = "0.29.2"
