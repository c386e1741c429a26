"""What keeps the form of its source, and the spread of each group."""
from ..scatter import scatter_max, scatter_mean, scatter_sum
from ..utils import broadcast


def scatter_softmax(src, index, dim=-1, dim_size=None):
    index = broadcast(index, src, dim)
    largest = scatter_max(src, index, dim, dim_size=dim_size)[0].gather(dim, index)
    weights = (src - largest).exp()
    return weights.div(scatter_sum(weights, index, dim, dim_size=dim_size).gather(dim, index))


def scatter_log_softmax(src, index, dim=-1, eps=1e-12, dim_size=None):
    return scatter_softmax(src, index, dim, dim_size).log()


def scatter_std(src, index, dim=-1, out=None, dim_size=None, unbiased=True):
    mean = scatter_mean(src, index, dim, dim_size=dim_size).gather(dim, broadcast(index, src, dim))
    return scatter_mean((src - mean).square(), index, dim, out, dim_size).sqrt()
