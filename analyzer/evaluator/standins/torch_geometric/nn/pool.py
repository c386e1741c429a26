"""One row for each graph of a batch; without a batch there is one graph."""
from ..utils import scatter


def _pooled(x, batch, size, reduce):
    if batch is None:
        return x.amax(dim=-2, keepdim=x.dim() <= 2) if reduce == "max" else x.sum(dim=-2, keepdim=x.dim() <= 2)
    return scatter(x, batch, -2, size, reduce)


def global_add_pool(x, batch, size=None):
    return _pooled(x, batch, size, "sum")


def global_mean_pool(x, batch, size=None):
    return _pooled(x, batch, size, "mean")


def global_max_pool(x, batch, size=None):
    return _pooled(x, batch, size, "max")
