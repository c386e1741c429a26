"""Each pitfall is found where it stands and not in the code that avoids it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from itertools import product
from math import prod

import pytest
import torch

from analyzer.index import SourceIndex
from analyzer.techniques.findings.moved_axes import fails_to_view
from analyzer.techniques.findings.pitfalls import RULES, find_pitfalls
from analyzer.techniques.findings.syntax_pitfalls import RULES as SYNTAX_RULES
from analyzer.techniques.findings.syntax_pitfalls import find_syntax_pitfalls
from tests.techniques.code_cases import CASES as CODE_CASES
from tests.techniques.code_cases import HARMLESS
from tests.techniques.sources import program_of

LOOP = """
def train(model, data):
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    sch = torch.optim.lr_scheduler.StepLR(opt, 10)
    for x, y in data:
        opt.zero_grad()
        F.cross_entropy(model(x), y).backward()
        {steps}
"""
SCALED = """
def train(model, opt, scaler, data):
    for x, y in data:
        scaler.scale(model(x)).backward()
        {unscale}
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(opt)
"""
CLEARED = """
def train(model, data):
    opt = torch.optim.AdamW(model.parameters(), lr=0.1)
    for x, y in data:
        F.cross_entropy(model(x), y).backward()
        opt.step()
        {clear}
"""
ACCUMULATED = """
def train(model, opt, data, n):
    for i, (x, y) in enumerate(data):
        loss = F.cross_entropy(model(x), y) / n
        loss.backward()
        if (i + 1) % n == 0:
            opt.step()
            opt.zero_grad()
    {rest}
