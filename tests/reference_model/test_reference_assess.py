"""The assessment gives what is right its point and what is wrong none, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from reference_model.__main__ import main
from reference_model.assess import assess, load_answers, own_answers
from reference_model.errors import UserError

RIGHT = """
import math, torch

def attention(q, k, v):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
    hidden = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return scores.masked_fill(hidden, -math.inf).softmax(-1) @ v

def rms_norm(x, weight, eps):
    return x / (x.pow(2).mean(-1, keepdim=True) + eps).sqrt() * weight

def rotate(x, cos, sin):  # neighbours are paired, as in the paper
    even, odd = x[..., ::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), -1).flatten(-2)

def top_p(logits, p):
    order = logits.argsort(-1, descending=True)
    before = logits.gather(-1, order).softmax(-1).cumsum(-1) - logits.gather(-1, order).softmax(-1)
    drop = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order, before >= p - 1e-6)
    return logits.masked_fill(drop, -math.inf)

def learning_rate(step, peak, warmup, steps):
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2
"""
MISTAKES = {
    "attention": (" / math.sqrt(q.size(-1))", "", "differs by up to"),
    "rms_norm": ("x.pow(2).mean(-1, keepdim=True)", "x.var(-1, keepdim=True)", "differs by up to"),
    "rotate": ("even * cos - odd * sin", "even * cos + odd * sin", "differs by up to"),
    "top_p": ("before >= p - 1e-6", "before >= p - 0.3", "p = "),
    "learning_rate": ("(step + 1)", "step", "step 0 of 40"),
}


def answers(tmp_path: Path, text: str) -> dict[str, object]:
    (tmp_path / "answers.py").write_text(text)
    return load_answers(tmp_path / "answers.py")


def test_right_answers_have_every_point(tmp_path: Path) -> None:
    verdicts = assess(answers(tmp_path, RIGHT))
    assert all(verdict.passed for verdict in verdicts), verdicts
    assert [verdict.name for verdict in verdicts] == list(own_answers())


@pytest.mark.parametrize("name", MISTAKES)
def test_one_mistake_loses_one_point_with_its_reason(name: str, tmp_path: Path) -> None:
    old, new, reason = MISTAKES[name]
    assert old in RIGHT
    failed = [verdict for verdict in assess(answers(tmp_path, RIGHT.replace(old, new))) if not verdict.passed]
    assert [verdict.name for verdict in failed] == [name]
    assert reason in failed[0].detail


def test_what_is_missing_or_raises_has_no_point(tmp_path: Path) -> None:
    verdicts = assess(answers(tmp_path, "def attention(q, k, v):\n    return 1 / 0\nrotate = 3\n"))
    assert [verdict.passed for verdict in verdicts] == [False] * 5
    assert verdicts[0].detail == "ZeroDivisionError: division by zero"
    assert verdicts[2].detail == "not written"


def test_the_packages_own_functions_and_claims_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assess"]) == 0
    printed = capsys.readouterr().out
    assert "FAILED" not in printed
    assert printed.endswith("score: 8 of 8\n")
    assert "equal bit for bit" in printed


def test_a_file_that_cannot_be_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="SyntaxError"):
        answers(tmp_path, "def (")
    with pytest.raises(UserError, match="no such file"):
        load_answers(tmp_path / "absent.py")


NET = """
import torch
from torch import nn
from beside import WIDTH

class Net(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.table, self.head = nn.Embedding(7, width), nn.Linear(width, 3)
        self.unused = nn.Linear(2, 2)

    def forward(self, ids, scale):
        return {"y": self.head(self.table(ids)) * scale}
"""
CALL = ["--build", "Net(WIDTH)", "--input", "int64[2, 5]", "--input", "scale: float32[2, 1, 1]"]


def write_net(folder: Path) -> str:
    (folder / "beside.py").write_text("WIDTH = 4\n")
    (folder / "net.py").write_text(NET)
    return str(folder / "net.py")


def test_any_model_object_is_validated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stated = ["--shape", "2,5,3", "--parameters", "49", "--range", "-9", "9"]
    assert main(["assess", "--model", write_net(tmp_path), *CALL, *stated]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "passed  parameters", "passed  forward", "passed  shape", "passed  finite", "passed  range",
        "FAILED  gradients", "passed  memory", "score",
    ]  # fmt: skip
    assert lines[5].endswith("do not reach 2 of 5 tensors: unused.weight, unused.bias")
    assert lines[-1] == "score: 6 of 7"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--build", "Net(WIDTH", "--input", "int64[2]"], "cannot be built: SyntaxError"),
        (["--build", "WIDTH", "--input", "int64[2]"], "gives a int, no torch module"),
        (["--build", "Net(2)", "--input", "integer[2]"], "is not of the form"),
        (["--build", "Net(2)", "--input", "int64(2)"], "is not of the form"),
        (["--build", "Net(2)"], "--model needs --build EXPR and an --input"),
        ([*CALL, "--shape", "2,x"], "--shape is a list of sizes"),
    ],
)
def test_what_cannot_be_validated_is_one_line(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["assess", "--model", write_net(tmp_path), *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and error.count("\n") == 1


def test_a_preset_is_validated(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assess", "--preset", "tiny", "--parameters", "748416"]) == 0
    assert capsys.readouterr().out.endswith("score: 7 of 7\n")
