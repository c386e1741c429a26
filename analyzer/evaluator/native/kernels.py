"""Operators of accelerator packages whose insides are not modelled: a stand-in states the sizes of what they return.

Their products cannot be counted, and contents that they write are no constants. Stand-ins import them from `kernels`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch

from analyzer.evaluator.errors import CannotEvaluate, Unmodelled
from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.policy import Proxy
from analyzer.evaluator.values import find_unknown
from analyzer.index.yaml_values import read_yaml_value

NAMESPACE = "kernels"
_LIBRARY: Any = torch.library.Library(NAMESPACE, "FRAGMENT")  # type: ignore[no-untyped-call]


def provide(session: Any) -> Provided:
    return {}, {}, {NAMESPACE: Kernels(session)}


class Kernels(Proxy):
    """`from kernels import result`: what only stand-ins need."""

    def __init__(self, session: Any) -> None:
        self._members = {
            "result": _result_of(session),
            "launch": _launch_of(session),
            "unmodelled": _unmodelled,
            "not_given": _not_given,
            "read_yaml": lambda text: read_yaml_value(text, exponents=True),
            "caller_variables": lambda: dict(session.current.caller.variables),
        }

    def member(self, name: str) -> Any:
        if name not in self._members:
            raise AttributeError(name)
        return self._members[name]


@cache
def _operator(name: str) -> Any:
    """A kernel of that name: one tensor of the stated sizes, of the type of the tensor that it is like."""
    _LIBRARY.define(f"{name}(Tensor like, SymInt[] sizes) -> Tensor")
    _LIBRARY.impl(name, lambda like, sizes: like.new_empty(sizes), "CompositeExplicitAutograd")
    return getattr(getattr(torch.ops, NAMESPACE), name).default


def _unmodelled(what: str) -> None:
    """Ends what rests on something that a stand-in knows by name only."""
    raise Unmodelled("not_modelled", what)


def _not_given(option: str) -> None:
    """Ends what rests on an option that only a command line gives."""
    raise Unmodelled("command_line_argument", option)


def _result_of(session: Any) -> Callable[..., Any]:
    def result(name: str, like: Any, sizes: Any = None) -> Any:
        """What the kernel `name` returns: a tensor as `like`, or of these sizes."""
        unknown = find_unknown((like, sizes), {})
        if unknown is not None:
            return unknown
        if not isinstance(like, torch.Tensor) or not name.isidentifier():
            raise CannotEvaluate("not_modelled", name)
        return _operator(name)(session.oracle.as_fake(like), list(like.shape if sizes is None else sizes))

    return result


def _launch_of(session: Any) -> Callable[..., None]:
    result = _result_of(session)

    def launch(name: str, arguments: Any) -> None:
        """The kernel `name` may write to every tensor that it is given."""
        tensors = [value for value in arguments if isinstance(value, torch.Tensor)]
        for tensor in tensors:
            session.oracle.forget_contents(tensor)
        if tensors:
            result(name, tensors[0], ())

    return launch
