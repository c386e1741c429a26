"""Terms: equal spellings give equal terms, names are followed through files, containers and functions."""

from __future__ import annotations

import pytest

from analyzer.techniques.program import Program
from analyzer.techniques.reachability import closure
from analyzer.techniques.recognise import find_techniques
from analyzer.techniques.sheets import load_sheets
from analyzer.techniques.terms import same
from tests.techniques.sources import HEADER, index_of, program_of


def returned(program: Program, name: str) -> object:
    return next(r for r in program.readings if r.name == name).returns[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x ** 2", "x.pow(2)"),
        ("x * x", "torch.square(x)"),
        ("torch.rsqrt(x)", "1 / torch.sqrt(x)"),
        ("x ** -0.5", "x.rsqrt()"),
        ("y / torch.sqrt(x)", "y * torch.rsqrt(x)"),
        ("x.float().to(y)", "x"),
        ("F.softmax(x, dim=-1)", "x.softmax(-1)"),
        ("x - y", "torch.sub(x, y)"),
        ("x @ y", "torch.matmul(x, y)"),
        ("x.transpose(-2, -1)", "x.mT"),
        ("x.permute(0, 2, 1)", "x.transpose(-1, -2)"),
        ("x * torch.sigmoid(x)", "torch.sigmoid(x) * x"),
    ],
)
def test_equal_spellings_give_equal_terms(one: str, other: str) -> None:
    program = program_of(f"def a(x, y):\n    return {one}\n\ndef b(x, y):\n    return {other}\n")
    assert same(returned(program, "a"), returned(program, "b"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x ** 2", "x ** 3"),
        ("x - y", "y - x"),
        ("F.softmax(x, dim=-1)", "F.softmax(x, dim=0)"),
        ("x.transpose(0, 1)", "x.transpose(-1, -2)"),
        ("x / y", "y / x"),
    ],
)
def test_different_operations_stay_different(one: str, other: str) -> None:
    program = program_of(f"def a(x, y):\n    return {one}\n\ndef b(x, y):\n    return {other}\n")
    assert not same(returned(program, "a"), returned(program, "b"))  # type: ignore[arg-type]


def test_a_function_of_another_file_is_opened_at_its_call() -> None:
    other = HEADER + "def twice(v):\n    w = v + v\n    return w.pow(2)\n"
    here = HEADER + "from other import twice as t\n\ndef a(x):\n    return t(x)\n\ndef b(x):\n    return (x + x) ** 2\n"
    program = Program(index_of(other=other, here=here))
    assert same(returned(program, "a"), returned(program, "b"))  # type: ignore[arg-type]


def test_a_sequential_is_followed_module_by_module() -> None:
    program = program_of(
        "class M(nn.Module):\n"
        "    def __init__(self, d):\n"
        "        super().__init__()\n"
        "        self.net = nn.Sequential(nn.Linear(d, d), nn.ReLU(), nn.Linear(d, d))\n"
        "    def forward(self, x):\n"
        "        return self.net(x)\n"
    )
    term = returned(program, "forward")
    assert [term.head, term.args[0].head, term.args[0].args[0].head] == ["linear", "relu", "linear"]  # type: ignore[attr-defined]


def test_a_branch_leaves_either_value_and_recursion_ends() -> None:
    program = program_of(
        "def a(x, on):\n    if on:\n        y = x.relu()\n    else:\n        y = x.tanh()\n    return y\n"
        "\ndef b(x, n):\n    return b(x.relu(), n - 1) if n else x\n"
    )
    assert {t.head for t in returned(program, "a").args} == {"relu", "tanh"}  # type: ignore[attr-defined]
    assert any(t.head == "call" for t in returned(program, "b").args)  # type: ignore[attr-defined]


def test_the_bindings_of_attention_leave_transposition_and_scale_to_the_formula() -> None:
    program = program_of(
        "def f(q, k, v, n):\n"
        "    s = n ** -0.25\n"
        "    w = (q * s) @ (k * s).transpose(-1, -2)\n"
        "    return F.softmax(w, dim=-1) @ v\n"
    )
    sheet = next(s for s in load_sheets() if s.card.id == "scaled_dot_product_attention")
    found = find_techniques(program, [sheet])
    assert {b.hole: b.code for b in found[0].bindings} == {"q": "q", "k": "k", "v": "v", "scale": "s ** 2"}


@pytest.mark.parametrize(
    ("layer", "split", "heads"),
    [
        ("nn.Conv2d(d, d, 1)", "view(b, self.a, self.w, -1).transpose(2, 3)", "self.a"),
        ("nn.Linear(d, d)", "view(b, -1, self.a, self.w).transpose(1, 2)", "self.a"),
        ("nn.Conv2d(d, d, 1)", "flatten(2).transpose(1, 2).view(b, -1, self.a, self.w).transpose(1, 2)", "self.a"),
    ],
)
def test_heads_stand_behind_the_batch_where_channels_come_first(layer: str, split: str, heads: str) -> None:
    program = program_of(
        "class M(nn.Module):\n    def __init__(self, d, a):\n        super().__init__()\n"
        f"        self.a, self.w, self.q, self.k, self.v = a, d // a, {layer}, {layer}, {layer}\n"
        "    def forward(self, x):\n        b = len(x)\n"
        f"        q, k, v = self.q(x).{split}, self.k(x).{split}, self.v(x).{split}\n"
        "        return F.softmax(q @ k.transpose(-2, -1), dim=-1) @ v\n"
    )
    sheet = next(s for s in load_sheets() if s.card.id == "multi_head_attention")
    found = find_techniques(program, [sheet])
    assert [b.code for b in found[0].bindings if b.hole == "h"] == [heads]


def test_a_class_that_stands_in_for_a_failed_import_is_reached() -> None:
    source = (
        "try:\n    from apex.normalization import FusedLayerNorm as Norm\n"
        "except ImportError:\n    class Norm(nn.Module):\n        def forward(self, x):\n            return x\n"
        "class Net(nn.Module):\n    def __init__(self, d):\n        super().__init__()\n        self.n = Norm(d)\n"
    )
    program = program_of(source)
    path = program.readings[0].path
    assert f"{path}:Norm" in closure(program, [f"{path}:Net"])
