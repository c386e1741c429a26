"""Inverted residuals scaled in width and depth, by the published tables."""
import copy
import math
from functools import partial

import torch
from torch import nn

from ..ops import StochasticDepth
from ..ops.misc import Conv2dNormActivation, SqueezeExcitation
from .mobilenetv2 import _make_divisible


class _MBConvConfig:
    def __init__(self, expand_ratio, kernel, stride, input_channels, out_channels, num_layers, block):
        self.expand_ratio, self.kernel, self.stride, self.block = expand_ratio, kernel, stride, block
        self.input_channels, self.out_channels, self.num_layers = input_channels, out_channels, num_layers

    @staticmethod
    def adjust_channels(channels, width_mult, min_value=None):
        return _make_divisible(channels * width_mult, 8, min_value)


class MBConvConfig(_MBConvConfig):
    def __init__(self, expand_ratio, kernel, stride, input_channels, out_channels, num_layers, width_mult=1.0,
                 depth_mult=1.0, block=None):
        super().__init__(expand_ratio, kernel, stride, self.adjust_channels(input_channels, width_mult),
                         self.adjust_channels(out_channels, width_mult), self.adjust_depth(num_layers, depth_mult),
                         block or MBConv)

    @staticmethod
    def adjust_depth(num_layers, depth_mult):
        return int(math.ceil(num_layers * depth_mult))


class FusedMBConvConfig(_MBConvConfig):
    def __init__(self, expand_ratio, kernel, stride, input_channels, out_channels, num_layers, block=None):
        super().__init__(expand_ratio, kernel, stride, input_channels, out_channels, num_layers, block or FusedMBConv)


