"""Residual networks by their published tables; other architectures are not modelled."""
from .resnet import *
from . import resnet
from torchvision_not_modelled import (
    vgg16, vgg19, vgg11, vgg13, vgg16_bn, vgg19_bn, densenet121, densenet161, densenet169, densenet201, mobilenet_v2,
    mobilenet_v3_large, mobilenet_v3_small, efficientnet_b0, efficientnet_b7, inception_v3, googlenet, alexnet,
    squeezenet1_0, squeezenet1_1, vit_b_16, vit_b_32, swin_t, convnext_tiny, detection, segmentation, video, VGG16_Weights,
    VGG19_Weights, ResNet18_Weights, ResNet34_Weights, ResNet50_Weights, ResNet101_Weights, ViT_B_16_Weights, MobileNet_V2_Weights,
    feature_extraction, get_model, optical_flow, shufflenet_v2_x1_0, EfficientNet_B0_Weights,
)
from . import _utils
