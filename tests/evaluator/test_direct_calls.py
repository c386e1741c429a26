"""A module whose `forward` is called by name is called; hooks of torch do not see it, and the record says so."""

from __future__ import annotations

import pytest

SOURCE = """
import torch.nn as nn

class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(4, 4)
    def forward(self, x):
        return self.lin(x)

class Child(Base):
    def forward(self, x):
        return super().forward(x)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList(Child() for _ in range(3))
        self.own = nn.Linear(4, 4)
    def forward(self, x):
        for part in self.parts:
            x = CALL
        return self.own(x)
"""


@pytest.mark.parametrize(("call", "hooked"), [("part(x)", True), ("part.forward(x)", False)])
def test_the_call_is_the_modules_own_whether_hooks_see_it_or_not(call: str, hooked: bool, repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository(SOURCE.replace("CALL", call))
    model = interpreter.build("model.py", "Net()")
    recording = interpreter.call(model, [interpreter.tensor([("B", 2), 4])])
    calls = [(found.path, found.hooked) for found in recording.calls]
    blocks = [pair for n in range(3) for pair in ((f"parts.{n}", hooked), (f"parts.{n}.lin", True))]
    assert calls == [("", True), *blocks, ("own", True)]
    assert [str(found.outputs[0]) for found in recording.calls if found.outputs] == ["float32[B, 4]"] * 8


def test_layers_of_torch_and_the_own_method_of_a_model_are_called_by_name(repository) -> None:  # type: ignore[no-untyped-def]
    source = SOURCE.replace("CALL", "part(x)").replace("self.own(x)", "self.own.forward(x)")
    source += "    def generate(self, x):\n        return self.forward(x)\n"
    interpreter = repository(source)
    model = interpreter.build("model.py", "Net()")
    recording = interpreter.call(model, [interpreter.tensor([2, 4])], method="generate")
    assert [found.path for found in recording.calls if not found.hooked] == ["", "own"]
