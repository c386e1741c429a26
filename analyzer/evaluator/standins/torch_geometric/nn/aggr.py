"""What arrives at a node becomes one value."""
from torch import nn

from ..utils import scatter


class Aggregation(nn.Module):
    def reset_parameters(self):
        pass

    def reduce(self, x, index=None, ptr=None, dim_size=None, dim=-2, reduce="sum"):
        return scatter(x, index, dim, dim_size, reduce)


class SumAggregation(Aggregation):
    def forward(self, x, index=None, ptr=None, dim_size=None, dim=-2):
        return self.reduce(x, index, ptr, dim_size, dim, reduce="sum")


class MeanAggregation(Aggregation):
    def forward(self, x, index=None, ptr=None, dim_size=None, dim=-2):
        return self.reduce(x, index, ptr, dim_size, dim, reduce="mean")


class MaxAggregation(Aggregation):
    def forward(self, x, index=None, ptr=None, dim_size=None, dim=-2):
        return self.reduce(x, index, ptr, dim_size, dim, reduce="max")
