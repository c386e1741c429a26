"""Values that one entry of a table gives a configuration, and numbers that a data set's own methods return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.configuration.effective import effective_values, left_to_default
from analyzer.facts.configuration_owners import slot_of
from analyzer.facts.processes import derive_processes, open_flow
from analyzer.facts.program import Program
from analyzer.facts.structure import derive_structure
from analyzer.index import SourceIndex
from analyzer.records.evidence import Known, Unknown

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
    [
        ("pass", 5),
        ("if heat > 0:\n        kept.pop('beams')", ("5", "heat > 0")),
        ("kept.pop('beams')", None),
        ("while heat > 1:\n        kept.pop('beams')", "set_by_mapping"),
    ],
)
def test_what_is_taken_out_of_a_mapping_under_a_condition_is_open(
    repository: Write, change: str, beams: object
) -> None:
    index = repository({"run.py": HANDED.replace("CHANGE", change)})
    found = derive_configuration(index, derive_structure(index), Interpreter(index).value_of)
    (table,) = [table for table in found.tables if table.name == "Options"]
    counts = {v.name: v.effective or v.value for v in table.values}
    told = counts["beams"]
    if isinstance(beams, tuple):
        assert isinstance(told, Unknown) and told.reason == "set_by_mapping_unless"
        given = dict(told.arguments)
        assert (given["value"], given["condition"], given["line"]) == (*beams, "run.py:13")
    else:
        assert (told.value if isinstance(told, Known) else told.reason) == beams


OWN_OPTIONS = """
import torch
from net import Net, Options
net = Net(Options(GIVEN))
net.load_state_dict(torch.load("net.pt"))
net(torch.ones(1, 4))
"""
OPTIONS = """
from dataclasses import dataclass
from torch import nn

@dataclass
class Options:
    rate: float = 0.1
    width: int = 4

class Net(nn.Module):
    def __init__(self, options):
        super().__init__()
        self.drop = nn.Dropout(options.rate)
        self.layer = nn.Linear(4, options.width)

    def forward(self, x):
        return self.layer(self.drop(x))
"""


def test_what_a_program_does_not_give_to_its_own_options_is_their_default_there(repository: Write) -> None:
    index = repository(
        {"net.py": OPTIONS, "a.py": OWN_OPTIONS.replace("GIVEN", "rate=0.5"), "b.py": OWN_OPTIONS.replace("GIVEN", "")}
    )
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    configuration = derive_configuration(index, structure, value_of)
    flow = open_flow(index, configuration, value_of)
    (table,) = [table for table in configuration.tables if table.name == "Options"]
    changed = replace(table, values=tuple(replace(v, effective=Known(9, (), "read")) for v in table.values))
    found = {}
    for path in ("a.py", "b.py"):
        program = Program(flow, path, flow.walker.script(path), index.span(path, 1))
        given = left_to_default(program, [changed]) | effective_values(program, [changed])
        found[path] = {name: getattr(given.get(slot_of(table, name)), "value", None) for name in ("rate", "width")}
    assert found == {"a.py": {"rate": 0.5, "width": 4}, "b.py": {"rate": 0.1, "width": 4}}


MERGED = """
import torch
from torch import nn

class Speaker:
    def __init__(self):
        self.net = nn.Linear(4, 4)
        self.net.load_state_dict(torch.load("net.pt"))

    def preset(self, name="fast", **others):
        settings = {"heat": 0.8, "count": 1}
        presets = {"fast": {"steps": 2}, "slow": {"steps": 9, "count": 3}}
        MERGE
        settings.update(others)
        return self.speak(**settings)

    def speak(self, steps=5, heat=0.3, count=4, keep=7):
        x = torch.zeros(1, 4)
        for _ in range(steps):
            x = torch.multinomial((self.net(x) / heat).softmax(-1), 4).float()
        return x

print(Speaker().preset(GIVEN))
"""


@pytest.mark.parametrize(
    ("merge", "given", "heat"),
    [
        ("settings.update(presets[name])", "", 0.8),
        ("settings.update(presets[name])", "heat=0.5", 0.5),
        ("settings.update(presets[name])", "count=2", 0.8),
        ("pass", "heat=0.5", 0.5),
        ("settings.update(torch.load('x'))", "", None),
        ("if name:\n            settings.update(others)", "heat=0.5", None),
    ],
)
def test_settings_merged_from_several_mappings_have_the_last_one(
    repository: Write, merge: str, given: str, heat: object
) -> None:
    index = repository({"speak.py": MERGED.replace("MERGE", merge).replace("GIVEN", given)})
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    configuration = derive_configuration(index, structure, value_of)
    (pipeline,) = derive_processes(index, structure, configuration, value_of).inference
    (found,) = [feature for feature in pipeline.features if feature.id == "temperature"]
    assert [getattr(value, "value", None) for _, value in found.values] == [heat]
