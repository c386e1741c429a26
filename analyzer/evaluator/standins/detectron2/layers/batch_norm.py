"""Norms by the names of configurations; a frozen one has buffers only."""
import torch
import torch.nn.functional as F
from torch import nn

from kernels import unmodelled


class FrozenBatchNorm2d(nn.Module):
    def __init__(self, num_features, eps=1e-5):
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.register_buffer("weight", torch.ones(num_features))
        self.register_buffer("bias", torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features) - eps)
        self.register_buffer("num_batches_tracked", None)

    def forward(self, x):
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, eps=self.eps)


def get_norm(norm, out_channels):
    if norm is None:
        return None
    if isinstance(norm, str):
        if len(norm) == 0:
            return None
        known = {
            "BN": nn.BatchNorm2d, "SyncBN": nn.BatchNorm2d, "nnSyncBN": nn.SyncBatchNorm,
            "FrozenBN": FrozenBatchNorm2d, "GN": lambda channels: nn.GroupNorm(32, channels),
        }
        if norm not in known:
            unmodelled(f"detectron2.layers.get_norm: {norm}")
        norm = known[norm]
    return norm(out_channels)
