"""A dictionary with attributes; what is missing is an empty one."""
from .addict import Dict
