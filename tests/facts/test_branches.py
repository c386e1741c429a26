"""A script that chooses between training and inference is two programs, each with its own stages only."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.facts.structure import derive_structure
from analyzer.index import SourceIndex
from tests.facts.test_processes import MODEL, derive, kinds

Write = Callable[[Mapping[str, str]], SourceIndex]

FUNCTIONS = """
import argparse
import torch
from model import Net
from drawing import draw

parser = argparse.ArgumentParser()
parser.add_argument("what")
arguments = parser.parse_args()

def first(arguments):
    net = Net()
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    for step in range(10):
        x = torch.ones(2, 2)
        _, loss = net(x, x)
        loss.backward()
        opt.step()

def second(arguments):
    net = Net()
    net.load_state_dict(torch.load("net.pt"))
    print(draw(net, torch.zeros(1, 1)))

def main():
    {dispatch}

if __name__ == "__main__":
    main()
"""
DRAWING = """
import torch
from model import Net

@torch.no_grad()
def draw(net: Net, ids):
    net.eval()
    z, _ = net(ids)
    return torch.multinomial(z[:, -1].softmax(-1), 1)
"""
PROBE = """
import torch
from model import Net

net = Net()
net.load_state_dict(torch.load("net.pt"))
net.eval()
with torch.no_grad():
    print(net(torch.zeros(1, 1)))
"""
DISPATCHES = [
    'if arguments.what == "one":\n        first(arguments)\n    else:\n        second(arguments)',
    'if arguments.what == "one":\n        first(arguments)\n    elif arguments.what:\n        second(arguments)',
    'match arguments.what:\n        case "a":\n            first(0)\n        case _:\n            second(arguments)',
    '{"one": first, "two": second}[arguments.what](arguments)',
]


def sources(dispatch: str) -> dict[str, str]:
    return {
        "model.py": MODEL,
        "drawing.py": DRAWING,
        "run.py": FUNCTIONS.replace("{dispatch}", dispatch),
        "probe.py": PROBE,
    }


@pytest.mark.parametrize("dispatch", DISPATCHES)
def test_each_choice_of_a_script_is_a_program_with_its_own_stages(repository: Write, dispatch: str) -> None:
    found = derive(repository(sources(dispatch)))
    (training,) = found.training
    assert training.entry_name == "run.py:first" and training.entry.first_line == 10
    assert [kind for kind, _, _ in kinds(training)] == ["build", "optimizer", "forward", "loss", "backward", "step"]
    assert not any(stage.condition for stage in training.stages)
    inference = found.inference[0]
    assert inference.entry_name == "run.py:second"
    assert [kind for kind, _, _ in kinds(inference)] == ["build", "load_checkpoint", "mode", "forward", "sample"]


def test_an_evaluation_in_between_is_no_program_of_its_own(repository: Write) -> None:
    loop = FUNCTIONS.replace(
        "opt.step()", "opt.step()\n        if step % 5:\n            draw(net, x)\n        else:\n            pass"
    )
    found = derive(
        repository({"model.py": MODEL, "drawing.py": DRAWING, "run.py": loop.replace("{dispatch}", "first(0)")})
    )
    assert [p.entry_name for p in found.training] == ["run.py"]


def test_programs_that_draw_outputs_come_before_probes(repository: Write) -> None:
    found = derive(repository(sources(DISPATCHES[0])))
    assert [p.entry_name for p in found.inference[:2]] == ["run.py:second", "probe.py"]


@pytest.mark.parametrize("dispatch", DISPATCHES[:3])
def test_code_that_only_another_choice_uses_has_the_role_of_inference(repository: Write, dispatch: str) -> None:
    roles = derive_structure(repository(sources(dispatch))).roles
    assert {"drawing.py", "run.py"} <= {role.path for role in roles if role.role == "inference"}
    assert "run.py" in {role.path for role in roles if role.role == "training"}
