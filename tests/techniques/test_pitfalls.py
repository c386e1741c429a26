"""Each pitfall is found where it stands and not in the code that avoids it."""

from __future__ import annotations

import pytest

from analyzer.techniques.findings.pitfalls import RULES, find_pitfalls
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
