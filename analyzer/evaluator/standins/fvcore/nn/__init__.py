"""Names under which initialisation is imported."""
from . import weight_init
from .weight_init import c2_msra_fill, c2_xavier_fill
