"""Stand-in for packaging: versions that compare."""
from . import version
