"""Which stages exclude one another, and which come about in several loops."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.index import SourceIndex
from analyzer.records.processes import Stage, exclude_each_other
from tests.facts.test_processes import MODEL, derive

Write = Callable[[Mapping[str, str]], SourceIndex]

HEAD = """
import numpy as np
import torch
from model import Net

source = str(open("source").read())
"""
LOOP = """
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(10):
    x = torch.ones(2, 8)
    _, loss = net(x, x)
    loss.backward()
    optimizer.step()
"""
CHAIN = """
if source == "new":
    net = Net()
elif source == "file":
    net = Net(4)
    net.load_state_dict(torch.load("net.pt"))
else:
    net = torch.load("whole.pt")
"""
EXITS = """
def load():
    if source == "new":
        return Net()
    if source == "file":
        return torch.load("a.pt")
    return torch.load("b.pt")

net = load()
"""
CASES = """
match source:
    case "new":
        net = Net()
    case "file":
        net = torch.load("a.pt")
"""
NESTED = """
if source == "new":
    net = Net()
else:
    checkpoint = torch.load("a.pt")
    if "big" in source:
        net = Net(16)
    else:
        net = Net(2)
"""
EITHER = """
net = Net() if source == "new" else Net(4)
"""
ALONE = """
net = Net()
if source == "file":
    net.load_state_dict(torch.load("net.pt"))
"""


def stages_of(write: Write, text: str) -> tuple[Stage, ...]:
    (pipeline,) = derive(write({"model.py": MODEL, "train.py": text})).training
    return pipeline.stages


def told(stages: tuple[Stage, ...]) -> list[str]:
    """Arms of the stages that have any: `A1 if …`."""
    return [
        " ".join(f"{'ABC'[arm.choice - 1]}{arm.number} {arm.condition or 'otherwise'}" for arm in stage.arms)
        for stage in stages
        if stage.arms
    ]


@pytest.mark.parametrize(
    ("choice", "arms"),
    [
        (CHAIN, ["A1 source == \"new\"", *["A2 source == \"file\""] * 2, "A3 otherwise"]),
        (EXITS, ["A1 source == \"new\"", "A2 source == \"file\"", "A3 otherwise"]),
        (CASES, ["A1 case 'new'", "A2 case 'file'"]),
        (
            NESTED,
            [
                "A1 source == \"new\"",
                "A2 not (source == \"new\")",
                "A2 not (source == \"new\") B1 \"big\" in source",
                "A2 not (source == \"new\") B2 not (\"big\" in source)",
            ],
        ),
        (EITHER, []),
        (ALONE, []),
    ],
)  # fmt: skip
def test_stages_of_different_arms_exclude_one_another(repository: Write, choice: str, arms: list[str]) -> None:
    stages = stages_of(repository, HEAD + choice + LOOP)
    assert told(stages) == arms
    last = {stage.arms[0].number: stage for stage in stages if stage.arms}
    assert all(exclude_each_other(last[1], stage) is (number != 1) for number, stage in last.items())


def test_a_line_that_several_loops_reach_tells_all_of_them(repository: Write) -> None:
    text = f"""
    {HEAD}
    def batch():
        data = np.memmap("a.bin", dtype=np.uint16, mode="r")
        return torch.from_numpy(data[:8].astype(np.int64))
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    x = batch()
    while True:
        for micro in range(4):
            _, loss = net(x, x)
            x = batch()
            loss.backward()
        optimizer.step()
    """.replace("\n    ", "\n")
    data = next(stage for stage in stages_of(repository, text) if stage.kind == "data")
    assert (data.loops, data.again) == ((), ("for micro in range(4)",))


SHARED = """
import torch
from model import Net
def fit(net, data):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for x in torch.utils.data.DataLoader(data):
        _, loss = net(x, x)
        loss.backward()
        optimizer.step()
        print("one of", len(data), "steps of", data, "done")
        print(loss.item())
def main(path):
    if path:
        net = Net()
        net.load_state_dict(torch.load(path))
        fit(net, [1])
        torch.save(net, "a.pt")
    else:
        net = Net(4)
        fit(net, [2])
        torch.save(net, "b.pt")
main(str(open("x")))
"""


def test_what_two_arms_call_stands_between_what_both_do_before_and_after(repository: Write) -> None:
    stages = stages_of(repository, SHARED)
    order = [f"{''.join(str(arm.number) for arm in stage.arms)}{stage.kind}" for stage in stages]
    assert order[:3] == ["1build", "1load_checkpoint", "2build"]
    assert order[-2:] == ["1checkpoint", "2checkpoint"]
    assert {"forward", "backward", "step"} <= set(order[3:-2])


def test_a_conditional_expression_is_no_condition_of_its_statement(repository: Write) -> None:
    built = next(stage for stage in stages_of(repository, HEAD + EITHER + LOOP) if stage.kind == "build")
    assert built.condition is None
