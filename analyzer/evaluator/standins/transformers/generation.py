"""Generation: the loops are not modelled, only the mixin that a class names as its base."""
from transformers_not_modelled import LogitsProcessor, LogitsProcessorList, StoppingCriteria, TextStreamer


class GenerationMixin:
    def prepare_inputs_for_generation(self, input_ids, **kwargs):
        return {"input_ids": input_ids, **kwargs}

    def can_generate(self):
        return True


class GenerationConfig:
    def __init__(self, **kwargs):
        for key, value in kwargs.items():
            setattr(self, key, value)
