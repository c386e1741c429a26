"""Norms that may add a residual first and hand the sum on."""
import torch
import torch.nn.functional as F
from torch import nn

from kernels import unmodelled


def _summed(x, residual, residual_in_fp32):
    total = x if residual is None else x + residual
    return total.float() if residual_in_fp32 else total


def layer_norm_fn(x, weight, bias, residual=None, x1=None, weight1=None, bias1=None, eps=1e-6, dropout_p=0.0,
                  rowscale=None, prenorm=False, residual_in_fp32=False, zero_centered_weight=False,
                  is_rms_norm=False, return_dropout_mask=False, out_dtype=None, out=None, residual_out=None):
    if x1 is not None or weight1 is not None or return_dropout_mask or out is not None:
        unmodelled("flash_attn.ops.triton.layer_norm: two inputs")
    total = _summed(F.dropout(x, dropout_p), residual, residual_in_fp32)
    if is_rms_norm:
        normed = total * torch.rsqrt(total.pow(2).mean(-1, keepdim=True) + eps)
        normed = normed * (weight + 1 if zero_centered_weight else weight)
        normed = normed if bias is None else normed + bias
    else:
        normed = F.layer_norm(total.to(weight.dtype), (x.shape[-1],), weight, bias, eps)
    normed = normed.to(x.dtype if out_dtype is None else out_dtype)
    return (normed, total) if prenorm else normed


def rms_norm_fn(x, weight, bias, residual=None, x1=None, weight1=None, bias1=None, eps=1e-6, dropout_p=0.0,
                rowscale=None, prenorm=False, residual_in_fp32=False, zero_centered_weight=False,
                return_dropout_mask=False, out_dtype=None, out=None, residual_out=None):
    return layer_norm_fn(x, weight, bias, residual, x1, weight1, bias1, eps, dropout_p, rowscale, prenorm,
                         residual_in_fp32, zero_centered_weight, True, return_dropout_mask, out_dtype, out, residual_out)


class RMSNorm(nn.Module):
    def __init__(self, hidden_size, eps=1e-5, dropout_p=0.0, zero_centered_weight=False, device=None, dtype=None):
        super().__init__()
        self.eps = eps
        self.drop = nn.Dropout(dropout_p) if dropout_p > 0.0 else None
        self.zero_centered_weight = zero_centered_weight
        self.weight = nn.Parameter(torch.ones(hidden_size, dtype=dtype))
        self.register_parameter("bias", None)

    def forward(self, x, residual=None, prenorm=False, residual_in_fp32=False):
        drop = self.drop.p if self.drop is not None and self.training else 0.0
        return rms_norm_fn(x, self.weight, self.bias, residual=residual, eps=self.eps, dropout_p=drop,
                           prenorm=prenorm, residual_in_fp32=residual_in_fp32,
                           zero_centered_weight=self.zero_centered_weight)
