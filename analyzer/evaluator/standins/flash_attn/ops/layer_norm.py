"""Layer norm, alone or after dropout and a residual sum."""
import torch
import torch.nn.functional as F
from torch import nn

from kernels import unmodelled


def layer_norm(x, weight, bias, epsilon):
    return F.layer_norm(x, (x.shape[-1],), weight, bias, epsilon)


def dropout_add_layer_norm(x0, residual, weight, bias, dropout_p, epsilon, rowscale=None, layerscale=None,
                           prenorm=False, residual_in_fp32=False, return_dropout_mask=False):
    if return_dropout_mask:
        unmodelled("flash_attn.ops.layer_norm: return_dropout_mask")
    total = F.dropout(x0, dropout_p)
    if residual is not None:
        total = total + residual
    if residual_in_fp32:
        total = total.float()
    normed = layer_norm(total.to(x0.dtype), weight, bias, epsilon)
    return (normed, total) if prenorm else normed


class DropoutAddLayerNorm(nn.Module):
    def __init__(self, hidden_size, prenorm=False, p=0.0, eps=1e-5, residual_in_fp32=False, device=None, dtype=None):
        super().__init__()
        self.prenorm = prenorm
        self.p = p
        self.eps = eps
        self.residual_in_fp32 = residual_in_fp32
        self.weight = nn.Parameter(torch.ones(hidden_size, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(hidden_size, dtype=dtype))

    def forward(self, x0, residual=None):
        return dropout_add_layer_norm(x0, residual, self.weight, self.bias, self.p if self.training else 0.0, self.eps,
                                      prenorm=self.prenorm, residual_in_fp32=self.residual_in_fp32)
