"""Segmentation on top of classification networks: a backbone, a head, and a second head for training."""
from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F

from ..resnet import resnet50, resnet101
from .._utils import IntermediateLayerGetter


class _SimpleSegmentationModel(nn.Module):
    def __init__(self, backbone, classifier, aux_classifier=None):
        super().__init__()
        self.backbone = backbone
        self.classifier = classifier
        self.aux_classifier = aux_classifier

    def forward(self, x):
        size, features, result = x.shape[-2:], self.backbone(x), OrderedDict()
        result["out"] = F.interpolate(self.classifier(features["out"]), size=size, mode="bilinear", align_corners=False)
        if self.aux_classifier is not None:
            aux = self.aux_classifier(features["aux"])
            result["aux"] = F.interpolate(aux, size=size, mode="bilinear", align_corners=False)
        return result


class DeepLabV3(_SimpleSegmentationModel):
    pass


class FCN(_SimpleSegmentationModel):
    pass


class FCNHead(nn.Sequential):
    def __init__(self, in_channels, channels):
        narrow = in_channels // 4
        super().__init__(nn.Conv2d(in_channels, narrow, 3, padding=1, bias=False), nn.BatchNorm2d(narrow), nn.ReLU(),
                         nn.Dropout(0.1), nn.Conv2d(narrow, channels, 1))


class ASPPConv(nn.Sequential):
    def __init__(self, in_channels, out_channels, dilation):
        super().__init__(nn.Conv2d(in_channels, out_channels, 3, padding=dilation, dilation=dilation, bias=False),
                         nn.BatchNorm2d(out_channels), nn.ReLU())


class ASPPPooling(nn.Sequential):
    def __init__(self, in_channels, out_channels):
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Conv2d(in_channels, out_channels, 1, bias=False),
                         nn.BatchNorm2d(out_channels), nn.ReLU())

    def forward(self, x):
        size = x.shape[-2:]
        for mod in self:
            x = mod(x)
        return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class ASPP(nn.Module):
    def __init__(self, in_channels, atrous_rates, out_channels=256):
        super().__init__()
        first = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels),
                              nn.ReLU())
        convs = [first, *(ASPPConv(in_channels, out_channels, rate) for rate in atrous_rates)]
        self.convs = nn.ModuleList([*convs, ASPPPooling(in_channels, out_channels)])
        self.project = nn.Sequential(nn.Conv2d(len(self.convs) * out_channels, out_channels, 1, bias=False),
                                     nn.BatchNorm2d(out_channels), nn.ReLU(), nn.Dropout(0.5))

    def forward(self, x):
        return self.project(torch.cat([conv(x) for conv in self.convs], dim=1))


class DeepLabHead(nn.Sequential):
    def __init__(self, in_channels, num_classes, atrous_rates=(12, 24, 36)):
        super().__init__(ASPP(in_channels, atrous_rates), nn.Conv2d(256, 256, 3, padding=1, bias=False),
                         nn.BatchNorm2d(256), nn.ReLU(), nn.Conv2d(256, num_classes, 1))


def _on_resnet(made, head, backbone):
    def make(pretrained=False, progress=True, weights=None, num_classes=None, aux_loss=None, pretrained_backbone=None,
             weights_backbone=None, **kwargs):
        if pretrained or weights is not None:  # such weights are of 21 classes and have the second head
            aux_loss, num_classes = True, 21
        classes = 21 if num_classes is None else num_classes
        network = backbone(replace_stride_with_dilation=[False, True, True])
        layers = {"layer4": "out", "layer3": "aux"} if aux_loss else {"layer4": "out"}
        second = FCNHead(1024, classes) if aux_loss else None
        return made(IntermediateLayerGetter(network, return_layers=layers), head(2048, classes), second)

    return make


deeplabv3_resnet50 = _on_resnet(DeepLabV3, DeepLabHead, resnet50)
deeplabv3_resnet101 = _on_resnet(DeepLabV3, DeepLabHead, resnet101)
fcn_resnet50 = _on_resnet(FCN, FCNHead, resnet50)
fcn_resnet101 = _on_resnet(FCN, FCNHead, resnet101)
