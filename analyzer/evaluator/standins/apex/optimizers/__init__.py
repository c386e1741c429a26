"""Optimizers are known by name only."""
