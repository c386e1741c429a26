"""Stand-in for flash-attn 2.8: fused attention, norms, rotary embedding; sizes and parameters as documented."""
from .flash_attn_interface import (
    flash_attn_func, flash_attn_kvpacked_func, flash_attn_qkvpacked_func, flash_attn_varlen_func,
    flash_attn_varlen_kvpacked_func, flash_attn_varlen_qkvpacked_func, flash_attn_with_kvcache,
)
__version__ = "2.8.3"
