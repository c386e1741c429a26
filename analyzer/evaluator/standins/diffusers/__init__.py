"""Stand-in for diffusers 0.40: configurable models; pipelines and schedulers are known by name only."""
from . import configuration_utils, models
from .configuration_utils import ConfigMixin
from .models.modeling_utils import ModelMixin
