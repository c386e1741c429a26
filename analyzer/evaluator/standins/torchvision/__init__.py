"""Stand-in for torchvision: names that model files import; transforms and data sets are not modelled."""
from . import models, ops, transforms
from torchvision_not_modelled import datasets, io, utils
