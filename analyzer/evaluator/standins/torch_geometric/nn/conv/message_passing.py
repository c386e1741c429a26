"""Messages along edges, gathered at nodes: hooks receive what their parameters name, `_i` and `_j` by end of the edge."""
import inspect

import torch
from torch import nn

from kernels import unmodelled

from ..aggr import Aggregation, MaxAggregation, MeanAggregation, SumAggregation

_KINDS = {"sum": SumAggregation, "add": SumAggregation, "mean": MeanAggregation, "max": MaxAggregation}


class MessagePassing(nn.Module):
    def __init__(self, aggr="sum", *, aggr_kwargs=None, flow="source_to_target", node_dim=-2, decomposed_layers=1):
        super().__init__()
        if aggr is not None and not isinstance(aggr, Aggregation) and aggr not in _KINDS or decomposed_layers > 1:
            unmodelled(f"torch_geometric.nn.MessagePassing: aggr={aggr}")
        self.aggr = aggr if isinstance(aggr, str) or aggr is None else type(aggr).__name__
        self.aggr_module = _KINDS[aggr]() if isinstance(aggr, str) else aggr
        self.flow = flow
        self.node_dim = node_dim

    def reset_parameters(self):
        if self.aggr_module is not None:
            self.aggr_module.reset_parameters()

    def _ends(self):
        return (1, 0) if self.flow == "source_to_target" else (0, 1)

    def _size(self, size, given):
        known = list(size) if size is not None else [None, None]
        for value in given.values():
            pair = value if isinstance(value, (tuple, list)) else (value, value)
            for end, part in enumerate(pair[:2]):
                if isinstance(part, torch.Tensor) and known[end] is None and part.dim() >= 2:
                    known[end] = part.size(self.node_dim)
        return known

    def _arguments(self, hook, edge_index, size, given, skipped=0):
        i, j = self._ends()
        special = {"index": edge_index[i], "edge_index": edge_index, "edge_index_i": edge_index[i], "ptr": None,
                   "edge_index_j": edge_index[j], "size": size, "size_i": size[i], "size_j": size[j],
                   "dim_size": size[i]}
        found = {}
        for name, parameter in list(inspect.signature(hook).parameters.items())[skipped:]:
            if name in special:
                found[name] = special[name]
            elif name in given:
                found[name] = given[name]
            elif name[-2:] in ("_i", "_j") and name[:-2] in given:
                end = i if name.endswith("_i") else j
                value = given[name[:-2]]
                value = value[end] if isinstance(value, (tuple, list)) else value
                taken = isinstance(value, torch.Tensor)
                found[name] = value.index_select(self.node_dim, edge_index[end]) if taken else value
            elif parameter.default is inspect.Parameter.empty:
                raise TypeError(f"Required parameter '{name}' is empty.")
        return found

    def propagate(self, edge_index, size=None, **kwargs):
        named = [name[:-2] for hook in (self.message, self.aggregate, self.update)
                 for name in inspect.signature(hook).parameters if name[-2:] in ("_i", "_j")]
        size = self._size(size, {name: kwargs[name] for name in named if name in kwargs})
        out = self.message(**self._arguments(self.message, edge_index, size, kwargs))
        out = self.aggregate(out, **self._arguments(self.aggregate, edge_index, size, kwargs, 1))
        return self.update(out, **self._arguments(self.update, edge_index, size, kwargs, 1))

    def edge_updater(self, edge_index, size=None, **kwargs):
        return self.edge_update(**self._arguments(self.edge_update, edge_index, self._size(size, kwargs), kwargs))

    def message(self, x_j):
        return x_j

    def aggregate(self, inputs, index, ptr=None, dim_size=None):
        return self.aggr_module(inputs, index, ptr=ptr, dim_size=dim_size, dim=self.node_dim)

    def update(self, inputs):
        return inputs

    def edge_update(self):
        raise NotImplementedError
