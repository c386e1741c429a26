"""Stand-in for Lightning 2.x under its newer name."""
from pytorch_lightning import *
from . import pytorch
