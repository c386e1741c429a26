"""Helpers around models: loggers that say nothing, decorators that change nothing."""
from ..modeling_outputs import ModelOutput
from . import logging


def is_flash_attn_2_available():
    return False


def is_torch_available():
    return True


def is_flash_attn_greater_or_equal_2_10():
    return False


def is_xformers_available():
    return False


def add_start_docstrings(*docstr):
    return lambda function: function


def add_start_docstrings_to_model_forward(*docstr):
    return lambda function: function


def add_code_sample_docstrings(*docstr, **kwargs):
    return lambda function: function


def replace_return_docstrings(**kwargs):
    return lambda function: function


def auto_docstring(function=None, **kwargs):
    return function if function is not None else (lambda inner: inner)


def can_return_tuple(function):
    return function
