"""Statistics of ImageNet, and loaders that are not modelled."""
from .constants import *
from timm_not_modelled import Mixup, create_transform, create_dataset, create_loader
