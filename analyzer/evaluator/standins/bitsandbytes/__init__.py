"""Stand-in for bitsandbytes 0.50: layers as they are before their weights are quantised, which happens on a GPU."""
from . import nn
