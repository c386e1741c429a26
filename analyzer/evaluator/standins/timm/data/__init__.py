"""Statistics of ImageNet; loaders are not modelled."""
from .constants import *
