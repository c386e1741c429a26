"""Base of models: holds the configuration, ties input and output embeddings, initialises nothing by itself."""
import torch
from torch import nn

from .configuration_utils import PretrainedConfig
from transformers_not_modelled import ALL_ATTENTION_FUNCTIONS, Conv1D, prune_linear_layer


class ModuleUtilsMixin:
    @property
    def device(self):
        return torch.device("cpu")

    @property
    def dtype(self):
        return next(self.parameters()).dtype

    def num_parameters(self, only_trainable=False, exclude_embeddings=False):
        return sum(p.numel() for p in self.parameters() if p.requires_grad or not only_trainable)

    def get_head_mask(self, head_mask, num_hidden_layers, is_attention_chunked=False):
        return [None] * num_hidden_layers if head_mask is None else head_mask


class PreTrainedModel(nn.Module, ModuleUtilsMixin):
    config_class = None
    base_model_prefix = ""
    main_input_name = "input_ids"
    supports_gradient_checkpointing = False
    _tied_weights_keys = None
    _no_split_modules = None

    def __init__(self, config, *inputs, **kwargs):
        super().__init__()
        self.config = config
        self.name_or_path = getattr(config, "name_or_path", "")
        self.warnings_issued = {}
        self.generation_config = None

    @property
    def base_model(self):
        return getattr(self, self.base_model_prefix, self)

    def post_init(self):
        self.init_weights()

    def init_weights(self):
        self.apply(self._init_weights)
        self.tie_weights()

    def _init_weights(self, module):
        pass

    def get_input_embeddings(self):
        for name in ("embed_tokens", "wte", "word_embeddings"):
            if hasattr(self, name):
                return getattr(self, name)
        base = getattr(self, self.base_model_prefix or "model", None)
        if base is not None and base is not self:
            if hasattr(base, "get_input_embeddings"):
                return base.get_input_embeddings()
            return getattr(base, "embed_tokens", None)
        return None

    def set_input_embeddings(self, value):
        base = getattr(self, self.base_model_prefix or "model", None)
        (base if base is not None else self).embed_tokens = value

    def get_output_embeddings(self):
        return getattr(self, "lm_head", None)

    def set_output_embeddings(self, new_embeddings):
        self.lm_head = new_embeddings

    def tie_weights(self, *args, **kwargs):
        if not getattr(self.config, "tie_word_embeddings", True):
            return
        output, inputs = self.get_output_embeddings(), self.get_input_embeddings()
        if output is not None and inputs is not None and hasattr(output, "weight"):
            output.weight = inputs.weight

    def gradient_checkpointing_enable(self, *args, **kwargs):
        pass

    def gradient_checkpointing_disable(self):
        pass

    def enable_input_require_grads(self):
        pass

    def warn_if_padding_and_no_attention_mask(self, *args):
        pass
