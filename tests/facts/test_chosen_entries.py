"""Values that one entry of a table gives a configuration, and numbers that a data set's own methods return."""

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
import torch
from torch import nn

class Options:
    kind = None
    depth = None
    width = 4
    words = 0

class Letters:
    def __init__(self, count=3):
        self.count = count

    def words(self):
        half = self.count + 1
        return 2 * half

class Net(nn.Module):
    def __init__(self, options):
        super().__init__()
        TAKE
        self.layers = nn.ModuleList([nn.Linear(options.width, options.width) for _ in range(options.depth)])

def main():
    options = Options()
    options.kind = "small"
    letters = Letters(5)
    options.words = letters.words()
    net = Net(options)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for step in range(options.words):
        net(torch.randn(2, options.width)).mean().backward()
        optimizer.step()

SIZES = {"small": dict(depth=2, width=8), "large": {"depth": 9, "width": 64}}
main()
"""


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        ("options.update({'small': dict(depth=3), 'large': dict(depth=9)}[options.kind])", (3, None)),
        ("options.merge(SIZES[options.kind])", (2, 8)),
        ("for key, value in SIZES[options.kind].items():\n            setattr(options, key, value)", (2, 8)),
        ("options.merge(SIZES[input()])", (None, None)),
        ("for key, value in SIZES[options.kind].items():\n            setattr(options, value, key)", (None, None)),
    ],
)
def test_the_entry_that_a_program_chooses_counts(repository: Write, take: str, expected: tuple[object, object]) -> None:
    index = repository({"net.py": SOURCE.replace("TAKE", take)})
    found = derive_configuration(index, derive_structure(index), Interpreter(index).value_of)
    (table,) = [table for table in found.tables if table.name == "Options"]
    counts = {v.name: v.effective.value for v in table.values if isinstance(v.effective, Known)}
    assert (counts.get("depth"), counts.get("width")) == expected
    assert (counts["kind"], counts["words"]) == ("small", 12)


HANDED = """
import torch
from dataclasses import dataclass
from torch import nn

@dataclass
class Options:
    beams: int = None
    words: int = 3

def run(net, heat, **given):
    kept = {**given}
    CHANGE
    options = Options(**kept)
    return net(torch.randn(options.words, 4)), options.beams

net = nn.Linear(4, 4)
net.load_state_dict(torch.load("net.pt"))
run(net, 0.5, beams=5, words=7)
"""


@pytest.mark.parametrize(
    ("change", "beams"),
    [("pass", 5), ("if heat > 0:\n        kept.pop('beams')", "set_by_mapping"), ("kept.pop('beams')", None)],
)
def test_what_is_taken_out_of_a_mapping_under_a_condition_is_open(
    repository: Write, change: str, beams: object
) -> None:
    index = repository({"run.py": HANDED.replace("CHANGE", change)})
    found = derive_configuration(index, derive_structure(index), Interpreter(index).value_of)
    (table,) = [table for table in found.tables if table.name == "Options"]
    counts = {v.name: v.effective or v.value for v in table.values}
    told = counts["beams"]
    assert (told.value if isinstance(told, Known) else told.reason) == beams
