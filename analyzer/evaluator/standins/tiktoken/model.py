"""Which encoding a model of that name uses."""
from .registry import get_encoding

_STARTS = {"gpt-4o": "o200k_base", "gpt-4": "cl100k_base", "gpt-3.5-turbo": "cl100k_base", "gpt2": "gpt2",
           "text-embedding-": "cl100k_base", "text-davinci-003": "p50k_base"}


def encoding_name_for_model(model_name):
    for start, encoding in _STARTS.items():
        if model_name.startswith(start):
            return encoding
    raise KeyError(f"Could not automatically map {model_name} to a tokeniser.")


def encoding_for_model(model_name):
    return get_encoding(encoding_name_for_model(model_name))
