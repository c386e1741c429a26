"""Lines that set seeds, and those of them that a default run need not reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.index import SourceIndex
from tests.facts.test_processes import derive

Write = Callable[[Mapping[str, str]], SourceIndex]
SCRIPT = """
import argparse, random, torch
from torch import nn

def seed_all(seed):
    random.seed(seed)

def run(world, args):
    many = world > 1
    SEEDING
    net = nn.Linear(4, 4)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for step in range(3):
        net(torch.randn(2, 4)).mean().backward()
        optimizer.step()

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=DEFAULT)
run(1, parser.parse_args())
"""


@pytest.mark.parametrize(
    ("seeding", "default", "conditions"),
    [
        ("seed_all(1)", "3", []),
        ("if many:\n        seed_all(1)", "3", ["many"]),
        ("if args.seed is not None:\n        seed_all(args.seed)", "3", []),
        ("if args.seed is not None:\n        seed_all(args.seed)", "None", ["args.seed is not None"]),
        ("if torch.cuda.is_available():\n        seed_all(1)", "3", ["torch.cuda.is_available()"]),
    ],
)
def test_a_seed_under_a_condition_is_told_with_it(
    repository: Write, seeding: str, default: str, conditions: list[str]
) -> None:
    index = repository({"train.py": SCRIPT.replace("SEEDING", seeding).replace("DEFAULT", default)})
    training = derive(index).training[0]
    assert [span.first_line for span in training.seeds] == [5]
    assert [condition for _, condition in training.seed_conditions] == conditions