"""
SUMMED = """
def train(model, opt, data):
    total = 0.0
    for x, y in data:
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        total += {value}
"""
MODULE = """
class M(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.f = nn.Linear(width, {used})
"""
OPTIONS = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument('--rate', type=float)
parser.add_argument('--seed', type=int)
args = parser.parse_args()
print(args.rate{more})
"""
CASES = [
    (
        "scheduler_before_optimizer",
        LOOP.format(steps="sch.step(); opt.step()"),
        LOOP.format(steps="opt.step(); sch.step()"),
    ),
    ("clip_before_unscale", SCALED.format(unscale="pass"), SCALED.format(unscale="scaler.unscale_(opt)")),
    ("gradients_never_cleared", CLEARED.format(clear="pass"), CLEARED.format(clear="opt.zero_grad(set_to_none=True)")),
    ("lost_micro_steps", ACCUMULATED.format(rest="pass"), ACCUMULATED.format(rest="opt.step()")),
    ("loss_kept_with_graph", SUMMED.format(value="loss"), SUMMED.format(value="loss.item()")),
    ("softmax_without_dim", "def f(x):\n    return F.softmax(x)\n", "def f(x):\n    return F.softmax(x, dim=-1)\n"),
    (
        "softmax_before_cross_entropy",
        "def f(x, y):\n    p = x.softmax(dim=-1)\n    return F.cross_entropy(p, y)\n",
        "def f(x, y):\n    return F.cross_entropy(x, y)\n",
    ),
    (
        "load_without_weights_only",
        "def f(p):\n    return torch.load(p)\n",
        "def f(p, **more):\n    return torch.load(p, weights_only=True), torch.load(p, **more)\n",
    ),
    (
        "load_of_any_pickle",
        "def f(p):\n    return torch.load(p, weights_only=False)\n",
        "def f(p):\n    return torch.load(p, weights_only=True)\n",
    ),
    (
        "remote_code_trusted",
        "from transformers import AutoModel\nm = AutoModel.from_pretrained('a', trust_remote_code=True)\n",
        "from transformers import AutoModel\nm = AutoModel.from_pretrained('a')\n",
    ),
    ("batch_norm_momentum_reversed", "n = nn.BatchNorm2d(8, momentum=0.99)\n", "n = nn.BatchNorm2d(8, momentum=0.1)\n"),
    (
        "view_after_transpose",
        "def f(x):\n    return x.transpose(1, 2).view(2, -1)\n",
        "def f(x):\n    return x.transpose(1, 2).contiguous().view(2, -1)\n",
    ),
    (
        "decay_of_every_parameter",
        "def f(m):\n    return torch.optim.AdamW(m.parameters(), lr=1e-3, weight_decay=0.1)\n",
        "def f(groups):\n    return torch.optim.AdamW(groups, lr=1e-3, weight_decay=0.1)\n",
    ),
    ("argument_never_read", MODULE.format(used="width"), MODULE.format(used="depth")),
    ("option_never_read", OPTIONS.format(more=""), OPTIONS.format(more=", args.seed")),
]


@pytest.mark.parametrize(("rule", "bad", "good"), CASES, ids=[case[0] for case in CASES])
def test_a_pitfall_is_found_only_where_it_stands(rule: str, bad: str, good: str) -> None:
    assert [p.rule for p in find_pitfalls(program_of(bad)) if p.rule == rule] == [rule]
    assert not [p for p in find_pitfalls(program_of(good)) if p.rule == rule]


def test_every_rule_has_a_case() -> None:
    assert {case[0] for case in CASES} == set(RULES)


LAYER = """
class M(nn.Module):
    def __init__(self, width, eps=1e-5, rate=0.1):
        super().__init__()
        {made}
    def forward(self, x):
        {done}
        return x
"""
PARSED = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument({option})
args = parser.parse_args()
{use}
"""
CHOOSING = """if args.mode == 'a':
    print(1)
elif args.mode in ('b', 'c'):
    print(2)
else:
    {last}
"""
SAVING = """
def save(m, d):
    torch.save(m, d + '/last.pt')
    torch.save(m, {writes})
def resume(d):
    return torch.load(d + '/best.pt', weights_only=True)
"""
SAMPLER = """
from torch.utils.data import DataLoader, DistributedSampler
def run(data, epochs):
    sampler = DistributedSampler(data{more})
    for epoch in range(epochs):
        {start}
        for batch in DataLoader(data, sampler=sampler):
            print(batch)
"""
PADDED = """
from torch.nn.utils.rnn import pad_sequence
def loss(model, xs, ys):
    y = pad_sequence(ys, batch_first=True)
    return F.cross_entropy(model(xs), y.view(-1){more})
"""
SYNTAX_CASES = [
    (
        "dropout_never_off",
        LAYER.format(made="pass", done="x = F.dropout(x, 0.1)"),
        LAYER.format(made="pass", done="x = F.dropout(x, 0.1, self.training)"),
    ),
    (
        "attention_dropout_never_off",
        LAYER.format(made="self.p = rate", done="x = F.scaled_dot_product_attention(x, x, x, dropout_p=self.p)"),
        LAYER.format(
            made="self.p = rate",
            done="x = F.scaled_dot_product_attention(x, x, x, dropout_p=self.p if self.training else 0.0)",
        ),
    ),
    (
        "modules_in_plain_list",
        LAYER.format(made="self.fs = [nn.Linear(width, width) for _ in range(3)]", done="pass"),
        LAYER.format(
            made="fs = [nn.Linear(width, width)]; self.gs = [nn.Linear(1, 1)]; self.f = nn.Sequential(*self.gs, *fs)",
            done="pass",
        ),
    ),
    (
        "constant_beside_argument",
        LAYER.format(made="self.n = nn.LayerNorm(width, eps=1e-6)", done="pass"),
        LAYER.format(made="self.n = nn.LayerNorm(width, eps=1e-6); self.m = nn.LayerNorm(width, eps=eps)", done="pass"),
    ),
    (
        "overwritten_in_constructor",
        LAYER.format(made="self.f = nn.Linear(width, 1)\n        self.f = nn.Linear(width, 2)", done="pass"),
        LAYER.format(made="self.f = nn.Linear(width, 1)\n        self.f = nn.Sequential(self.f)", done="pass"),
    ),
    (
        "view_of_transposed_name",
        "def f(x):\n    y = x.transpose(1, 2)\n    return y.view(2, -1)\n",
        "def f(x):\n    y = x.transpose(1, 2)\n    y = y.contiguous()\n    return y.view(2, -1), y.view(torch.int8)\n",
    ),
    (
        "text_as_truth_value",
        PARSED.format(option="'--fast', type=bool, default=False", use="print(args.fast)"),
        PARSED.format(option="'--fast', action='store_true'", use="print(args.fast)"),
    ),
    (
        "choice_rejected",
        PARSED.format(
            option="'--mode', choices=['a', 'b', 'c', 'd']", use=CHOOSING.format(last="raise ValueError(args.mode)")
        ),
        PARSED.format(option="'--mode', choices=['a', 'b', 'c', 'd']", use=CHOOSING.format(last="print(3)")),
    ),
    (
        "compared_with_other_type",
        PARSED.format(option="'--size', type=int, default=3", use="print(args.size == '3')"),
        PARSED.format(option="'--size', type=int, default=3", use="print(args.size == 3)"),
    ),
    ("checkpoint_never_written", SAVING.format(writes="d + '/end.pt'"), SAVING.format(writes="d + '/best.pt'")),
    (
        "sampler_without_epoch",
        SAMPLER.format(more="", start="pass"),
        SAMPLER.format(more="", start="sampler.set_epoch(epoch)"),
    ),
    (
        "hub_code_runs",
        "m = torch.hub.load('owner/name', 'net')\n",
        "m = torch.hub.load('there', 'net', source='local')\n",
    ),
    ("loss_over_padding", PADDED.format(more=""), PADDED.format(more=", ignore_index=0")),
    ("name_removed", "import numpy as np\nx = np.float(3)\n", "import numpy as np\nx = np.float32(3)\n"),
]


@pytest.mark.parametrize(("rule", "bad", "good"), [*SYNTAX_CASES, *CODE_CASES], ids=lambda text: text[:24])
def test_a_pitfall_of_syntax_is_found_only_where_it_stands(rule: str, bad: str, good: str) -> None:
    assert [p.rule for p in find_syntax_pitfalls(program_of(bad).index) if p.rule == rule] == [rule]
    assert not [p for p in find_syntax_pitfalls(program_of(good).index) if p.rule == rule]


def test_every_rule_of_syntax_has_a_case() -> None:
    assert {case[0] for case in [*SYNTAX_CASES, *CODE_CASES]} == set(SYNTAX_RULES)


@pytest.mark.parametrize(("rule", "code"), HARMLESS, ids=[case[0] for case in HARMLESS])
def test_code_that_only_looks_like_a_pitfall_is_left_alone(rule: str, code: str) -> None:
    assert not [p for p in find_syntax_pitfalls(program_of(code).index) if p.rule == rule]


@pytest.mark.parametrize(
    ("declared", "found"), [("numpy<1.24", False), ("numpy==1.21.*", False), ("numpy>=1.20", True)]
)
def test_a_declared_bound_keeps_the_version_that_has_the_name(
    repository: Callable[[Mapping[str, str]], SourceIndex], declared: str, found: bool
) -> None:
    index = repository({"a.py": "import numpy as np\nx = np.float(3)\n", "requirements.txt": f"{declared}\n"})
    assert bool([p for p in find_syntax_pitfalls(index) if p.rule == "name_removed"]) is found


def test_a_shuffling_sampler_is_meant(repository: Callable[[Mapping[str, str]], SourceIndex]) -> None:
    index = program_of(SAMPLER.format(more=", shuffle=False", start="pass")).index
    assert not [p for p in find_syntax_pitfalls(index) if p.rule == "sampler_without_epoch"]


@pytest.mark.parametrize(
    ("moved", "view", "fails"),
    [
        ("x.transpose(1, 2)", "view(2, -1)", True), ("x.transpose(1, 2)", "view(2, 3, 4, 5)", False),
        ("x.permute(0, 2, 3, 1)", "view(2, -1, 3)", False), ("x.permute(0, 2, 1, 3)", "view(2, -1, 3)", True),
        ("x.permute(1, 2, 0)", "view(4, 3, 2, 2)", False), ("x.transpose(-1, -2)", "view(-1)", True),
        ("x.permute(1, 0, 2)", "view(sizes)", False), ("x.transpose(a, 2)", "view(2, -1)", False),
        ("x.permute(0, 1, 2)", "view(2, -1)", False),
    ],
)  # fmt: skip
def test_a_view_that_only_splits_axes_is_possible(moved: str, view: str, fails: bool) -> None:
    found = [
        pitfall.rule
        for pitfall in (
            *find_pitfalls(program_of(f"def f(x, a, sizes):\n    return {moved}.{view}\n")),
            *find_syntax_pitfalls(program_of(f"def f(x, a, sizes):\n    y = {moved}\n    return y.{view}\n").index),
        )
    ]
    assert found == (["view_after_transpose", "view_of_transposed_name"] if fails else [])


@pytest.mark.parametrize("rank", [3, 4, 5])
@pytest.mark.parametrize("sizes", [1, 2, 3])
def test_what_is_said_to_fail_fails_in_torch(rank: int, sizes: int) -> None:
    x = torch.zeros(*range(2, 2 + rank)).transpose(1, 2)
    view = ast.parse(f"y.view({', '.join(['1'] * sizes)})", mode="eval").body
    if fails_to_view(ast.parse("x.transpose(1, 2)", mode="eval").body, view):
        total = x.numel()
        shapes = [shape for shape in product(range(1, total + 1), repeat=sizes - 1) if total % prod(shape) == 0]
        for shape in shapes[:200]:
            if min((*shape, total // prod(shape))) > 1:
                with pytest.raises(RuntimeError, match="view size is not compatible"):
                    x.view(*shape, total // prod(shape))
