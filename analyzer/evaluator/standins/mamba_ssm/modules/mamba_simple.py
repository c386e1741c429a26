"""The first Mamba layer: its kernel takes the weights of its parts, the parts themselves are not called."""
import math

import torch
from einops import rearrange
from torch import nn

from kernels import unmodelled

from ..ops.selective_scan_interface import mamba_inner_fn, selective_scan_fn
from .block import Block


class Mamba(nn.Module):
    def __init__(self, d_model, d_state=16, d_conv=4, expand=2, dt_rank="auto", dt_min=0.001, dt_max=0.1,
                 dt_init="random", dt_scale=1.0, dt_init_floor=1e-4, conv_bias=True, bias=False, use_fast_path=True,
                 layer_idx=None, device=None, dtype=None):
        super().__init__()
        self.d_model = d_model
        self.d_state = d_state
        self.d_conv = d_conv
        self.expand = expand
        self.d_inner = int(expand * d_model)
        self.dt_rank = math.ceil(d_model / 16) if dt_rank == "auto" else dt_rank
        self.use_fast_path = use_fast_path
        self.layer_idx = layer_idx
        self.in_proj = nn.Linear(d_model, self.d_inner * 2, bias=bias, dtype=dtype)
        self.conv1d = nn.Conv1d(self.d_inner, self.d_inner, bias=conv_bias, kernel_size=d_conv, groups=self.d_inner,
                                padding=d_conv - 1, dtype=dtype)
        self.activation = "silu"
        self.act = nn.SiLU()
        self.x_proj = nn.Linear(self.d_inner, self.dt_rank + d_state * 2, bias=False, dtype=dtype)
        self.dt_proj = nn.Linear(self.dt_rank, self.d_inner, bias=True, dtype=dtype)
        self.A_log = nn.Parameter(torch.zeros(self.d_inner, d_state))
        self.D = nn.Parameter(torch.ones(self.d_inner))
        self.out_proj = nn.Linear(self.d_inner, d_model, bias=bias, dtype=dtype)

    def forward(self, hidden_states, inference_params=None):
        if inference_params is not None or not self.use_fast_path:
            unmodelled("mamba_ssm.Mamba.forward: states of a step, or the slow path")
        length = hidden_states.shape[1]
        xz = self.in_proj.weight @ rearrange(hidden_states, "b l d -> d (b l)")
        xz = rearrange(xz, "d (b l) -> b d l", l=length)
        if self.in_proj.bias is not None:
            xz = xz + rearrange(self.in_proj.bias.to(dtype=xz.dtype), "d -> d 1")
        return mamba_inner_fn(xz, self.conv1d.weight, self.conv1d.bias, self.x_proj.weight, self.dt_proj.weight,
                              self.out_proj.weight, self.out_proj.bias, -torch.exp(self.A_log.float()),
                              D=self.D.float(), delta_bias=self.dt_proj.bias.float(), delta_softplus=True)
