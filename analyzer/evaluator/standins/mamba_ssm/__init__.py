"""Stand-in for mamba-ssm 2.3: selective state spaces; the scan is a kernel, the layers have their parameters."""
from .modules.mamba_simple import Mamba
from .ops.selective_scan_interface import mamba_inner_fn, selective_scan_fn
__version__ = "2.3.2"
