"""From a record's type to the method that renders it; a type without a method is an error, in every renderer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

WORD_START = re.compile(r"(?<!^)(?=[A-Z])")


def method_name(cls: type) -> str:
    """`BulletList` → `bullet_list`."""
    return WORD_START.sub("_", cls.__name__).lower()


def method_for(renderer: object, node: object) -> Callable[[Any], Any]:
    found = getattr(renderer, method_name(type(node)), None)
    if found is None:
        raise TypeError(f"{type(renderer).__name__} cannot render {type(node).__name__}")
    method: Callable[[Any], Any] = found
    return method
