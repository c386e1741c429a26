"""Parameters that one token uses: exact where the source shows its choice of experts, else unknown."""

import pytest
import torch
from torch import nn

from analyzer.evaluator import Interpreter
from analyzer.index import open_repository
from analyzer.records.evidence import Unknown
from analyzer.shapes.entry_points import find_builds
from analyzer.shapes.model import derive_model
from analyzer.shapes.requests import ModelRequest

HEAD = """
import torch
import torch.nn as nn
import torch.nn.functional as F

class Expert(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)
    def forward(self, x):
        return self.down(F.relu(self.up(x)))
"""
INIT = """
class Layer(nn.Module):
    def __init__(self, width=8, number=5, taken=2, scores=5):
        super().__init__()
        self.taken = taken
        self.number = number
        self.gate = nn.Linear(width, scores)
        self.experts = nn.ModuleList([Expert(width) for _ in range(number)])
"""
COMPARED = """
    def forward(self, x):
        B, T, C = x.shape
        x = self.first(x).view(-1, C)
        scores = F.softmax(self.gate(x), dim=-1)
        weights, chosen = torch.topk(scores, self.taken, dim=-1)
        y = torch.zeros_like(x)
        for i, expert in enumerate(self.experts):
            mask = chosen == i
            if mask.any():
                token = mask.any(dim=-1).nonzero().flatten()
                y.index_add_(0, token, expert(x[token]) * weights[mask].view(-1, 1))
        return y.view(B, T, C)
"""
ONE_HOT = """
    def forward(self, x):
        B, T, C = x.shape
        x = self.first(x).view(-1, C)
        scores = F.softmax(self.gate(x), dim=1)
        weights, chosen = torch.topk(scores, self.taken, dim=-1)
        mask = F.one_hot(chosen, num_classes=self.number).permute(2, 1, 0)
        y = torch.zeros_like(x)
        for i in range(self.number):
            expert = self.experts[i]
            row, token = torch.where(mask[i])
            y.index_add_(0, token, expert(x[token]) * weights[token, row, None])
        return y.view(B, T, C)
"""
GATE = """
class Gate(nn.Module):
    def __init__(self, width, number, taken):
        super().__init__()
        self.taken = taken
        self.weight = nn.Parameter(torch.randn(number, width))
    def forward(self, x):
        scores = F.linear(x, self.weight).softmax(dim=-1)
        chosen = torch.topk(scores, self.taken, dim=-1)[1]
        weights = scores.gather(1, chosen)
        return weights, chosen

class Layer(nn.Module):
    def __init__(self, width=8, number=5, taken=2):
        super().__init__()
        self.first = nn.Linear(width, width)
        self.gate = Gate(width, number, taken)
        self.experts = nn.ModuleList([Expert(width) for _ in range(number)])
        self.shared_expert = Expert(width)
    def forward(self, x):
        B, T, C = x.shape
        x = self.first(x).view(-1, C)
        weights, indices = self.gate(x)
        y = torch.zeros_like(x)
        for i in range(len(self.experts)):
            token, place = torch.where(indices == i)
            y[token] += self.experts[i](x[token]) * weights[token, place, None]
        return (y + self.shared_expert(x)).view(B, T, C)
"""
FIRST = "        self.first = nn.Linear(width, width)\n"


def derived(tmp_path, source):
    (tmp_path / "net.py").write_text(HEAD + source)
    index = open_repository(str(tmp_path))
    owner = index.symbols.definition("net.py:Layer")
    builds = find_builds(index, None, owner)
    span = index.span(owner.path, owner.node)
    request = ModelRequest("Layer", owner.qualified_name, span, builds, True, effort="numeric")
    return derive_model(Interpreter(index), request).parameters.value


def sizes(module):
    return {id(parameter): parameter.numel() for parameter in module.parameters()}


def used_by_one_token(source):
    """The truth: parameters of the modules that a real call on one token runs."""
    scope = {}
    exec(HEAD + source, scope)  # our own text
    model = scope["Layer"]()
    used = {k: v for m in model.modules() if type(m).__name__ == "Gate" for k, v in sizes(m).items()}
    for module in model.modules():
        if isinstance(module, nn.Linear):
            module.register_forward_hook(lambda m, given, _: used.update(sizes(m) if given[0].numel() else {}))
    model(torch.randn(1, 1, 8))
    return sum(used.values())


@pytest.mark.parametrize(
    "source", [INIT + FIRST + COMPARED, INIT + FIRST + ONE_HOT, GATE], ids=["==", "one_hot", "gate"]
)
def test_active_parameters_are_those_that_a_real_token_uses(tmp_path, source):
    counts = derived(tmp_path, source)
    assert counts.active == used_by_one_token(source) < counts.total


CHANGES = {
    "a score without expert": ("scores=5", "scores=6"),
    "top 1 by argmax": ("torch.topk(scores, self.taken, dim=-1)", "scores.max(dim=-1, keepdim=True)"),
    "part of the choice": ("chosen == i", "chosen[:, :1] == i"),
    "tokens dropped": ("mask = chosen == i", "mask = (chosen == i) & (weights > 0.3)"),
    "tokens dropped by a product": ("mask = chosen == i", "mask = ((chosen == i) * (weights > 0.3)).bool()"),
    "some experts": ("enumerate(self.experts)", "enumerate(self.experts[:3])"),
    "an expert always": ("return y.view", "y = y + self.experts[0](x)\n        return y.view"),
    "experts that differ": (
        "Expert(width) for _ in range(number)",
        "Expert(width) if i else nn.Identity() for i in range(number)",
    ),
    "shared weights": ("        self.taken = taken\n", "        self.taken = taken\n        one = Expert(width)\n"),
    "indices changed": ("        y = torch", "        chosen = chosen.clamp(max=1)\n        y = torch"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_other_choice_is_not_stated(tmp_path, change):
    old, new = CHANGES[change]
    source = INIT + FIRST + COMPARED
    assert old in source
    changed = source.replace(old, new)
    if change == "shared weights":
        changed = changed.replace("[Expert(width) for", "[one for")
    assert isinstance(derived(tmp_path, changed).active, Unknown)


def test_a_model_without_choice_uses_all(tmp_path):
    source = "class Layer(Expert):\n    def __init__(self):\n        super().__init__(8)\n"
    counts = derived(tmp_path, source)
    assert counts.active == counts.total


def test_weights_of_experts_in_one_tensor_are_not_counted(tmp_path):
    source = """
class Layer(nn.Module):
    def __init__(self, width=8, number=5):
        super().__init__()
        self.gate = nn.Linear(width, number)
        self.up = nn.Parameter(torch.randn(number, width, width))
    def forward(self, x):
        chosen = self.gate(x).topk(2, dim=-1)[1]
        return torch.einsum("bh,bkho->bo", x, self.up[chosen])
"""
    assert isinstance(derived(tmp_path, source).active, Unknown)
