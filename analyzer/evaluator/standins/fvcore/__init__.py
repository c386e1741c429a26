"""Initialisation of weights; the rest is not modelled."""
