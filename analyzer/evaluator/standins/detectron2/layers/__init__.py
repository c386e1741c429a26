"""Convolutions with a norm and an activation, norms by name, and shapes of features."""
from .batch_norm import FrozenBatchNorm2d, get_norm
from .shape_spec import ShapeSpec
from .wrappers import Conv2d, ConvTranspose2d, Linear, cat, interpolate
