"""Rotary positions."""
from .rotary_embedding_torch import RotaryEmbedding, apply_rotary_emb, rotate_half
