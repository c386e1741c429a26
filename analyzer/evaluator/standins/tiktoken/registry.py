"""Each published encoding: its size and its special tokens."""
from .core import Encoding

_ENDS = {"<|endoftext|>": 50256}
_CL100K = {"<|endoftext|>": 100257, "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259, "<|fim_suffix|>": 100260,
           "<|endofprompt|>": 100276}
_SIZES = {
    "gpt2": (50257, _ENDS), "r50k_base": (50257, _ENDS), "p50k_base": (50281, _ENDS),
    "cl100k_base": (100277, _CL100K), "o200k_base": (200019, {"<|endoftext|>": 199999, "<|endofprompt|>": 200018}),
}


def get_encoding(encoding_name):
    if encoding_name not in _SIZES:
        raise ValueError(f"Unknown encoding {encoding_name}.")
    size, special = _SIZES[encoding_name]
    return Encoding(encoding_name, pat_str="", mergeable_ranks={}, special_tokens=special, explicit_n_vocab=size)


def list_encoding_names():
    return list(_SIZES)
