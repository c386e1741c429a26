"""An encoding has a name, a size and special tokens."""
from kernels import unmodelled


class Encoding:
    def __init__(self, name, *, pat_str, mergeable_ranks, special_tokens, explicit_n_vocab=None):
        self.name = name
        self._special_tokens = special_tokens
        largest = max([*mergeable_ranks.values(), *special_tokens.values()]) if explicit_n_vocab is None else 0
        self.max_token_value = largest if explicit_n_vocab is None else explicit_n_vocab - 1

    @property
    def n_vocab(self):
        return self.max_token_value + 1

    @property
    def eot_token(self):
        return self._special_tokens["<|endoftext|>"]

    @property
    def special_tokens_set(self):
        return set(self._special_tokens)

    def encode(self, text, *, allowed_special=(), disallowed_special="all"):
        unmodelled("tiktoken: encoding of text")

    def encode_ordinary(self, text):
        unmodelled("tiktoken: encoding of text")

    def decode(self, tokens, errors="replace"):
        unmodelled("tiktoken: decoding")
