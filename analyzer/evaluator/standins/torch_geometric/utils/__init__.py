"""Functions of edges and of what belongs to nodes."""
import torch


def scatter(src, index, dim=0, dim_size=None, reduce="sum"):
    if dim_size is None:
        dim_size = int(index.max()) + 1 if index.numel() > 0 else 0
    sizes = list(src.shape)
    sizes[dim] = dim_size
    place = index.view([-1 if at == dim % src.dim() else 1 for at in range(src.dim())]).expand_as(src)
    form = {"sum": "sum", "add": "sum", "mean": "mean", "max": "amax", "min": "amin", "mul": "prod"}[reduce]
    return src.new_zeros(sizes).scatter_reduce(dim, place, src, form, include_self=False)


def degree(index, num_nodes=None, dtype=None):
    count = int(index.max()) + 1 if num_nodes is None else num_nodes
    ones = torch.ones(index.size(0), dtype=dtype)
    return torch.zeros(count, dtype=dtype).scatter_add_(0, index, ones)


def remove_self_loops(edge_index, edge_attr=None):
    kept = edge_index[0] != edge_index[1]
    return edge_index[:, kept], None if edge_attr is None else edge_attr[kept]


def softmax(src, index=None, ptr=None, num_nodes=None, dim=0):
    return torch.empty_like(src)
