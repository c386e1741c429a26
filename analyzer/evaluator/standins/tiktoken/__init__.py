"""Sizes of the published vocabularies; no text is encoded."""
from .core import Encoding
from .model import encoding_for_model
from .registry import get_encoding, list_encoding_names
