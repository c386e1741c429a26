"""Gated activations."""
import torch.nn.functional as F


def swiglu(x, y):
    return F.silu(x) * y