class MBConv(nn.Module):
    def __init__(self, cnf, stochastic_depth_prob, norm_layer, se_layer=SqueezeExcitation):
        super().__init__()
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        wide, layers = cnf.adjust_channels(cnf.input_channels, cnf.expand_ratio), []
        if wide != cnf.input_channels:
            layers.append(Conv2dNormActivation(cnf.input_channels, wide, kernel_size=1, norm_layer=norm_layer,
                                               activation_layer=nn.SiLU))
        layers.append(Conv2dNormActivation(wide, wide, kernel_size=cnf.kernel, stride=cnf.stride, groups=wide,
                                           norm_layer=norm_layer, activation_layer=nn.SiLU))
        layers.append(se_layer(wide, max(1, cnf.input_channels // 4), activation=partial(nn.SiLU, inplace=True)))
        layers.append(Conv2dNormActivation(wide, cnf.out_channels, kernel_size=1, norm_layer=norm_layer,
                                           activation_layer=None))
        self.block = nn.Sequential(*layers)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.out_channels = cnf.out_channels

    def forward(self, input):
        result = self.block(input)
        return self.stochastic_depth(result) + input if self.use_res_connect else result


class FusedMBConv(nn.Module):
    def __init__(self, cnf, stochastic_depth_prob, norm_layer):
        super().__init__()
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        wide = cnf.adjust_channels(cnf.input_channels, cnf.expand_ratio)
        first = partial(Conv2dNormActivation, cnf.input_channels, kernel_size=cnf.kernel, stride=cnf.stride,
                        norm_layer=norm_layer, activation_layer=nn.SiLU)
        if wide == cnf.input_channels:
            layers = [first(cnf.out_channels)]
        else:
            layers = [first(wide), Conv2dNormActivation(wide, cnf.out_channels, kernel_size=1, norm_layer=norm_layer,
                                                        activation_layer=None)]
        self.block = nn.Sequential(*layers)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.out_channels = cnf.out_channels

    def forward(self, input):
        result = self.block(input)
        return self.stochastic_depth(result) + input if self.use_res_connect else result


class EfficientNet(nn.Module):
    def __init__(self, inverted_residual_setting, dropout, stochastic_depth_prob=0.2, num_classes=1000,
                 norm_layer=None, last_channel=None):
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        layers = [Conv2dNormActivation(3, inverted_residual_setting[0].input_channels, kernel_size=3, stride=2,
                                       norm_layer=norm_layer, activation_layer=nn.SiLU)]
        blocks, done = sum(cnf.num_layers for cnf in inverted_residual_setting), 0
        for cnf in inverted_residual_setting:
            stage = []
            for _ in range(cnf.num_layers):
                own = copy.copy(cnf)
                if stage:
                    own.input_channels, own.stride = own.out_channels, 1
                stage.append(own.block(own, stochastic_depth_prob * float(done) / blocks, norm_layer))
                done += 1
            layers.append(nn.Sequential(*stage))
        last = inverted_residual_setting[-1].out_channels
        wide = last_channel if last_channel is not None else 4 * last
        layers.append(Conv2dNormActivation(last, wide, kernel_size=1, norm_layer=norm_layer,
                                           activation_layer=nn.SiLU))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(p=dropout, inplace=True), nn.Linear(wide, num_classes))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


_B = [(1, 3, 1, 32, 16, 1), (6, 3, 2, 16, 24, 2), (6, 5, 2, 24, 40, 2), (6, 3, 2, 40, 80, 3), (6, 5, 1, 80, 112, 3),
      (6, 5, 2, 112, 192, 4), (6, 3, 1, 192, 320, 1)]
_S = ([(1, 3, 1, 24, 24, 2), (4, 3, 2, 24, 48, 4), (4, 3, 2, 48, 64, 4)],
      [(4, 3, 2, 64, 128, 6), (6, 3, 1, 128, 160, 9), (6, 3, 2, 160, 256, 15)])
_M = ([(1, 3, 1, 24, 24, 3), (4, 3, 2, 24, 48, 5), (4, 3, 2, 48, 80, 5)],
      [(4, 3, 2, 80, 160, 7), (6, 3, 1, 160, 176, 14), (6, 3, 2, 176, 304, 18), (6, 3, 1, 304, 512, 5)])
_L = ([(1, 3, 1, 32, 32, 4), (4, 3, 2, 32, 64, 7), (4, 3, 2, 64, 96, 7)],
      [(4, 3, 2, 96, 192, 10), (6, 3, 1, 192, 224, 19), (6, 3, 2, 224, 384, 25), (6, 3, 1, 384, 640, 7)])


def _scaled(width_mult, depth_mult, rate, norm_layer=None):
    def make(pretrained=False, progress=True, weights=None, **kwargs):
        setting = [MBConvConfig(*row, width_mult=width_mult, depth_mult=depth_mult) for row in _B]
        if norm_layer is not None:
            kwargs.setdefault("norm_layer", norm_layer)
        return EfficientNet(setting, kwargs.pop("dropout", rate), **kwargs)

    return make


def _second(table, rate):
    def make(pretrained=False, progress=True, weights=None, **kwargs):
        setting = [*(FusedMBConvConfig(*row) for row in table[0]), *(MBConvConfig(*row) for row in table[1])]
        kwargs.setdefault("norm_layer", partial(nn.BatchNorm2d, eps=1e-03))
        return EfficientNet(setting, kwargs.pop("dropout", rate), last_channel=1280, **kwargs)

    return make


_wide_norm = partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
efficientnet_b0, efficientnet_b1 = _scaled(1.0, 1.0, 0.2), _scaled(1.0, 1.1, 0.2)
efficientnet_b2, efficientnet_b3 = _scaled(1.1, 1.2, 0.3), _scaled(1.2, 1.4, 0.3)
efficientnet_b4, efficientnet_b5 = _scaled(1.4, 1.8, 0.4), _scaled(1.6, 2.2, 0.4, _wide_norm)
efficientnet_b6, efficientnet_b7 = _scaled(1.8, 2.6, 0.5, _wide_norm), _scaled(2.0, 3.1, 0.5, _wide_norm)
efficientnet_v2_s, efficientnet_v2_m, efficientnet_v2_l = _second(_S, 0.2), _second(_M, 0.3), _second(_L, 0.4)
