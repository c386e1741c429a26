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
    scopes = [s for s in flow.inference.scopes.by_key.values() if s.path == "train.py"]
    calls = [(n, s) for s in scopes for n in s.nodes if isinstance(n, ast.Call) and ast.unparse(n.func) == "print"]
    node, scope = calls[0][0].args[0], calls[0][1]
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


LATER = """
import os, pickle
size = None
if os.path.exists("meta.pkl"):
    with open("meta.pkl", "rb") as file:
        size = pickle.load(file)["size"]
"""


@pytest.mark.parametrize(
    ("changed", "value"), [("size = None", "7"), ("size = 5", "5"), ("size = None\nsize = 3", None)]
)
def test_a_value_that_a_branch_on_a_file_may_set_is_told_with_both_lines(
    repository: Write, changed: str, value: str | None
) -> None:
    expression = "size if size is not None else 7"
    found = _value(
        repository({"train.py": LATER.replace("size = None", changed) + f"print({expression})\n"}), expression
    )
    assert isinstance(found, Unknown)
    told = dict(found.arguments)
    if value is None:
        assert found.reason == "not_derived"
        return
    assert (found.reason, told["value"], told["condition"]) == (
        "bound_on_condition",
        value,
        "os.path.exists('meta.pkl')",
    )
    assert (told["at"], told["expression"], told["line"]) == ("train.py:3", "pickle.load(file)['size']", "train.py:5")


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


BUILT = """
class Average:
    def __init__(self, decay, base=2):
        self.decay = decay
        self.base = base
        self.given = base or 1

class Trainer:
    def __init__(self, lr=0.5, factor=3.0, rank=7, **rest):
        self.lr = lr
        self.factor = factor
        self.rank = rank
        self.short = Average(0.9)
        self.long = Average(0.99)

    def run(self):
        print(EXPRESSION)

def start(rank, settings):
    settings.update(rank=rank)
    return Trainer(**settings)

def main():
    start(1, dict(lr=0.25))

main()
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("self.factor", None),  # what `settings` holds is not told here
        ("self.long.decay", 0.99),
        ("self.short.base", 2),
    ],
)
def test_what_constructions_give_reaches_the_attributes(repository: Write, expression: str, value: object) -> None:
    found = _value(repository({"train.py": BUILT.replace("EXPRESSION", expression)}), expression)
    assert getattr(found, "value", None) == value


EVERY_WAY = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, rate, factor=2.0):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.update = Average(0.9)
        OTHER
        self.optimizer = torch.optim.Adam(self.layer.parameters(), lr=rate * factor)

    def forward(self, x):
        return self.layer(x)

    def follow(self, copy):
        def move(old, new):
            for a, b in zip(old.parameters(), new.parameters()):
                a.data = self.update(a.data, b.data)
        move(copy, self.layer)

class Average:
    def __init__(self, decay):
        self.decay = decay

    def __call__(self, old, new):
        return self.decay * old + (1 - self.decay) * new

class Trainer:
    def __init__(self, rate=0.5, factor=3.0, rank=7, **rest):
        self.rate, self.factor = rate, factor
        self.rank = rank
        self.net = None

    def build(self):
        self.net = Net(rate=self.rank, factor=4.0)

    def run(self, batches):
        self.build()
        for x in batches:
            loss = self.net(x).mean()
            loss.backward()
            self.net.optimizer.step()
            self.net.follow(Net(1))

def start(rank, settings):
    settings.update(rank=rank)
    Trainer(**{"factor": 9.0, **settings}).run([torch.randn(2, 4)])

start(1, dict(rate=0.25))
"""


@pytest.mark.parametrize(
    ("other", "decay"),
    [("pass", 0.9), ("self.other = Average(0.5)", 0.9), ("self.update = Average(0.5)", None)],
)
def test_an_optimizer_and_an_average_made_in_constructors_have_their_values(
    repository: Write, other: str, decay: float | None
) -> None:
    index = repository({"train.py": EVERY_WAY.replace("OTHER", other)})
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    found = derive_processes(index, structure, derive_configuration(index, structure, value_of), value_of).training[0]
    rates = [getattr(value, "value", None) for o in found.optimizers for name, _, value in o.arguments if name == "lr"]
    averages = [value for f in found.features if f.id == "exponential_moving_average" for _, value in f.values]
    assert rates == [4.0]  # the item that `update` gave, times what the builder gave
    assert [getattr(value, "value", None) for value in averages] == [decay]
