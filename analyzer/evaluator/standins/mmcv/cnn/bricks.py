"""A configuration's `type` names the layer; the rest are its arguments."""
import torch
from mmengine.registry import MODELS
from torch import nn

from kernels import unmodelled

_CONVOLUTIONS = {"Conv1d": nn.Conv1d, "Conv2d": nn.Conv2d, "Conv3d": nn.Conv3d, "Conv": nn.Conv2d}
_NORMS = {
    "BN": (nn.BatchNorm2d, "bn"), "BN1d": (nn.BatchNorm1d, "bn"), "BN2d": (nn.BatchNorm2d, "bn"),
    "BN3d": (nn.BatchNorm3d, "bn"), "SyncBN": (nn.SyncBatchNorm, "bn"), "GN": (nn.GroupNorm, "gn"),
    "LN": (nn.LayerNorm, "ln"), "IN": (nn.InstanceNorm2d, "in"), "IN1d": (nn.InstanceNorm1d, "in"),
    "IN2d": (nn.InstanceNorm2d, "in"), "IN3d": (nn.InstanceNorm3d, "in"),
}
_ACTIVATIONS = {"Swish": nn.SiLU, "HSwish": nn.Hardswish, "HSigmoid": nn.Hardsigmoid}
_PADDINGS = {"zero": nn.ZeroPad2d, "reflect": nn.ReflectionPad2d, "replicate": nn.ReplicationPad2d}


def _made(known, cfg, what):
    args = dict(cfg)
    name = args.pop("type")
    found = name if isinstance(name, type) else known.get(name) or MODELS.get(name)
    if found is None:
        unmodelled(f"mmcv.cnn: {what} {name}")
    return found, args


def build_conv_layer(cfg, *args, **kwargs):
    found, given = _made(_CONVOLUTIONS, {"type": "Conv2d"} if cfg is None else cfg, "convolution")
    return found(*args, **kwargs, **given)


def build_norm_layer(cfg, num_features, postfix=""):
    found, given = _made(_NORMS, cfg, "norm")
    layer, short = found if isinstance(found, tuple) else (found, "norm")
    frozen = not given.pop("requires_grad", True)
    given.setdefault("eps", 1e-5)
    if layer is nn.GroupNorm:
        made = layer(num_channels=num_features, **given)
    else:
        made = layer(num_features, **given)
    for parameter in made.parameters():
        parameter.requires_grad = not frozen
    return f"{short}{postfix}", made


def build_activation_layer(cfg):
    found, given = _made(_ACTIVATIONS, cfg, "activation")
    return found(**given)


def build_padding_layer(cfg, *args, **kwargs):
    found, given = _made(_PADDINGS, cfg, "padding")
    return found(*args, **kwargs, **given)


class Scale(nn.Module):
    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale, dtype=torch.float))

    def forward(self, x):
        return x * self.scale


class DropPath(nn.Module):
    def __init__(self, drop_prob=0.1):
        super().__init__()
        self.drop_prob = drop_prob

    def forward(self, x):
        if self.drop_prob == 0.0 or not self.training:
            return x
        kept = 1 - self.drop_prob
        mask = kept + torch.rand((x.shape[0],) + (1,) * (x.ndim - 1), dtype=x.dtype, device=x.device)
        return x.div(kept) * mask.floor()


class ConvModule(nn.Module):
    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias="auto",
        conv_cfg=None, norm_cfg=None, act_cfg=dict(type="ReLU"), inplace=True, with_spectral_norm=False,
        padding_mode="zeros", order=("conv", "norm", "act"),
    ):
        super().__init__()
        if with_spectral_norm:
            unmodelled("mmcv.cnn.ConvModule: with_spectral_norm")
        self.with_norm, self.with_activation, self.order = norm_cfg is not None, act_cfg is not None, order
        self.with_bias = not self.with_norm if bias == "auto" else bias
        self.with_explicit_padding = padding_mode not in ("zeros", "circular")
        if self.with_explicit_padding:
            self.padding_layer = build_padding_layer(dict(type=padding_mode), padding)
        self.conv = build_conv_layer(
            conv_cfg, in_channels, out_channels, kernel_size, stride=stride,
            padding=0 if self.with_explicit_padding else padding, dilation=dilation, groups=groups,
            bias=self.with_bias,
        )
        self.in_channels, self.out_channels = self.conv.in_channels, self.conv.out_channels
        self.kernel_size, self.stride = self.conv.kernel_size, self.conv.stride
        if self.with_norm:
            after = order.index("norm") > order.index("conv")
            self.norm_name, norm = build_norm_layer(norm_cfg, out_channels if after else in_channels)
            self.add_module(self.norm_name, norm)
        else:
            self.norm_name = None
        if self.with_activation:
            given = dict(act_cfg)
            if given["type"] not in ("Tanh", "PReLU", "Sigmoid", "HSigmoid", "Swish", "GELU"):
                given.setdefault("inplace", inplace)
            self.activate = build_activation_layer(given)

    @property
    def norm(self):
        return getattr(self, self.norm_name) if self.norm_name else None

    def forward(self, x, activate=True, norm=True):
        for layer in self.order:
            if layer == "conv":
                x = self.conv(self.padding_layer(x) if self.with_explicit_padding else x)
            elif layer == "norm" and norm and self.with_norm:
                x = self.norm(x)
            elif layer == "act" and activate and self.with_activation:
                x = self.activate(x)
        return x
