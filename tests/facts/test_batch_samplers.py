"""The effective batch where a batch sampler makes the batches."""

from __future__ import annotations

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.processes import derive_processes
from analyzer.facts.structure import derive_structure
from analyzer.records.evidence import Known

SOURCE = """
import torch
from torch import nn
from torch.utils.data import BatchSampler, DataLoader, RandomSampler

SIZE = 32
EVERY = 4

class Skipping:
    def __init__(self, sampler, batch_size, skipped=0):
        self.sampler, self.batch_size = sampler, batch_size

def made(data):
    return Skipping(data, 7)

data = torch.load("data.pt")
net = nn.Linear(4, 4)
opt = torch.optim.SGD(net.parameters(), lr=0.125)
sampler = {sampler}
loader = DataLoader(data, batch_sampler=sampler)
for step, batch in enumerate(loader):
    loss = net(batch).square().mean() / EVERY
    loss.backward()
    if step % EVERY == 0:
        opt.step()
        opt.zero_grad()
"""
SAMPLERS = [
    ("Skipping(data, SIZE, 3)", 128),
    ("Skipping(data, batch_size=SIZE)", 128),
    ("BatchSampler(RandomSampler(data), SIZE, True)", 128),
    ("BatchSampler(RandomSampler(data), batch_size=SIZE // 2, drop_last=True)", 64),
    ("made(data)", None),
]


@pytest.mark.parametrize(("sampler", "expected"), SAMPLERS)
def test_a_batch_sampler_says_how_large_a_batch_is(repository, sampler, expected):
    index = repository({"go.py": SOURCE.format(sampler=sampler)})
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    (found,) = derive_processes(index, structure, derive_configuration(index, structure, value_of), value_of).training
    assert [quantity.value.value for quantity in found.derived if isinstance(quantity.value, Known)] == (
        [expected] if expected is not None else []
    )


def test_where_batches_are_divided_again_their_size_is_none_of_the_step(repository):
    source = (
        SOURCE.format(sampler="Skipping(data, SIZE)")
        .replace("    loss = net(batch)", "    for part in batch.split(8):\n        loss = net(part)")
        .replace("    loss.backward()", "        loss.backward()")
    )
    index = repository({"go.py": source})
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    (found,) = derive_processes(index, structure, derive_configuration(index, structure, value_of), value_of).training
    assert found.derived == ()
