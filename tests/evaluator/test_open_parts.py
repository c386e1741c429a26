"""A container of modules that lost an unknown part is not a shorter container."""

from __future__ import annotations

import pytest

from analyzer.evaluator import CannotEvaluate

USES = [
    ("Sequential", "self.parts(x)"),
    ("Sequential", "[part(x) for part in self.parts][-1]"),
    ("ModuleList", "[part(x) for part in self.parts][-1]"),
    ("ModuleList", "self.parts[-1](x)"),
    ("ModuleList", "x.new_zeros(len(self.parts))"),
    ("ModuleDict", "[part(x) for part in self.parts.values()][0]"),
]


@pytest.mark.parametrize(("kind", "use"), USES)
@pytest.mark.parametrize("then", ["pass", "self.parts = copy.deepcopy(self.parts)"])
def test_what_runs_through_it_is_unknown_and_what_is_in_it_is_listed(
    repository, kind: str, use: str, then: str
) -> None:  # type: ignore[no-untyped-def]
    text = f"""
import copy
import torch.nn as nn
from nowhere import layer
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.{kind}()
        self.parts.add_module("0", nn.Linear(3, 3))
        self.parts.add_module("1", layer(3, 5))
        {then}
    def forward(self, x):
        return {use}
"""
    interpreter = repository(text)
    net = interpreter.build("model.py", "Net()")
    assert interpreter.unknown_parts(net)
    assert sum(p.numel() for p in net.parameters()) == 12
    recording = interpreter.call(net, [interpreter.tensor([("B", 2), 3])])
    assert recording.error is not None
    assert not recording.outputs


def test_within_another_container_it_makes_the_whole_unknown(repository) -> None:  # type: ignore[no-untyped-def]
    text = """
import torch.nn as nn
from nowhere import layer
inner = nn.Sequential(nn.Linear(3, 3))
inner.append(layer(3, 5))
net = nn.Sequential(nn.ReLU(), inner)
"""
    interpreter = repository(text)
    recording = interpreter.call(interpreter.build("model.py", "net"), [interpreter.tensor([("B", 2), 3])])
    assert recording.error is not None
    assert not recording.outputs


BUILT = [
    ("nn.Sequential(nn.Linear(3, 3), layer(5))", "self.parts(x)"),
    ("nn.ModuleList([nn.Linear(3, 3), layer(5)])", "[part(x) for part in self.parts][-1]"),
    ("nn.ModuleDict({'a': nn.Linear(3, 3), 'b': layer(5)})", "[part(x) for part in self.parts.values()][-1]"),
    ("Own(3)", "self.parts(x)"),
    ("nn.Sequential(nn.Linear(3, 3), Sized(layer(5), 3))", "self.parts(x.long()[0])"),
]


@pytest.mark.parametrize(("built", "use"), BUILT)
def test_what_is_built_of_known_and_unknown_parts_lists_the_known(repository, built: str, use: str) -> None:  # type: ignore[no-untyped-def]
    text = f"""
import torch.nn as nn
from nowhere import layer
class Own(nn.Sequential):
    def __init__(self, width):
        self.width = width
        super().__init__(*[nn.Linear(width, width), layer(5)])
class Sized(nn.Embedding):
    def __init__(self, number, width):
        super().__init__(number, width)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = {built}
    def forward(self, x):
        return {use}
"""
    interpreter = repository(text)
    net = interpreter.build("model.py", "Net()")
    assert interpreter.unknown_parts(net)
    assert sum(p.numel() for p in net.parameters()) == 12
    recording = interpreter.call(net, [interpreter.tensor([("B", 2), 3])])
    assert isinstance(recording.error, CannotEvaluate) and recording.error.cause.reason == "package_not_available"
