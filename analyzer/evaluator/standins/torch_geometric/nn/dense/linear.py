"""A linear layer whose initialisation can be chosen."""
import torch
import torch.nn.functional as F
from torch import nn

from kernels import unmodelled


class Linear(nn.Module):
    def __init__(self, in_channels, out_channels, bias=True, weight_initializer=None, bias_initializer=None):
        super().__init__()
        if in_channels <= 0:
            unmodelled("torch_geometric.nn.Linear: sizes found at the first call")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels))
        if bias:
            self.bias = nn.Parameter(torch.empty(out_channels))
        else:
            self.register_parameter("bias", None)

    def reset_parameters(self):
        pass

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)
