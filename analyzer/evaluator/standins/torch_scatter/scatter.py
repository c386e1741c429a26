"""Without a given size there are as many rows as the largest index says, which depends on data."""
from kernels import unmodelled

from .utils import broadcast


def _target(src, index, dim, out, dim_size):
    index = broadcast(index, src, dim)
    if out is not None:
        return index, out
    size = list(src.size())
    if dim_size is not None:
        size[dim] = dim_size
    elif index.numel() == 0:
        size[dim] = 0
    else:
        size[dim] = int(index.max()) + 1
    return index, src.new_zeros(size)


def scatter_sum(src, index, dim=-1, out=None, dim_size=None):
    index, target = _target(src, index, dim, out, dim_size)
    return target.scatter_add_(dim, index, src)


def scatter_add(src, index, dim=-1, out=None, dim_size=None):
    return scatter_sum(src, index, dim, out, dim_size)


def scatter_mul(src, index, dim=-1, out=None, dim_size=None):
    index, target = _target(src, index, dim, out, dim_size)
    return target.scatter_reduce(dim, index, src, "prod", include_self=False)


def scatter_mean(src, index, dim=-1, out=None, dim_size=None):
    index, target = _target(src, index, dim, out, dim_size)
    return target.scatter_reduce(dim, index, src, "mean", include_self=False)


def scatter_min(src, index, dim=-1, out=None, dim_size=None):
    index, target = _target(src, index, dim, out, dim_size)
    found = target.scatter_reduce(dim, index, src, "amin", include_self=False)
    return found, found.long()


def scatter_max(src, index, dim=-1, out=None, dim_size=None):
    index, target = _target(src, index, dim, out, dim_size)
    found = target.scatter_reduce(dim, index, src, "amax", include_self=False)
    return found, found.long()


def scatter(src, index, dim=-1, out=None, dim_size=None, reduce="sum"):
    if reduce in ("sum", "add"):
        return scatter_sum(src, index, dim, out, dim_size)
    if reduce == "mul":
        return scatter_mul(src, index, dim, out, dim_size)
    if reduce == "mean":
        return scatter_mean(src, index, dim, out, dim_size)
    if reduce == "min":
        return scatter_min(src, index, dim, out, dim_size)[0]
    if reduce == "max":
        return scatter_max(src, index, dim, out, dim_size)[0]
    unmodelled(f"torch_scatter.scatter: {reduce}")
