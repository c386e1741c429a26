"""Values where they are used: branches of a default run, tables of literals, and what travels by `**mapping`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.processes import derive_processes, open_flow
from analyzer.facts.structure import derive_structure
from analyzer.index import SourceIndex
from analyzer.records.evidence import Known, Unknown

Write = Callable[[Mapping[str, str]], SourceIndex]
SCRIPT = """
import argparse, os, torch
parser = argparse.ArgumentParser()
parser.add_argument("--dtype", default="bfloat16")
parser.add_argument("--batch", type=int, default=3)
args = parser.parse_args()
steps = 40
distributed = int(os.environ.get("RANK", -1)) != -1
if distributed:
    world = int(os.environ["WORLD_SIZE"])
else:
    world = 1
chosen = "float16" if torch.cuda.is_available() else "float32"
twice = 1
twice = 2
"""


def _value(index: SourceIndex, expression: str) -> Known[object] | Unknown:
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    flow = open_flow(index, derive_configuration(index, structure, value_of), value_of)
    scope = flow.inference.scopes.by_key["train.py"]
    node = next(n for n in scope.nodes if isinstance(n, ast.Call) and ast.unparse(n.func) == "print").args[0]
    assert ast.unparse(node) == ast.unparse(ast.parse(expression))
    return flow.values.value(node, scope)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("steps * world * args.batch", 120),
        ("torch.bfloat16 if args.dtype == 'bfloat16' else torch.float16", "torch.bfloat16"),
        ("{'float16': torch.float16, 'bfloat16': torch.bfloat16}[args.dtype]", "torch.bfloat16"),
        ("os.getenv('HOME_OF_DATA', 'data')", "data"),
        ("'RANK' in os.environ", False),
    ],
)
def test_a_default_run_decides_branches_tables_and_environment(
    repository: Write, expression: str, value: object
) -> None:
    found = _value(repository({"train.py": f"{SCRIPT}\nprint({expression})\n"}), expression)
    assert isinstance(found, Known), found
    assert found.value == value


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("{'float16': torch.float16, 'float32': torch.float32}[chosen]", "depends_on_machine"),
        ("twice * args.batch", "not_derived"),
        ("os.environ['RANK']", "depends_on_machine"),
    ],
)
def test_machine_and_rebinding_leave_a_value_open(repository: Write, expression: str, reason: str) -> None:
    found = _value(repository({"train.py": f"{SCRIPT}\nprint({expression})\n"}), expression)
    assert isinstance(found, Unknown)
    assert found.reason == reason


GUIDED = """
import argparse, torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        return self.layer(x)

    def guided(self, x, scale):
        both = self.forward(torch.cat([x, x]))
        cond, uncond = torch.split(both, len(both) // 2, dim=0)
        return uncond + scale * (cond - uncond)

def loop(fn, x, options=None):
    if options is None:
        options = {}
    for _ in range(5):
        x = fn(x, **options)
    return x

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--strength", type=float, default=4.5)
    args = parser.parse_args()
    net = Net()
    net.load_state_dict(torch.load("net.pt"))
    net.eval()
    options = dict(scale=args.strength)
    CHANGE
    with torch.no_grad():
        print(loop(net.guided, torch.randn(2, 4), options=options))
"""


@pytest.mark.parametrize(("change", "value"), [("pass", 4.5), ("options['scale'] = 1.0", None)])
def test_a_value_handed_on_as_keywords_is_followed_unless_the_mapping_changes(
    repository: Write, change: str, value: float | None
) -> None:
    index = repository({"sample.py": GUIDED.replace("CHANGE", change)})
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    found = derive_processes(index, structure, derive_configuration(index, structure, value_of), value_of)
    features = [f for f in found.inference[0].features if f.id == "classifier_free_guidance"]
    ((name, strength),) = features[0].values
    assert (name, getattr(strength, "value", None)) == ("scale", value)
