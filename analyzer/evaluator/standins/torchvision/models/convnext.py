"""Wide depthwise convolutions and layers that widen and narrow, by the published tables."""
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from ..ops import StochasticDepth
from ..ops.misc import Conv2dNormActivation, Permute


class LayerNorm2d(nn.LayerNorm):
    def forward(self, x):
        x = F.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class CNBlock(nn.Module):
    def __init__(self, dim, layer_scale, stochastic_depth_prob, norm_layer=None):
        super().__init__()
        norm_layer = norm_layer or partial(nn.LayerNorm, eps=1e-6)
        self.block = nn.Sequential(
            nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim, bias=True), Permute([0, 2, 3, 1]),
            norm_layer(dim), nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim), Permute([0, 3, 1, 2]),
        )
        self.layer_scale = nn.Parameter(torch.ones(dim, 1, 1) * layer_scale)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")

    def forward(self, input):
        return self.stochastic_depth(self.layer_scale * self.block(input)) + input


class CNBlockConfig:
    def __init__(self, input_channels, out_channels, num_layers):
        self.input_channels, self.out_channels, self.num_layers = input_channels, out_channels, num_layers


class ConvNeXt(nn.Module):
    def __init__(self, block_setting, stochastic_depth_prob=0.0, layer_scale=1e-6, num_classes=1000, block=None,
                 norm_layer=None, **kwargs):
        super().__init__()
        block, norm_layer = block or CNBlock, norm_layer or partial(LayerNorm2d, eps=1e-6)
        layers = [Conv2dNormActivation(3, block_setting[0].input_channels, kernel_size=4, stride=4, padding=0,
                                       norm_layer=norm_layer, activation_layer=None, bias=True)]
        blocks, done = sum(cnf.num_layers for cnf in block_setting), 0
        for cnf in block_setting:
            stage = []
            for _ in range(cnf.num_layers):
                rate = stochastic_depth_prob * done / (blocks - 1.0)
                stage.append(block(cnf.input_channels, layer_scale, rate))
                done += 1
            layers.append(nn.Sequential(*stage))
            if cnf.out_channels is not None:
                layers.append(nn.Sequential(
                    norm_layer(cnf.input_channels),
                    nn.Conv2d(cnf.input_channels, cnf.out_channels, kernel_size=2, stride=2),
                ))
        last = block_setting[-1]
        width = last.out_channels if last.out_channels is not None else last.input_channels
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(norm_layer(width), nn.Flatten(1), nn.Linear(width, num_classes))

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)))


def _convnext(widths, depths, rate):
    def make(pretrained=False, progress=True, weights=None, **kwargs):
        setting = [CNBlockConfig(*row) for row in zip(widths, [*widths[1:], None], depths)]
        return ConvNeXt(setting, kwargs.pop("stochastic_depth_prob", rate), **kwargs)

    return make


convnext_tiny = _convnext([96, 192, 384, 768], [3, 3, 9, 3], 0.1)
convnext_small = _convnext([96, 192, 384, 768], [3, 3, 27, 3], 0.4)
convnext_base = _convnext([128, 256, 512, 1024], [3, 3, 27, 3], 0.5)
convnext_large = _convnext([192, 384, 768, 1536], [3, 3, 27, 3], 0.5)
