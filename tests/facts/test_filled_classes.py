"""Dataclasses that a command line fills: their fields are configuration, read where the filled objects are."""

from __future__ import annotations

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.processes import derive_processes
from analyzer.facts.structure import derive_structure

SOURCE = """
import torch
from dataclasses import dataclass, field
from torch import nn
{imports}

@dataclass
class ModelArgs:
    width: int = field(default=8, metadata={{"help": "width of the layer"}})

@dataclass
class RunArgs:
    rate: float = field(default=0.25, metadata={{"help": "learning rate"}})
    rounds: int = 3

class Other:
    width = "none of these"
    rate = "nor this"

class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.line = nn.Linear(width, width)
    def forward(self, x):
        return self.line(x).square().mean()

def main():
    {parse}
    print(Other().width, Other().rate)
    net = Net(model_args.width)
    opt = torch.optim.SGD(net.parameters(), lr=run_args.rate)
    for _ in range(run_args.rounds):
        loss = net(torch.load("data.pt"))
        loss.backward()
        opt.step()
        opt.zero_grad()

if __name__ == "__main__":
    main()
"""
HF = "from transformers import HfArgumentParser"
PARSING = [
    (HF, "model_args, run_args = HfArgumentParser((ModelArgs, RunArgs)).parse_args_into_dataclasses()"),
    (
        HF,
        "parser = HfArgumentParser([ModelArgs, RunArgs])\n    model_args, run_args = parser.parse_json_file('a.json')",
    ),
    (
        HF,
        "both = (ModelArgs, RunArgs)\n    model_args, run_args, *_ = HfArgumentParser(both).parse_dict({})",
    ),
    ("from trl import TrlParser", "model_args, run_args = TrlParser((ModelArgs, RunArgs)).parse_args_and_config()"),
    ("import tyro", "model_args = tyro.cli(ModelArgs)\n    run_args = tyro.cli(RunArgs)"),
    ("import pyrallis", "model_args = pyrallis.parse(ModelArgs)\n    run_args = pyrallis.parse(config_class=RunArgs)"),
]


@pytest.mark.parametrize(("imports", "parse"), PARSING)
def test_the_fields_are_read_by_data_flow_and_give_their_values(repository, imports, parse):
    index = repository({"go.py": SOURCE.format(imports=imports, parse=parse)})
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    configuration = derive_configuration(index, structure, value_of)
    uses = {(t.name, v.name): len(v.used_at) for t in configuration.tables for v in t.values if t.name.endswith("Args")}
    assert uses == {("ModelArgs", "width"): 1, ("RunArgs", "rate"): 1, ("RunArgs", "rounds"): 1}
    (training,) = derive_processes(index, structure, configuration, value_of).training
    assert [value.value for _, _, value in training.optimizers[0].arguments] == [0.25]


def test_an_ordinary_parser_fills_nothing(repository):
    parse = "run_args = model_args = argparse.ArgumentParser(RunArgs).parse_args()"
    index = repository({"go.py": SOURCE.format(imports="import argparse", parse=parse)})
    configuration = derive_configuration(index, derive_structure(index), Interpreter(index).value_of)
    assert not any(v.used_at for t in configuration.tables for v in t.values if t.name.endswith("Args"))
