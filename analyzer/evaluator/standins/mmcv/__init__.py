"""Layers by the names of configurations."""
