"""Convolution, norm and activation from configurations."""
from .bricks import (
    ConvModule, DropPath, Scale, build_activation_layer, build_conv_layer, build_norm_layer, build_padding_layer,
)
