"""Stand-in for causal-conv1d 1.6: a depthwise convolution over the positions before each one."""
from .causal_conv1d_interface import causal_conv1d_fn, causal_conv1d_update
__version__ = "1.7.0"
