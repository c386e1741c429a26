"""What items, iteration and members of objects are, also where objects hold themselves."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import pytest

from analyzer.facts.flow import Foreign, Inference, Instance
from analyzer.facts.flow.inference import MAX_ANSWERS
from analyzer.facts.flow.walk import Walker
from analyzer.facts.stages import _code
from analyzer.index import SourceIndex
from tests.facts.test_processes import derive

Write = Callable[[Mapping[str, str]], SourceIndex]

RING = """
from torch import nn

class Part(nn.Module):
    def forward(self, x):
        return x

inner = nn.Sequential(Part())
outer = nn.Sequential(inner, nn.ReLU())
outer.append(outer)
result = outer(1)
"""
ITERATOR = """
from torch.utils.data import DataLoader

class Batch:
    pass

class Again:
    def __init__(self, loader):
        self.loader = loader

    def __iter__(self):
        return self

    def __next__(self):
        return Batch()

class Through:
    def __iter__(self):
        return Again(None)

own = next(Again(None))
through = next(Through())
"""


def types_of(index: SourceIndex, path: str, name: str) -> frozenset[object]:
    inference = Inference(index)
    node = ast.parse(name, mode="eval").body
    return frozenset(inference.types(node, inference.scopes.by_key[path]))


def test_containers_in_a_ring_are_run_once(repository: Write) -> None:
    index = repository({"ring.py": RING})
    assert types_of(index, "ring.py", "result") >= {Foreign("torch.Tensor()")}


@pytest.mark.parametrize("name", ["own", "through"])
def test_an_iterator_that_returns_itself_gives_what_next_returns(repository: Write, name: str) -> None:
    index = repository({"turns.py": ITERATOR})
    assert types_of(index, "turns.py", name) == {Instance("turns.py:Batch")}


FACTORY = """
import torch
from torch import nn

class Net(nn.Module):
    def forward(self, x):
        loss = (x ** 2).mean()
        loss.backward()
        return loss

def default(value, other):
    if value is not None:
        return value
    return other() if callable(other) else other

if __name__ == "__main__":
    net = default(None, Net())
"""


def test_an_object_that_needs_arguments_is_not_called_without(repository: Write) -> None:
    index = repository({"main.py": FACTORY})
    walker = Walker(Inference(index))
    targets = [t for step in walker.function("main.py:default").steps for t in step.targets]  # type: ignore[union-attr]
    assert not [t for t in targets if isinstance(t.type, Instance)]


@pytest.mark.parametrize(
    "header",
    ["for x, y in loader", "for (x, y) in loader", "for i, (x, ys) in enumerate(a,\n    start=1)", "for é, x in ü"],
)
def test_a_loop_is_quoted_as_it_is_written(header: str) -> None:
    statement = ast.parse(f"{header}:\n    pass").body[0]
    assert _code(f"{header}:\n    pass", statement) == header


@pytest.mark.parametrize(("number", "told"), [(MAX_ANSWERS - 1, True), (MAX_ANSWERS + 1, False)])
def test_of_what_may_be_very_many_things_nothing_is_said(repository: Write, number: int, told: bool) -> None:
    makers = "".join(f"def make{n}():\n    return {n}\n" for n in range(number))
    names = ", ".join(f"make{n}" for n in range(number))
    index = repository({"net.py": f"{makers}every = [{names}]\nchosen = every[place]\n"})
    inference = Inference(index)
    scope = next(scope for scope in inference.scopes.by_key.values() if isinstance(scope.node, ast.Module))
    value = index.trees()["net.py"].body[-1].value
    assert bool(inference.types(value, scope)) is told


NETS = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        return nn.functional.mse_loss(self.layer(x), x)
"""
DOCUMENTED = '''
import torch

def train(net, rows, optimizer):
    """Train it.

    {field}
    :param rows: what it is shown, as :class:`Net` wants it
    """
    for x in rows:
        loss = net(x)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
'''


@pytest.mark.parametrize(
    ("field", "forward"),
    [
        (":param net: :class:`~.pkg.nets.Net` to train", True),
        (":param net: an :obj:`net <.nets.Net>` to train", True),
        (":type net: :py:class:`Net`", True),
        (":param net: what the Net is", False),
        (":param net: :class:`torch.nn.Module`", False),
        (":param net: list of :class:`Net`", False),
    ],
)
def test_a_docstring_says_of_which_class_a_parameter_is(repository: Write, field: str, forward: bool) -> None:
    index = repository({"nets.py": NETS, "train.py": DOCUMENTED.replace("{field}", field)})
    (training,) = derive(index).training
    assert ("forward" in [stage.kind for stage in training.stages]) is forward
