"""The same class."""
from pytorch_lightning import Trainer
