"""Outputs that are a dataclass and a dict in one, as libraries of models return them."""

from __future__ import annotations

import textwrap

import pytest

OUTPUT = """
import torch
from collections import OrderedDict
from dataclasses import dataclass, fields
from typing import Any

class Output(OrderedDict):
    def __post_init__(self):
        first = fields(self)[0].name
        value = getattr(self, first)
        if not isinstance(value, torch.Tensor):
            setattr(self, first, None)
            super().__delitem__(first)
            self[first] = value
    def __setattr__(self, name, value):
        if name in {field.name for field in fields(self)} and value is not None:
            super().__setitem__(name, value)
        super().__setattr__(name, value)
    def __setitem__(self, name, value):
        super().__setitem__(name, value)
        super().__setattr__(name, value)

@dataclass
class Maps(Output):
    maps: Any = None
    hidden: Any = None

class Closed:
    def __setattr__(self, name, value):
        raise AttributeError(name)

@dataclass(frozen=True)
class Fixed(Closed):
    width: int = 3
"""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("list(Maps((1, 2), hidden=3).items())", [("hidden", 3), ("maps", (1, 2))]),
        ("list(Maps(torch.ones(2)).keys())", ["maps"]),
        ("Maps((1, 2)).maps", (1, 2)),
    ],
)
def test_fields_pass_the_own_setattr(expression: str, expected: object, repository) -> None:  # type: ignore[no-untyped-def]
    scope: dict[str, object] = {"__name__": "model"}
    source = OUTPUT
    assert repository(source).evaluate("model.py", expression) == expected
    exec(compile(textwrap.dedent(source), "<truth>", "exec", dont_inherit=True), scope)
    assert eval(expression, scope) == expected


def test_fields_of_a_frozen_class_do_not(repository) -> None:  # type: ignore[no-untyped-def]
    assert repository(OUTPUT).evaluate("model.py", "Fixed(5).width") == 5
