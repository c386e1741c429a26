"""Stand-in for xformers 0.0.35: attention in bounded memory, gated linear layers, norms."""
__version__ = "0.0.35"
