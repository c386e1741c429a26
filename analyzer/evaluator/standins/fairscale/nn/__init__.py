"""Wrappers leave the module that they wrap as it is, in its sizes."""
from . import model_parallel
from .checkpoint import checkpoint_wrapper
from .wrap import auto_wrap, wrap
