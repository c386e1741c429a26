"""Walking a model and running its blocks."""
from ._manipulate import checkpoint_seq, named_apply
