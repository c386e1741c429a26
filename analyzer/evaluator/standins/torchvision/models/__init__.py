"""Networks by their published tables; other architectures are known by name only."""
from . import mobilenetv2, resnet, vgg
from .alexnet import AlexNet, alexnet
from .mobilenetv2 import *
from .resnet import *
from .vgg import *
