"""Models."""
from .modeling_utils import ModelMixin
