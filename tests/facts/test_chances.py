"""Decisions by chance: which share of a draw each arm has, however the draw is made and rescaled."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.facts.chance_masks import find_masks
from analyzer.facts.chances import find_chances
from analyzer.facts.program import Program
from analyzer.index import SourceIndex
from analyzer.records.evidence import Known
from tests.facts.program_of import program_of

Write = Callable[[Mapping[str, str]], SourceIndex]

ARMS = [
    ("x = random.random()\nif x < 0.15:\n    a()\nelse:\n    b()", [0.15, 0.85]),
    ("if random.random() > 0.2:\n    a()", [0.8]),
    ("if not random.random() > 0.2:\n    a()", [0.2]),
    ("if 0.2 >= np.random.rand():\n    a()", [0.2]),
    ("if torch.rand(1).item() < p:\n    a()", [0.25]),
    ("if np.random.uniform(2, 6) < 3:\n    a()", [0.25]),
    ("if random.randint(0, 3) == 1:\n    a()", [0.25]),
    ("if np.random.randint(0, 3) == 1:\n    a()", [1 / 3]),
    ("if random.choice([True, False]):\n    a()", [0.5]),
    ("y = a() if random.random() < 0.1 else b()", [0.1, 0.9]),
    ("if random.random() < 0.3:\n    return a()\nreturn b()", [0.3, 0.7]),
    ("if data.flag and random.random() < 0.3:\n    a()\nelse:\n    b()", [0.3]),
    ("x = random.random()\nif x < 0.5:\n    x /= 0.5\n    if x < 0.8:\n        a()\n    elif x < 0.9:\n        b()\n"
     "    else:\n        c()", [0.5, 0.4, 0.05, 0.05]),
    ("x = random.random()\nif x < 0.5:\n    if x < 0.4:\n        a()", [0.5, 0.4]),
    ("if random.random() < data.rate:\n    a()", [None]),
    ("if random.gauss(0, 1) < 0.5:\n    a()", []),
    ("x = random.random()\nx = data.other\nif x < 0.5:\n    a()", []),
    ("if len(data) < 0.5:\n    a()", []),
]  # fmt: skip
MASKS = [
    ("noise = torch.rand(3)\nnoise = noise.to(device)\nkeep = noise < 0.25", [(0.25, 0.25)]),
    ("noise = torch.rand(3)\nnoise = net(noise)\nkeep = noise < 0.25", []),
    ("noise = other.to(device)\nother = noise.to(device)\nkeep = noise < 0.25", []),
    ("m = torch.rand(x.shape) < 0.15", [(0.15, 0.15)]),
    ("m = torch.rand_like(x) > 0.15", [(0.85, 0.85)]),
    ("m = torch.zeros(3).float().uniform_(0, 1) < 0.3", [(0.3, 0.3)]),
    ("m = torch.bernoulli(torch.full(x.shape, p)).bool()", [(0.25, 0.25)]),
    ("q = torch.full(x.shape, 0.5)\nm = torch.bernoulli(q).bool()", [(0.5, 0.5)]),
    ("q = torch.full(x.shape, 0.5)\nq.masked_fill_(x, 0.0)\nm = torch.bernoulli(q).bool()", [(None, None)]),
    ("m = torch.rand(x.shape) < 0.15\nr = (torch.rand(x.shape) < 0.8) & m\ns = (torch.rand(x.shape) < 0.5) & m & ~r",
     [(0.15, 0.15), (0.8, 0.12), (0.5, 0.015)]),
    ("m = (torch.rand(x.shape) < 0.15) & x.flag", [(0.15, None)]),
    ("m = torch.randn(x.shape) < 0.15", []),
]  # fmt: skip


def _program(repository: Write, body: str) -> Program:
    inner = "".join(f"    {line}\n" for line in body.split("\n"))
    text = f"import random\nimport numpy as np\nimport torch\np = 0.25\ndef draw(data, x, a, b, c):\n{inner}"
    return program_of(repository({"draw.py": text}), "draw.py:draw")


def _number(found: object) -> float | None:
    return found.value if isinstance(found, Known) else None


@pytest.mark.parametrize(("body", "shares"), ARMS)
def test_each_arm_has_its_share_of_all(repository: Write, body: str, shares: list[float | None]) -> None:
    program = _program(repository, body)
    found = [_number(chance.overall) for chance in find_chances(program, program.body.scope)]
    assert found == [share if share is None else pytest.approx(share) for share in shares]


@pytest.mark.parametrize(("body", "shares"), MASKS)
def test_each_mask_has_the_probability_of_its_elements(
    repository: Write, body: str, shares: list[tuple[float | None, float | None]]
) -> None:
    program = _program(repository, body)
    found = [(_number(c.share), _number(c.overall)) for c in find_masks(program, program.body.scope)]
    assert found == [tuple(share if share is None else pytest.approx(share) for share in pair) for pair in shares]


def test_an_arm_says_what_it_does_and_where_it_is_decided(repository: Write) -> None:
    program = _program(repository, "for t in x:\n    if random.random() < 0.3:\n        a(t)\n    else:\n        b(t)")
    told = [(c.condition, c.code, c.where.first_line, c.decided_at.first_line, c.loop)
            for c in find_chances(program, program.body.scope)]  # fmt: skip
    assert told == [("random.random() < 0.3", "a(t)", 8, 7, "for t in x"), ("", "b(t)", 10, 7, "for t in x")]
