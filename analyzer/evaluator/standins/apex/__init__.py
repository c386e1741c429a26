"""Stand-in for NVIDIA apex: fused norms, mixed precision, data parallelism; written from its documentation."""
from . import amp, normalization, optimizers, parallel
