"""Stand-in for OmegaConf 2.x: nested configurations by attribute, key and position, with interpolation."""
from .omegaconf import MISSING, DictConfig, ListConfig, OmegaConf, open_dict, read_write
