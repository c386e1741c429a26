"""Base of models: loading and saving are not modelled."""
import torch
from torch import nn


class ModelMixin(nn.Module):
    config_name = "config.json"
    _supports_gradient_checkpointing = False
    _no_split_modules = None

    def __init__(self):
        super().__init__()

    @property
    def device(self):
        return torch.device("cpu")

    @property
    def dtype(self):
        return next(self.parameters()).dtype

    @property
    def is_gradient_checkpointing(self):
        return any(getattr(part, "gradient_checkpointing", False) for part in self.modules())

    def enable_gradient_checkpointing(self, gradient_checkpointing_func=None):
        pass

    def num_parameters(self, only_trainable=False, exclude_embeddings=False):
        return sum(p.numel() for p in self.parameters() if p.requires_grad or not only_trainable)
