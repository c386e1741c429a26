"""Defaults of PyTorch for what sources often leave open; data, checked against the installed torch by a test.

Rows: name of the function or class, parameter, its default as the library's signature prints it.
"""

from __future__ import annotations

TORCH_VERSION = "2.13"

DEFAULTS: dict[str, tuple[tuple[str, str], ...]] = {
    "torch.optim.AdamW": (("betas", "(0.9, 0.999)"), ("eps", "1e-08"), ("weight_decay", "0.01")),
    "torch.optim.Adam": (("betas", "(0.9, 0.999)"), ("eps", "1e-08"), ("weight_decay", "0")),
    "torch.optim.SGD": (("momentum", "0"), ("weight_decay", "0")),
    "torch.optim.RMSprop": (("alpha", "0.99"), ("eps", "1e-08"), ("momentum", "0"), ("weight_decay", "0")),
    "torch.optim.lr_scheduler.CosineAnnealingLR": (("eta_min", "0.0"),),
    "torch.optim.lr_scheduler.StepLR": (("gamma", "0.1"),),
    "torch.nn.LayerNorm": (("eps", "1e-05"),),
    "torch.nn.RMSNorm": (("eps", "None"),),
    "torch.nn.BatchNorm1d": (("eps", "1e-05"), ("momentum", "0.1")),
    "torch.nn.BatchNorm2d": (("eps", "1e-05"), ("momentum", "0.1")),
    "torch.nn.GroupNorm": (("eps", "1e-05"),),
    "torch.nn.Dropout": (("p", "0.5"),),
    "torch.nn.GELU": (("approximate", "'none'"),),
    "torch.nn.CrossEntropyLoss": (("reduction", "'mean'"), ("ignore_index", "-100"), ("label_smoothing", "0.0")),
    "torch.nn.MSELoss": (("reduction", "'mean'"),),
}

POSITIONS: dict[str, tuple[str, ...]] = {
    "torch.optim.AdamW": ("params", "lr", "betas", "eps", "weight_decay", "amsgrad"),
    "torch.optim.Adam": ("params", "lr", "betas", "eps", "weight_decay", "amsgrad"),
    "torch.optim.SGD": ("params", "lr", "momentum", "dampening", "weight_decay", "nesterov"),
    "torch.optim.RMSprop": ("params", "lr", "alpha", "eps", "weight_decay", "momentum"),
    "torch.optim.lr_scheduler.CosineAnnealingLR": ("optimizer", "T_max", "eta_min"),
    "torch.optim.lr_scheduler.StepLR": ("optimizer", "step_size", "gamma"),
}
"""Order of parameters, where a call may give them by position and the vocabulary does not name them."""

INITIALISERS: dict[str, str] = {
    "torch.nn.Linear": "kaiming_uniform_(weight, a=sqrt(5))",
    "torch.nn.Conv1d": "kaiming_uniform_(weight, a=sqrt(5))",
    "torch.nn.Conv2d": "kaiming_uniform_(weight, a=sqrt(5))",
    "torch.nn.Conv3d": "kaiming_uniform_(weight, a=sqrt(5))",
    "torch.nn.Embedding": "normal_(weight)",
}
"""What `reset_parameters` of a layer does to its weight."""
