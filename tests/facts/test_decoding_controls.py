"""Tokens that are never drawn, and decoding again until thresholds accept the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.index import SourceIndex
from analyzer.records.evidence import Known
from tests.facts.test_processes import derive

Write = Callable[[Mapping[str, str]], SourceIndex]
SCRIPT = """
import argparse
import numpy as np
import torch
from torch import nn

class Result:
    def __init__(self, text, score):
        self.text, self.score = text, score

def draw(net, heat, never=(3, 5)):
    x = torch.zeros(1, 4)
    for _ in range(5):
        scores = net(x)
        PLACE = -np.inf
        x = torch.multinomial((scores / heat).softmax(-1), 4)
    return Result(x, scores.mean().item())

def speak(net, heats, least=-1.0, **rest):
    for heat in heats:
        result = draw(net, heat)
        if result.score > least:
            STOP
    return result

parser = argparse.ArgumentParser()
parser.add_argument("--least", type=float, default=-2.5)
parser.add_argument("--heats", type=float, nargs="+", default=[0.0, 0.5])
parser.add_argument("--wide", action="store_true")
parser.add_argument("--tall", action="store_true")
given = vars(parser.parse_args())
drawn = {name: given.pop(name) for name in ["wide", "tall"]}
net = nn.Linear(4, 4)
net.load_state_dict(torch.load("net.pt"))
print(speak(net, **given), drawn)
"""


def features(repository: Write, place: str = "scores[:, 0]", stop: str = "break") -> dict[str, dict[str, object]]:
    index = repository({"speak.py": SCRIPT.replace("PLACE", place).replace("STOP", stop)})
    found = derive(index).inference[0].features
    return {f.id: {name: v.value if isinstance(v, Known) else None for name, v in f.values} for f in found}


def test_settings_are_tried_until_a_threshold_accepts(repository: Write) -> None:
    assert features(repository)["repeated_decoding"] == {"heats": [0.0, 0.5], "least": -2.5}


def test_a_loop_that_tries_all_settings_is_none(repository: Write) -> None:
    assert "repeated_decoding" not in features(repository, stop="print(heat)")


RANKED = """
import torch
from torch import nn

def rank(score, length, alpha=0.6):
    penalty = ((5 + length) / 6) ** alpha
    return score / PENALTY

def speak(net, count=4):
    x = torch.zeros(1, 4)
    x = REPEATED
    for _ in range(5):
        x = torch.multinomial(net(x).softmax(-1), 4).float()
    return rank(x.sum(), 3)

net = nn.Linear(4, 4)
net.load_state_dict(torch.load("net.pt"))
print(speak(net))
"""


@pytest.mark.parametrize(
    ("repeated", "penalty", "expected"),
    [
        (
            "x.repeat_interleave(count, dim=0)",
            "penalty",
            {"several_candidates": {"count": 4}, "length_penalty": {"alpha": 0.6}},
        ),
        ("x.repeat_interleave(2, dim=0)", "length ** alpha", {"length_penalty": {"alpha": 0.6}}),
        ("x", "length", {}),
        ("x", "length ** 2", {}),
    ],
)
def test_candidates_and_their_ranking_have_their_settings(
    repository: Write, repeated: str, penalty: str, expected: dict[str, dict[str, object]]
) -> None:
    source = RANKED.replace("REPEATED", repeated).replace("PENALTY", f"({penalty})")
    found = {
        f.id: {name: v.value if isinstance(v, Known) else None for name, v in f.values}
        for f in derive(repository({"speak.py": source})).inference[0].features
        if f.id in ("several_candidates", "length_penalty")
    }
    assert found == expected


@pytest.mark.parametrize(
    ("place", "is_suppressed"),
    [
        ("scores[:, 0]", True),
        ("scores[:, [1, 2]]", True),
        ("scores[:, 2:]", True),
        ("scores[scores < 0.5]", False),
        ("scores[0, never]", False),
        ("scores[:, scores[0] < 1]", False),
    ],
)
def test_only_fixed_places_are_never_drawn(repository: Write, place: str, is_suppressed: bool) -> None:
    assert ("token_suppression" in features(repository, place)) is is_suppressed
