"""Names under which configurations are imported."""
from .config_dict import (
    REQUIRED, ConfigDict, FieldReference, FrozenConfigDict, create, placeholder, required_placeholder,
)
