"""Frequencies are a parameter; what is rotated keeps its sizes."""
from math import pi

import torch
from einops import rearrange, repeat
from torch import nn

from kernels import unmodelled


def rotate_half(x):
    first, second = rearrange(x, "... (d r) -> ... d r", r=2).unbind(dim=-1)
    return rearrange(torch.stack((-second, first), dim=-1), "... d r -> ... (d r)")


def apply_rotary_emb(freqs, t, start_index=0, scale=1.0, seq_dim=-2, freqs_seq_dim=None):
    if t.ndim == 3 or freqs_seq_dim is not None:
        freqs = freqs[-t.shape[seq_dim]:]
    end = start_index + freqs.shape[-1]
    middle = t[..., start_index:end]
    turned = middle * freqs.cos() * scale + rotate_half(middle) * freqs.sin() * scale
    return torch.cat((t[..., :start_index], turned, t[..., end:]), dim=-1).type(t.dtype)


class RotaryEmbedding(nn.Module):
    def __init__(
        self, dim, custom_freqs=None, freqs_for="lang", theta=10000, max_freq=10, num_freqs=1, learned_freq=False,
        use_xpos=False, xpos_scale_base=512, interpolate_factor=1.0, theta_rescale_factor=1.0,
        seq_before_head_dim=False, cache_if_possible=True, cache_max_seq_len=8192,
    ):
        super().__init__()
        if use_xpos:
            unmodelled("rotary_embedding_torch: use_xpos")
        theta *= theta_rescale_factor ** (dim / (dim - 2))
        self.freqs_for = freqs_for
        if custom_freqs is not None:
            freqs = custom_freqs
        elif freqs_for == "lang":
            freqs = 1.0 / (theta ** (torch.arange(0, dim, 2)[: (dim // 2)].float() / dim))
        elif freqs_for == "pixel":
            freqs = torch.linspace(1.0, max_freq / 2, dim // 2) * pi
        else:
            freqs = torch.ones(num_freqs).float()
        self.register_buffer("cached_freqs", torch.zeros(cache_max_seq_len, dim), persistent=False)
        self.freqs = nn.Parameter(freqs, requires_grad=learned_freq)
        self.register_buffer("dummy", torch.tensor(0), persistent=False)
        self.default_seq_dim = -3 if seq_before_head_dim else -2
        self.interpolate_factor = interpolate_factor

    @property
    def device(self):
        return self.dummy.device

    def get_seq_pos(self, seq_len, device=None, dtype=None, offset=0):
        return (torch.arange(seq_len, dtype=dtype or self.cached_freqs.dtype) + offset) / self.interpolate_factor

    def rotate_queries_or_keys(self, t, seq_dim=None, offset=0, scale=None):
        seq_dim = self.default_seq_dim if seq_dim is None else seq_dim
        freqs = self.forward(self.get_seq_pos(t.shape[seq_dim], dtype=t.dtype, offset=offset))
        if seq_dim == -3:
            freqs = rearrange(freqs, "n d -> n 1 d")
        return apply_rotary_emb(freqs, t, scale=1.0 if scale is None else scale, seq_dim=seq_dim)

    def rotate_queries_with_cached_keys(self, q, k, seq_dim=None, offset=0):
        seq_dim = self.default_seq_dim if seq_dim is None else seq_dim
        before = k.shape[seq_dim] - q.shape[seq_dim] + offset
        return self.rotate_queries_or_keys(q, seq_dim, before), self.rotate_queries_or_keys(k, seq_dim)

    def get_axial_freqs(self, *dims, offsets=None):
        found = []
        for axis, dim in enumerate(dims):
            steps = torch.linspace(-1, 1, steps=dim) if self.freqs_for == "pixel" else torch.arange(dim)
            at = [None] * len(dims)
            at[axis] = slice(None)
            found.append(self.forward(steps)[(Ellipsis, *at, slice(None))])
        return torch.cat(torch.broadcast_tensors(*found), dim=-1)

    def forward(self, t, seq_len=None, offset=0):
        freqs = torch.einsum("..., f -> ... f", t.type(self.freqs.dtype), self.freqs)
        return repeat(freqs, "... n -> ... (n r)", r=2)
