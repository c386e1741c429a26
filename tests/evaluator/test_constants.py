"""Contents of large constants: had on demand, within a bound, and never after a write that is not constant."""

from __future__ import annotations

import pytest
from torch import nn

from analyzer.evaluator import constants
from analyzer.evaluator.errors import BudgetExhausted

HEAD = "import torch\nimport torch.nn as nn\n"
ROTARY = """
class Net(nn.Module):
    def __init__(self, rows={rows}):
        super().__init__()
        inverse = 1.0 / (10000 ** (torch.arange(0, 64, 2)[:32].float() / 64))
        angles = torch.outer(torch.arange(rows), inverse).float()
        self.register_buffer("cos", torch.cat([torch.cos(angles), torch.cos(angles)], dim=-1), persistent=False)
        self.out = nn.Linear(64, 64)
    def forward(self, x):
        {before}
        if {test}:
            return self.out(x)
        return torch.cat([x, x], dim=-1)
"""


def outcome(repository, test: str, before: str = "pass", rows: int = 131_072):  # type: ignore[no-untyped-def]
    interpreter = repository(HEAD + ROTARY.format(rows=rows, test=test, before=before))
    model: nn.Module = interpreter.build("model.py", "Net()")
    assert interpreter.session.oracle.is_fake(model.cos) == (rows > 70_000)
    return interpreter.call(model, [interpreter.tensor([("B", 2), ("T", 4), 64])])


@pytest.mark.parametrize("rows", [64, 131_072, 262_144])
@pytest.mark.parametrize(
    ("test", "width"),
    [
        ("self.cos[0, 0] == 0", 128),
        ("self.cos[0, 0] == 1", 64),
        ("self.cos[0].sum().item() == 64", 64),
        ("bool((self.cos[:4] > 2).any())", 128),
        ("int(self.cos[0, 3]) == 1", 64),
        ("torch.allclose(self.cos[0], torch.ones(64))", 64),
        ("len(self.cos[:2].tolist()) == 2", 64),
        ("torch.nonzero(self.cos[0] > 2).shape[0] == 0", 64),
    ],
)
def test_a_branch_on_a_table_of_any_size_has_an_answer(repository, rows: int, test: str, width: int) -> None:  # type: ignore[no-untyped-def]
    recording = outcome(repository, test, rows=rows)
    assert recording.error is None
    assert recording.undecided is None
    assert str(recording.outputs[0]) == f"float32[B, T, {width}]"


@pytest.mark.parametrize(
    "before",
    [
        "self.cos[0, 0] = x.sum()",
        "self.cos.fill_(0)",
        "self.cos.data.normal_()",
        "self.cos.view(-1)[:3].copy_(x[0, 0, :3])",
        "nn.init.zeros_(self.cos)",
        "self.cos = self.cos + x[0, 0, 0]",
        "self.cos = nn.Parameter(self.cos)",
        "self.cos = torch.rand_like(self.cos)",
        "self.cos = torch.empty_like(self.cos)",
    ],
)
def test_a_large_table_that_was_written_to_has_no_contents(repository, before: str) -> None:  # type: ignore[no-untyped-def]
    recording = outcome(repository, "self.cos[0, 0] == 0", before)
    assert recording.undecided is not None
    assert str(recording.outputs[0]) == "float32[B, T, ?]"


def test_a_copy_of_a_module_keeps_its_tables_apart(repository) -> None:  # type: ignore[no-untyped-def]
    before = "import copy\n        other = copy.deepcopy(self)\n        other.cos.fill_(0)"
    assert outcome(repository, "self.cos[0, 0] == 1", before).undecided is None
    before = "import copy\n        self.cos.fill_(0)\n        self.cos = copy.deepcopy(self.cos)"
    assert outcome(repository, "self.cos[0, 0] == 1", before).undecided is not None


def test_a_table_past_the_bound_is_refused(repository, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(constants, "COMPUTED_ELEMENTS", 5_000_000)
    assert outcome(repository, "self.cos[0, 0] == 0").undecided is not None


def test_no_size_is_assumed_for_what_depends_on_an_input(repository) -> None:  # type: ignore[no-untyped-def]
    assert outcome(repository, "torch.nonzero(x).shape[0] == 0").undecided is not None


def test_generation_mode_reads_the_tables_too(repository) -> None:  # type: ignore[no-untyped-def]
    source = HEAD + ROTARY.format(rows=131_072, test="self.cos[0, 0] == 1", before="pass")
    source += "    @torch.inference_mode()\n    def generate(self, x):\n        return self(x)\n"
    interpreter = repository(source)
    model = interpreter.build("model.py", "Net()")
    recording = interpreter.call(model, [interpreter.tensor([("B", 2), ("T", 4), 64])], method="generate")
    assert str(recording.outputs[0]) == "float32[B, T, 64]"


def test_a_mask_with_known_contents_chooses_a_known_number_of_rows(repository) -> None:  # type: ignore[no-untyped-def]
    source = """
import torch
from torch import nn
class Net(nn.Module):
    def forward(self, x):
        keep = torch.arange(6).reshape(2, 3) != 4
        return x[keep], x[:, keep[0]], x[x > 0]
"""
    interpreter = repository(source)
    recording = interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([2, 3, 5])])
    known, columns, data = recording.outputs
    assert (str(known), str(columns)) == ("float32[5, 5]", "float32[2, 3, 5]")
    assert str(data) == "float32[?]"


def test_an_array_of_numpy_beyond_the_budget_ends_the_evaluation(repository):
    interpreter = repository("import numpy as np\ndef table(n):\n    return np.zeros((n, 1000)).shape\n")
    assert interpreter.evaluate("model.py", "table(100)") == (100, 1000)
    with pytest.raises(BudgetExhausted, match="elements"):
        interpreter.evaluate("model.py", "table(20_000)")
