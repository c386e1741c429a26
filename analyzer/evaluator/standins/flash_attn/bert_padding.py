"""Padding out and in: how many positions remain depends on the mask's contents."""
import torch
import torch.nn.functional as F
from einops import rearrange


def index_first_axis(input, indices):
    return input[indices]


def index_put_first_axis(values, indices, first_axis_dim):
    output = torch.zeros(first_axis_dim, *values.shape[1:], dtype=values.dtype)
    output[indices] = values
    return output


def unpad_input(hidden_states, attention_mask, unused_mask=None):
    all_masks = attention_mask if unused_mask is None else attention_mask + unused_mask
    lengths = all_masks.sum(dim=-1, dtype=torch.int32)
    used = attention_mask.sum(dim=-1, dtype=torch.int32)
    indices = torch.nonzero(all_masks.flatten(), as_tuple=False).flatten()
    boundaries = F.pad(torch.cumsum(lengths, dim=0, dtype=torch.int32), (1, 0))
    kept = index_first_axis(rearrange(hidden_states, "b s ... -> (b s) ..."), indices)
    return kept, indices, boundaries, lengths.max().item(), used


def pad_input(hidden_states, indices, batch, seqlen):
    output = index_put_first_axis(hidden_states, indices, batch * seqlen)
    return rearrange(output, "(b s) ... -> b s ...", b=batch)
