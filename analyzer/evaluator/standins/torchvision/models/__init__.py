"""Networks by their published tables; other architectures are known by name only."""
from . import (
    convnext, densenet, efficientnet, mobilenetv2, mobilenetv3, resnet, segmentation, shufflenetv2, squeezenet, vgg,
    vision_transformer,
)
from .alexnet import AlexNet, alexnet
from .convnext import (
    CNBlock, CNBlockConfig, ConvNeXt, convnext_base, convnext_large, convnext_small, convnext_tiny,
)
from .densenet import DenseNet, densenet121, densenet161, densenet169, densenet201
from .efficientnet import (
    EfficientNet, efficientnet_b0, efficientnet_b1, efficientnet_b2, efficientnet_b3, efficientnet_b4,
    efficientnet_b5, efficientnet_b6, efficientnet_b7, efficientnet_v2_l, efficientnet_v2_m, efficientnet_v2_s,
)
from .mobilenetv2 import *
from .mobilenetv3 import MobileNetV3, mobilenet_v3_large, mobilenet_v3_small
from .resnet import *
from .shufflenetv2 import (
    ShuffleNetV2, shufflenet_v2_x0_5, shufflenet_v2_x1_0, shufflenet_v2_x1_5, shufflenet_v2_x2_0,
)
from .squeezenet import SqueezeNet, squeezenet1_0, squeezenet1_1
from .vgg import *
from .vision_transformer import VisionTransformer, vit_b_16, vit_b_32, vit_h_14, vit_l_16, vit_l_32
