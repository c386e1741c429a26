"""Initialisers: they change numbers, not shapes."""
from torch import nn


def trunc_normal_(tensor, mean=0., std=1., a=-2., b=2.):
    return nn.init.trunc_normal_(tensor, mean, std, a, b)


def trunc_normal_tf_(tensor, mean=0., std=1., a=-2., b=2.):
    return nn.init.trunc_normal_(tensor, mean, std, a, b)


def variance_scaling_(tensor, scale=1.0, mode="fan_in", distribution="normal"):
    return nn.init.normal_(tensor)


def lecun_normal_(tensor):
    return nn.init.normal_(tensor)


def init_weight_vit(module, name, init_bias=0.02, head_bias=0., classifier_name="head"):
    pass
