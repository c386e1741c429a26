"""Files of weights are not read: what would be loaded is unknown."""
