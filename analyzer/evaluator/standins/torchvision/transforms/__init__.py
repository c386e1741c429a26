"""Transforms of images are known by name only: they come before the model."""
