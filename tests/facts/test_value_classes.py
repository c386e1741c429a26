"""Classes that keep what their constructor is given are configuration where other code takes its values from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.structure import derive_structure
from analyzer.index import SourceIndex
from analyzer.records.evidence import Known

Write = Callable[[Mapping[str, str]], SourceIndex]
SOURCE = """
import json
import torch
from torch import nn

class Sizes(object):
    def __init__(self, words_or_file, width=64,
                 depth=3, act="gelu", drop=0.1):
        if isinstance(words_or_file, str):
            with open(words_or_file) as file:
                for key, value in json.load(file).items():
                    self.__dict__[key] = value
        else:
            self.words = words_or_file
            self.width = width
            self.layers = depth
            self.act = act
            self.drop = drop
            self.bias = False

    @classmethod
    def from_dict(cls, values):
        found = cls(words_or_file=-1)
        for key, value in values.items():
            found.__dict__[key] = value
        return found

    def to_json(self):
        return json.dumps(self.__dict__)
    METHOD

class Net(nn.Module):
    def __init__(self, sizes: Sizes):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(sizes.width, sizes.width) for _ in range(sizes.layers)])
        USE

Net(Sizes(100, depth=4))
"""


def tables(repository: Write, method: str = "", use: str = "pass") -> dict[str, dict[str, object]]:
    index = repository({"net.py": SOURCE.replace("METHOD", method).replace("USE", use)})
    found = derive_configuration(index, derive_structure(index), Interpreter(index).value_of)
    return {
        table.name: {
            v.name: (v.value.value if isinstance(v.value, Known) else None, v.where.first_line) for v in table.values
        }
        for table in found.tables
        if table.format == "class"
    }


def test_values_of_a_constructor_have_their_own_lines(repository: Write) -> None:
    assert tables(repository)["Sizes"] == {
        "words": (None, 6), "width": (64, 6), "layers": (3, 7), "act": ("gelu", 7), "drop": (0.1, 7),
        "bias": (False, 18),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "is_configuration"),
    [
        ("def head(self):\n        return self.width // 4", True),
        ("@property\n    def head(self):\n        return self.width // 4", True),
        ("def __call__(self, x):\n        return x * 2", False),
        ("def wider(self):\n        self.width += 1", False),
        ("def run(self, x):\n        y = x * self.drop\n        return y", False),
    ],
)
def test_a_class_that_works_with_its_values_is_none(repository: Write, method: str, is_configuration: bool) -> None:
    assert ("Sizes" in tables(repository, method=method)) is is_configuration


def test_a_class_that_no_other_code_reads_configures_nothing(repository: Write) -> None:
    index = repository({"net.py": SOURCE.partition("class Net")[0].replace("METHOD", "")})
    assert not derive_configuration(index, derive_structure(index), Interpreter(index).value_of).tables
