"""Models are evaluated as without an accelerator; that this was assumed is said once, with its line."""

from __future__ import annotations

import pytest

from analyzer.evaluator import TargetRaised

HEAD = "import torch\nimport torch.nn as nn\n"
BODIES = [
    "device = 'cuda' if torch.cuda.is_available() else 'cpu'\n        y = x.to(device)",
    "y = x.cuda()",
    "y = x.to('cuda:0')\n        y = y.cuda()",
    "y = x + torch.zeros(4, device='cuda')",
    "y = x + torch.ones(4, device=torch.device('cuda', 0))",
]


@pytest.mark.parametrize("body", BODIES)
def test_a_device_is_assumed_once_with_its_line(repository, body: str) -> None:  # type: ignore[no-untyped-def]
    source = f"{HEAD}class Net(nn.Module):\n    def forward(self, x):\n        {body}\n        return y\n"
    interpreter = repository(source)
    recording = interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([2, 4])])
    assert recording.error is None
    assert [(kind, str(place)) for kind, _, place in recording.assumptions] == [("device_is_cpu", "model.py:5")]


@pytest.mark.parametrize(
    "body", ["y = x.to('cpu')", "y = x.to(torch.float16)", "y = x + torch.zeros(4, device=x.device)"]
)
def test_nothing_is_assumed_where_no_device_is_named(repository, body: str) -> None:  # type: ignore[no-untyped-def]
    source = f"{HEAD}class Net(nn.Module):\n    def forward(self, x):\n        {body}\n        return y\n"
    interpreter = repository(source)
    recording = interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([2, 4])])
    assert recording.error is None
    assert recording.assumptions == {}


def test_an_assertion_about_the_machine_is_taken_to_hold_and_said(repository) -> None:  # type: ignore[no-untyped-def]
    source = f"{HEAD}def make():\n    assert torch.cuda.is_available(), 'no GPU'\n    return nn.Linear(2, 3)\n"
    interpreter = repository(source)
    assert interpreter.build("model.py", "make()").out_features == 3
    found = {(kind, text) for kind, text, _ in interpreter.recording.assumptions}
    assert ("check_passes", "torch.cuda.is_available()") in found
    with pytest.raises(TargetRaised):
        repository("def make():\n    assert 1 > 2\n").build("model.py", "make()")
