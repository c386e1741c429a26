"""Stand-in for timm 1.0: the layers and bases that model code imports from it."""

from . import data, layers, models
from .models import *
from .models import create_model, is_model
