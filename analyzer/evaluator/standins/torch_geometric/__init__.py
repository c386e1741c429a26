"""Stand-in for PyTorch Geometric 2.x: message passing over edges, the layers used most, pooling over graphs."""
from . import nn, utils
