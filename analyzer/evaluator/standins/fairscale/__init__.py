"""Stand-in for fairscale 0.4: model-parallel layers on one device, where nothing is divided, and wrappers."""
