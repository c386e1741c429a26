"""What a call may do on a path that may not be taken: change what can be put back, and nothing else.

Code of the target may be entered: all that it changes passes the session. Real code is asked by its name.
"""

from __future__ import annotations

import types
from typing import Any

import torch
from torch import nn

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.journal import TABLES, Journals
from analyzer.evaluator.objects import MARK

DESCRIPTORS = (types.MethodDescriptorType, types.WrapperDescriptorType, types.MethodWrapperType)
SHAPING_TEXT = "requires_grad_ set_ resize_ register_hook retain_grad share_memory_ swap_ apply_ map_ backward"
SHAPING = frozenset(SHAPING_TEXT.split())
READING_TEXT = """
__call__ __init__ __len__ __iter__ __getitem__ __contains__ __dir__ __repr__ __getattr__ forward parameters
named_parameters buffers named_buffers modules named_modules children named_children get_submodule get_parameter
get_buffer state_dict extra_repr keys values items _conv_forward _check_input_dim _get_name _call_impl
_wrapped_call_impl _output_padding flatten_parameters check_input check_forward_args get_expected_hidden_size
permute_hidden _reversed_padding_repeated_twice merge_masks generate_square_subsequent_mask
"""
READING = frozenset(READING_TEXT.split())
REGISTERING_TEXT = """
register_buffer register_parameter register_module add_module append extend insert pop update clear __setitem__
__delitem__ __setattr__ __delattr__
"""
REGISTERING = frozenset(REGISTERING_TEXT.split())


def note_call(journals: Journals, natives: set[Any], function: Any, args: Any, kwargs: dict[str, Any]) -> None:
    """Note what a call could change, or refuse it; called while a journal is open."""
    for value in (*args, *kwargs.values()):
        if hasattr(type(value), "__next__"):
            journals.check_iterator(value)
    plain = getattr(function, "__func__", function)
    if isinstance(plain, types.FunctionType) and MARK in plain.__dict__:
        return
    owner = getattr(function, "__self__", None)
    if isinstance(function, DESCRIPTORS) and owner is None and args:
        owner = args[0]
    if isinstance(owner, TABLES):
        journals.note(owner)
    elif isinstance(owner, torch.Tensor) and getattr(function, "__name__", "") in SHAPING:
        raise CannotEvaluate("change_on_undecided_branch", f"Tensor.{function.__name__}")
    elif isinstance(plain, types.FunctionType) and not _is_native(plain, natives):
        _note_real(journals, plain, owner if owner is not None else args[0] if args else None)


def _is_native(function: Any, natives: set[Any]) -> bool:
    return function in natives


def _note_real(journals: Journals, function: types.FunctionType, owner: Any) -> None:
    """A real function on a module: most of what `nn.Module` offers changes nothing, or only its tables."""
    if not isinstance(owner, nn.Module) or function.__name__ in READING:
        return
    if function.__name__ not in REGISTERING:
        raise CannotEvaluate("change_on_undecided_branch", f"{type(owner).__name__}.{function.__name__}")
    journals.note_object(owner)
