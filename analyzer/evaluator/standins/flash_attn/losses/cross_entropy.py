"""Cross-entropy: the mean, or one loss for each position."""
import torch.nn.functional as F
from torch import nn

from kernels import unmodelled


class CrossEntropyLoss(nn.Module):
    def __init__(self, ignore_index=-100, reduction="mean", label_smoothing=0.0, logit_scale=1.0, lse_square_scale=0.0,
                 inplace_backward=False, process_group=None, return_z_loss=False):
        super().__init__()
        if reduction not in ("mean", "none", "sum"):
            raise NotImplementedError("Only support reduction = 'mean' or 'none' or 'sum'")
        self.ignore_index = ignore_index
        self.reduction = reduction
        self.label_smoothing = label_smoothing
        self.return_z_loss = return_z_loss

    def forward(self, input, target, precomputed_lse=None):
        if self.return_z_loss:
            unmodelled("flash_attn.losses.cross_entropy: return_z_loss")
        return F.cross_entropy(input, target, ignore_index=self.ignore_index, reduction=self.reduction,
                               label_smoothing=self.label_smoothing)
