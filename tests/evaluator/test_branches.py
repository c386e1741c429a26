# ruff: noqa: E501 - one case, one line
"""Branches on data: both arms are evaluated, and what they have in common is known."""

from __future__ import annotations

import pytest

from analyzer.evaluator import CannotEvaluate

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"
KNOWN = [
    ("y = x * 2 if x.sum() > 0 else x - 1", "float32[B, 4]"),
    ("y = F.relu(x) if x.sum() > 0 else x.exp()", "float32[B, 4]"),
    ("if x.sum() > 0:\n            y = x * 2\n        else:\n            y = torch.zeros_like(x)", "float32[B, 4]"),
    ("y = x\n        if x.max() > 1:\n            y = y / y.max()", "float32[B, 4]"),
    ("if torch.isnan(x).any():\n            raise ValueError('nan')\n        y = x", "float32[B, 4]"),
    (
        "if x.min() < 0:\n            message = 'negative'\n            raise ValueError(message)\n        y = x",
        "float32[B, 4]",
    ),
    ("if x.min() < 0:\n            raise ValueError('no')\n        else:\n            y = x.sum(1)", "float32[B]"),
    ("n = 2 if x.sum() > 0 else 2\n        y = x[:, :n]", "float32[B, 2]"),
]
IN_PART = [
    ("y = x if x.sum() > 0 else x[:, :2]", "float32[B, ?]"),
    ("n = 2 if x.sum() > 0 else 3\n        y = x[:, :n]", "float32[B, ?]"),
    ("y = x\n        if x.sum() > 0:\n            y = torch.cat([x, x])", "float32[?, 4]"),
    ("y = x\n        if x.sum() > 0:\n            self.n = 3\n            y = x * 2", "float32[B, 4]"),
    ("y = x\n        if x.sum() > 0:\n            self.n = 3\n        y = x[:, : self.n]", "float32[B, ?]"),
    ("y = x\n        if x.sum() > 0:\n            y = self.change(x)\n        y = x[:, : self.n]", "float32[B, ?]"),
    ("y = x\n        if x.sum() > 0:\n            y = self.fc(x)", "float32[B, 4]"),
    ("y = x\n        if x.sum() > 0:\n            list(map(self.change, [x]))[0]\n        y = x[:, : self.n]", "float32[B, ?]"),
    ("if x.sum() > 0:\n            return x\n        y = x", "float32[B, 4]"),
    ("if x.sum() > 0:\n            return x[:, :2]\n        y = x", "float32[B, ?]"),
    ("y = x[x > 0] if x.sum() > 0 else x[x > 1]", "float32[?]"),
    ("t = torch.ones(1)\n        if x.sum() > 0:\n            t = torch.zeros(1)\n        y = x if t[0] > 0 else x[:, :2]", "float32[B, ?]"),
    ("t = torch.ones(1)\n        if x.sum() > 0:\n            t[0] = 0\n        y = x if t[0] > 0 else x[:, :2]", "float32[B, ?]"),
]  # fmt: skip
UNKNOWN = [
    "y = x if x.sum() > 0 else x.long()",
    "y = x\n        if x.sum() > 0:\n            y = None",
    "y = x\n        if x.sum() > 0:\n            y = x[0]",
    "t = [4]\n        if x.sum() > 0:\n            z = t.append(5)\n        y = x.new_zeros(*t)",
    "t = [4]\n        if x.sum() > 0:\n            t += [5]\n        y = x.new_zeros(len(t))",
    "t = {}\n        if x.sum() > 0:\n            t['a'] = 5\n        y = x.new_zeros(5) if 'a' in t else x.new_zeros(5, 5)",
    "t = iter([4, 5])\n        if x.sum() > 0:\n            y = x.new_zeros(next(t))\n        else:\n            y = x.new_zeros(4)",
]  # fmt: skip


def called(repository, body: str):  # type: ignore[no-untyped-def]
    source = f"{HEAD}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.n = 2\n        self.fc = nn.Linear(4, 4)\n    def change(self, x):\n        self.n = 4\n        return x\n    def forward(self, x):\n        {body}\n        return y[:, : self.n] if y.dim() > 9 else y\n"
    interpreter = repository(source)
    return interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([("B", 3), 4])])


@pytest.mark.parametrize(("body", "shape"), KNOWN)
def test_arms_that_agree_give_a_known_shape(repository, body: str, shape: str) -> None:  # type: ignore[no-untyped-def]
    recording = called(repository, body)
    assert recording.error is None
    assert str(recording.outputs[0]) == shape


@pytest.mark.parametrize(("body", "shape"), IN_PART)
def test_what_both_arms_have_in_common_is_known(repository, body: str, shape: str) -> None:  # type: ignore[no-untyped-def]
    recording = called(repository, body)
    assert recording.error is None
    assert [str(output) for output in recording.outputs] == [shape]
    assert recording.undecided is not None


@pytest.mark.parametrize("body", UNKNOWN)
def test_arms_that_have_nothing_in_common_stay_unknown(repository, body: str) -> None:  # type: ignore[no-untyped-def]
    recording = called(repository, body)
    assert isinstance(recording.error, CannotEvaluate)


def test_a_check_that_is_taken_to_pass_is_an_assumption_with_its_line(repository) -> None:  # type: ignore[no-untyped-def]
    recording = called(repository, "if torch.isnan(x).any():\n            raise ValueError('nan')\n        y = x")
    found = [(kind, text, str(place)) for kind, text, place in recording.assumptions]
    assert found == [("check_passes", "not (torch.isnan(x).any())", "model.py:13")]


def test_a_call_on_one_path_says_under_which_condition(repository) -> None:  # type: ignore[no-untyped-def]
    body = "y = x\n        if x.sum() > 0:\n            y = self.fc(x)\n        else:\n            y = self.fc(-x)\n        y = self.fc(y)"
    calls = called(repository, body).calls_of("fc")
    assert [[(c.text, str(c.place)) for c in call.under] for call in calls] == [
        [("x.sum() > 0", "model.py:14")],
        [("not (x.sum() > 0)", "model.py:14")],
        [],
    ]
    assert [str(call.outputs[0]) for call in calls] == ["float32[B, 4]"] * 3


@pytest.mark.parametrize(
    ("test", "verdicts"), [("self.n == 2", {True}), ("self.n > 2", {False}), ("x.sum() > 0", {True, False})]
)
def test_which_arm_of_a_conditional_expression_ran_is_recorded(repository, test: str, verdicts: set[bool]) -> None:  # type: ignore[no-untyped-def]
    arms = called(repository, f"y = self.fc(x) if {test} else self.fc(-x)").arms
    assert {(site.path, site.line, site.column, site.module): ran for site, ran in arms.items() if site.line == 13} == {
        ("model.py", 13, 12, ""): verdicts
    }
