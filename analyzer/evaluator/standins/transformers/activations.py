"""Activation modules by name."""
import math

import torch
from torch import nn


class NewGELUActivation(nn.Module):
    def forward(self, input):
        return 0.5 * input * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (input + 0.044715 * torch.pow(input, 3.0))))


class GELUActivation(nn.Module):
    def forward(self, input):
        return nn.functional.gelu(input)


class FastGELUActivation(nn.Module):
    def forward(self, input):
        return 0.5 * input * (1.0 + torch.tanh(input * 0.7978845608 * (1.0 + 0.044715 * input * input)))


class QuickGELUActivation(nn.Module):
    def forward(self, input):
        return input * torch.sigmoid(1.702 * input)


class PytorchGELUTanh(nn.Module):
    def forward(self, input):
        return nn.functional.gelu(input, approximate="tanh")


class ReLUSquaredActivation(nn.Module):
    def forward(self, input):
        return torch.square(nn.functional.relu(input))


_CLASSES = {
    "gelu": GELUActivation, "gelu_new": NewGELUActivation, "gelu_fast": FastGELUActivation,
    "gelu_pytorch_tanh": PytorchGELUTanh, "quick_gelu": QuickGELUActivation, "relu": nn.ReLU, "relu6": nn.ReLU6,
    "relu2": ReLUSquaredActivation, "sigmoid": nn.Sigmoid, "silu": nn.SiLU, "swish": nn.SiLU, "tanh": nn.Tanh,
    "leaky_relu": nn.LeakyReLU, "mish": nn.Mish, "prelu": nn.PReLU, "elu": nn.ELU,
}


class _Activations:
    """A new module for each look-up."""

    def __getitem__(self, key):
        return _CLASSES[key]()

    def __contains__(self, key):
        return key in _CLASSES

    def keys(self):
        return _CLASSES.keys()


ACT2CLS = _CLASSES
ACT2FN = _Activations()


def get_activation(activation_string):
    return ACT2FN[activation_string]
