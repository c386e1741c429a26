"""Containers that hold one another many times over are small in memory and endless to compare, hash or sort.

Python walks them in one step that nothing interrupts, so that the walk is paid for before it begins.
"""

from __future__ import annotations

import types
from typing import Any

CONTAINERS = (list, tuple, dict, set, frozenset)


def is_nested(value: Any) -> bool:
    """Whether a container holds containers."""
    if type(value) not in CONTAINERS:
        return False
    return any(type(item) in CONTAINERS for item in (value.values() if type(value) is dict else value))


def pay(session: Any, *values: Any) -> None:
    """Count the parts of nested values, each as often as it is reached."""
    for value in values:
        if is_nested(value):
            session.measure(value)


def pay_for_comparison(session: Any, left: Any, right: Any) -> None:
    """Two values are compared as deep as both go; one that is looked for, with each item."""
    if type(left) in CONTAINERS and type(right) in CONTAINERS:
        pay(session, left)


def pay_for_call(session: Any, function: Any, args: Any) -> None:
    """Methods and functions of Python itself that look for a value, hash it, or put values in order."""
    if isinstance(function, types.BuiltinFunctionType):
        if function.__name__ == "sort":
            pay(session, function.__self__)
        pay(session, *args)
    elif function in (set, frozenset, dict):
        pay(session, *args)
