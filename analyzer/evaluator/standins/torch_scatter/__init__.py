"""Rows with the same index become one row."""
from .scatter import scatter, scatter_add, scatter_max, scatter_mean, scatter_min, scatter_mul, scatter_sum
from .composite import scatter_log_softmax, scatter_softmax, scatter_std
