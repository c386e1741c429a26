"""Attention of (batch, positions, heads, width) tensors."""
import torch
import torch.nn.functional as F

from kernels import result

from . import attn_bias
from .attn_bias import AttentionBias, BlockDiagonalMask, LowerTriangularMask, LowerTriangularMaskWithTensorBias


def memory_efficient_attention(query, key, value, attn_bias=None, p=0.0, scale=None, *, op=None, output_dtype=None):
    if not isinstance(attn_bias, (LowerTriangularMask, torch.Tensor)) and attn_bias is not None or query.ndim == 5:
        return result("memory_efficient_attention", query, (*query.shape[:-1], value.shape[-1]))
    causal = isinstance(attn_bias, LowerTriangularMask)
    mask = attn_bias if isinstance(attn_bias, torch.Tensor) else None
    if query.ndim == 3:
        out = F.scaled_dot_product_attention(query, key, value, mask, p, causal, scale=scale)
    else:
        q, k, v = query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)
        out = F.scaled_dot_product_attention(q, k, v, mask, p, causal, scale=scale).transpose(1, 2)
    return out if output_dtype is None else out.to(output_dtype)
