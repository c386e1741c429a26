"""Builds that configuration files state, and those of constructors that replace every None themselves."""

import pytest

from analyzer.evaluator import Interpreter
from analyzer.records.evidence import Known
from analyzer.shapes.configured_builds import find_bare_build, find_configured_builds
from analyzer.shapes.model import derive_model
from analyzer.shapes.requests import ModelRequest

NET = """
import torch.nn as nn
class Head(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.out = nn.Linear(width, 2)
    def forward(self, x):
        return self.out(x)
class Net(nn.Module):
    def __init__(self, width, depth=1, head=None):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(depth)])
        self.head = head
    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
"""


@pytest.mark.parametrize(
    ("name", "text", "others", "line", "total"),
    [
        ("configs/a.yaml", "model:\n  target: lib.net.Net\n  params:\n    width: 4\n    depth: 2\n", {}, 2, 40),
        ("a.yaml", "arch:\n  type: Net\n  width: 3\n", {}, 2, 12),
        ("a.json", '{"arch": {"type": "Net",\n "args": {"width": 2}}}', {}, 1, 6),
        ("a.yaml", "model:\n  class_path: lib.net.Net\n  init_args: {width: 5}\n", {}, 2, 30),
        (
            "model/small.yaml",
            "_target_: lib.net.Net\nwidth: 4\nhead:\n  _target_: lib.net.Head\n  width: ${width}\n",
            {"train.py": "import hydra\n"},
            1,
            30,
        ),
    ],
)
def test_a_section_that_names_the_class_builds_it(repository, name, text, others, line, total):
    index = repository({"lib/__init__.py": "", "lib/net.py": NET, name: text, **others})
    plans = find_configured_builds(index, index.symbols.definition("lib/net.py:Net"))
    assert {(plan.where.path, plan.where.first_line) for plan in plans} == {(name, line)}
    assert _total(index, "lib/net.py:Net", plans) == total


@pytest.mark.parametrize(
    "text",
    [
        "target: other.Net\nparams: {width: 4}\n",
        "target: lib.net.Net\nparams: {depth: 4}\n",
        "type: Net\nwidth: 4\ncolour: red\n",
        "type: Net\nwidth: 4\nhead: {type: Head, width: 4}\n",
        "name: a title with Net\nwidth: 4\n",
        "target: [lib.net.Net\n",
    ],
)
def test_a_section_of_another_class_or_with_other_arguments_does_not(repository, text):
    index = repository({"lib/net.py": NET, "a.yaml": text})
    assert find_configured_builds(index, index.symbols.definition("lib/net.py:Net")) == ()


@pytest.mark.parametrize(
    ("body", "built"),
    [
        ("if inner is None:\n            inner = nn.Linear(3, 2)\n        self.inner = inner", True),
        ("self.inner = inner or nn.Linear(3, 2)", True),
        ("self.inner = nn.Linear(3, 2) if inner is None else inner", True),
        ("self.inner = inner", False),
    ],
)
def test_a_constructor_that_replaces_none_itself_needs_no_caller(repository, body, built):
    head = "class Net(nn.Module):\n    def __init__(self, inner=None):\n        super().__init__()"
    text = f"import torch.nn as nn\n{head}\n        {body}\n"
    index = repository({"net.py": text})
    plans = find_bare_build(index, index.symbols.definition("net.py:Net"))
    assert bool(plans) == built
    assert not built or _total(index, "net.py:Net", plans) == 8


def _total(index, name, plans):
    owner = index.symbols.definition(name)
    where = index.span(owner.path, owner.node)
    request = ModelRequest(owner.name, name, where, plans, True, effort="count")
    counts = derive_model(Interpreter(index), request).parameters
    assert isinstance(counts, Known), counts
    return counts.value.total
