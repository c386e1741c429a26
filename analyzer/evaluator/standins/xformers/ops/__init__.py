"""Operators and the layers that call them."""
import torch
import torch.nn.functional as F
from torch import nn

from kernels import result

from . import fmha
from .fmha import (
    AttentionBias, BlockDiagonalMask, LowerTriangularMask, LowerTriangularMaskWithTensorBias, memory_efficient_attention,
)


def unbind(x, dim):
    return torch.unbind(x, dim)


def swiglu(x, w1, b1, w2, b2, w3, b3, *, op=None):
    return F.linear(F.silu(F.linear(x, w1, b1)) * F.linear(x, w2, b2), w3, b3)


class SwiGLU(nn.Module):
    def __init__(self, in_features, hidden_features, out_features=None, bias=True, *, _pack_weights=True):
        super().__init__()
        out_features = out_features or in_features
        hidden_features = hidden_features or in_features
        if _pack_weights:
            self.w12 = nn.Linear(in_features, 2 * hidden_features, bias=bias)
        else:
            self.w12 = None
            self.w1 = nn.Linear(in_features, hidden_features, bias=bias)
            self.w2 = nn.Linear(in_features, hidden_features, bias=bias)
        self.w3 = nn.Linear(hidden_features, out_features, bias=bias)
        self.hidden_features = hidden_features
        self.out_features = out_features
        self.in_features = in_features
        self.op = None

    def _halves(self):
        if self.w12 is None:
            return self.w1.weight, self.w1.bias, self.w2.weight, self.w2.bias
        biases = (None, None) if self.w12.bias is None else self.w12.bias.chunk(2)
        weights = self.w12.weight.chunk(2)
        return weights[0], biases[0], weights[1], biases[1]

    def forward(self, x):
        return swiglu(x, *self._halves(), self.w3.weight, self.w3.bias, op=self.op)


class RMSNorm(nn.Module):
    def __init__(self, dim, include_weight=True, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim)) if include_weight else None

    def forward(self, x):
        normed = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)
        return normed if self.weight is None else normed * self.weight
