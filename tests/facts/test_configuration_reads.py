"""Which lines read a value when its name is computed, and which quantities a default run has."""

from __future__ import annotations

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.structure import derive_structure

PARSER = """
import argparse
from settings import Training

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--training.steps", type=int, default=None)
    parser.add_argument("--rate", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    training = Training()
    print(args.seed)
    {read}
    return training

main()
"""
SETTINGS = """
from dataclasses import dataclass

@dataclass
class Training:
    steps: int = 10
"""
READS = [
    ("print(args)", {"training.steps", "rate"}),
    ("for name in ('rate', 'seed'):\n        setattr(training, name, getattr(args, name))", {"training.steps"}),
    ("for name in vars(training):\n        value = getattr(args, f'training.{name}')", set()),
    ("for name, value in args.__dict__.items():\n        setattr(training, name, value)", set()),
]


def derived(index):
    return derive_configuration(index, derive_structure(index), Interpreter(index).value_of)


@pytest.mark.parametrize(("read", "unused"), READS)
def test_an_option_that_may_be_read_by_a_computed_name_is_not_called_unused(repository, read, unused):
    index = repository({"settings.py": SETTINGS, "go.py": PARSER.format(read=read)})
    assert {value.name for value in derived(index).unused if value.where.path == "go.py"} == unused


QUANTITIES = """
steps = 10
warmup = 2
decay = 8
rest = steps - warmup
if rest < decay:
    tail = steps - decay
elif rest > decay:
    over = rest - decay
else:
    even = steps * warmup
print(rest)
"""


def test_a_quantity_of_a_branch_that_is_not_taken_is_none_of_the_run(repository):
    found = derived(repository({"go.py": QUANTITIES}))
    assert [(quantity.name, quantity.value.value) for quantity in found.derived] == [("rest", 8), ("even", 20)]


CONFIGURATOR = """
import sys
for arg in sys.argv[1:]:
    key, val = arg.split("=")
    globals()[key[2:]] = val
"""
REBOUND = """
import os
device = "cuda"
steps = 5 * 8
width = 64
exec(open("configurator.py").read())
ranked = "RANK" in os.environ
if ranked:
    device = "cuda:" + os.environ["RANK"]
    steps //= 2

def local():
    width = 3
    return width

print(device, steps, width, local())
"""


def test_a_setting_that_the_script_binds_anew_says_so(repository):
    index = repository({"go.py": REBOUND, "configurator.py": CONFIGURATOR})
    (table,) = [table for table in derived(index).tables if table.where.path == "go.py"]
    chains = {v.name: [(o.layer, o.where.first_line, o.condition) for o in v.overrides] for v in table.values}
    assert chains["device"] == [("default", 2, ""), ("assignment", 8, "ranked")]
    assert chains["steps"] == [("default", 3, ""), ("assignment", 9, "ranked")]
    assert chains["width"] == []
