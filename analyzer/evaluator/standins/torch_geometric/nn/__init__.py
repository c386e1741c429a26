"""Layers by the names under which they are imported."""
from . import aggr, conv, dense
from .conv import GCNConv, GINConv, SAGEConv
from .conv.message_passing import MessagePassing
from .dense.linear import Linear
from .pool import global_add_pool, global_max_pool, global_mean_pool
