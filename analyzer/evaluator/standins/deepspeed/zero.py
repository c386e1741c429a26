"""Contexts in which parameters would be divided among devices."""
from contextlib import nullcontext as _nullcontext


def Init(*args, **kwargs):
    return _nullcontext()


def GatheredParameters(params, modifier_rank=None, fwd_module=None, enabled=True):
    return _nullcontext()
