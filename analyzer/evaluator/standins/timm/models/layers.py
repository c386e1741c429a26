"""Where the layers lived before."""
from ..layers import *
from ..layers.core import *
from ..layers.weight_init import *
