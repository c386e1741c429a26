"""First values of weights, written in place."""
import math

from torch import nn


def constant_init(module, val, bias=0):
    if getattr(module, "weight", None) is not None:
        nn.init.constant_(module.weight, val)
    _bias(module, bias)


def xavier_init(module, gain=1, bias=0, distribution="normal"):
    if getattr(module, "weight", None) is not None:
        nn.init.xavier_normal_(module.weight, gain=gain)
    _bias(module, bias)


def normal_init(module, mean=0, std=1, bias=0):
    if getattr(module, "weight", None) is not None:
        nn.init.normal_(module.weight, mean, std)
    _bias(module, bias)


def trunc_normal_init(module, mean=0, std=1, a=-2, b=2, bias=0):
    if getattr(module, "weight", None) is not None:
        nn.init.trunc_normal_(module.weight, mean, std, a, b)
    _bias(module, bias)


def uniform_init(module, a=0, b=1, bias=0):
    if getattr(module, "weight", None) is not None:
        nn.init.uniform_(module.weight, a, b)
    _bias(module, bias)


def kaiming_init(module, a=0, mode="fan_out", nonlinearity="relu", bias=0, distribution="normal"):
    if getattr(module, "weight", None) is not None:
        nn.init.kaiming_normal_(module.weight, a=a, mode=mode, nonlinearity=nonlinearity)
    _bias(module, bias)


def caffe2_xavier_init(module, bias=0):
    kaiming_init(module, a=1, mode="fan_in", nonlinearity="leaky_relu", bias=bias, distribution="uniform")


def bias_init_with_prob(prior_prob):
    return float(-math.log((1 - prior_prob) / prior_prob))


def _bias(module, value):
    if getattr(module, "bias", None) is not None:
        nn.init.constant_(module.bias, value)
