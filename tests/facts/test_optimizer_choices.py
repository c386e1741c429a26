"""Which optimizer a default run builds where an option chooses one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.facts.optimization import find_optimizers
from analyzer.index import SourceIndex
from tests.facts.program_of import program_of

Write = Callable[[Mapping[str, str]], SourceIndex]
CHAIN = """
if args.opt == "sgd":
    optimizer = optim.SGD(net.parameters(), lr=args.lr)
elif args.opt == "adam":
    optimizer = optim.Adam(net.parameters(), lr=args.lr)
else:
    raise ValueError(args.opt)
"""
MAKER = "optimizer = make(args.opt, net)"
CASES = [
    (CHAIN, [("Adam", "args.opt == 'adam'", True), ("SGD", "args.opt == 'sgd'", False)]),
    ("optimizer = optim.Adam(net.parameters())", [("Adam", None, True)]),
    ("optimizer = {'adam': optim.Adam, 'sgd': optim.SGD}[args.opt](net.parameters())",
     [("Adam", "args.opt == 'adam'", True), ("SGD", "args.opt == 'sgd'", False)]),
    ("optimizer = KINDS[args.opt](net.parameters())",
     [("AdamW", "args.opt == 'adam'", True), ("RMSprop", "args.opt == 'rms'", False)]),
    ("kind = KINDS[args.other]\noptimizer = kind(net.parameters())",
     [("AdamW", "args.other == 'adam'", None), ("RMSprop", "args.other == 'rms'", None)]),
    ("optimizer = getattr(torch.optim, args.name)(net.parameters())", [("Adagrad", "args.name == 'Adagrad'", True)]),
    ("optimizer = optim.SGD(net.parameters()) if args.opt == 'sgd' else optim.Adam(net.parameters())",
     [("Adam", "not (args.opt == 'sgd')", True), ("SGD", "args.opt == 'sgd'", False)]),
    (MAKER, [("Adam", "not (name == 'sgd')", True), ("SGD", "name == 'sgd'", False)]),
    ("if args.opt == 'adam':\n    optimizer = optim.Adam(net.parameters())\nelse:\n"
     "    optimizer = AdaBelief(net.parameters(), lr=args.lr)",
     [("Adam", "args.opt == 'adam'", True), ("AdaBelief", "not (args.opt == 'adam')", False)]),
    ("if args.other:\n    optimizer = optim.SGD(net.parameters())", [("SGD", "args.other", None)]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), CASES)
def test_alternatives_have_their_condition_and_the_default_one_is_marked(
    repository: Write, body: str, expected: list[tuple[str, str | None, bool | None]]
) -> None:
    lines = "".join(f"    {line}\n" for line in body.strip().split("\n"))
    text = f"""
import argparse
import torch
from adabelief_pytorch import AdaBelief
from torch import nn, optim

KINDS = {{"adam": optim.AdamW, "rms": optim.RMSprop}}

def make(name, net):
    if name == "sgd":
        return optim.SGD(net.parameters(), lr=1.0)
    return optim.Adam(net.parameters())

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--opt", default="adam")
    parser.add_argument("--name", default="Adagrad")
    parser.add_argument("--other", required=True)
    parser.add_argument("--lr", type=float, default=0.1)
    args = parser.parse_args()
    net = nn.Linear(2, 2)
{lines}
"""
    found = find_optimizers(program_of(repository({"train.py": text}), "train.py:main"))
    told = [(one.class_name.rpartition(".")[2], one.condition, one.effective) for one in found]
    assert [(name, (text or "").replace('"', "'") or None, held) for name, text, held in told] == expected
