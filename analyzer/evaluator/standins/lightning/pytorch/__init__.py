"""The same modules."""
from pytorch_lightning import *
