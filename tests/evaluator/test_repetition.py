"""Repeated calls of modules: evaluated once where they are the same, and the record is that of evaluating each."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from analyzer.evaluator import Interpreter
from analyzer.evaluator.recorder import Recording
from analyzer.shapes.operators import logging_operators

Make = Callable[..., Interpreter]
HEAD = "import torch, torch.nn as nn, torch.nn.functional as F\nfrom functools import lru_cache\n"
LAYERS = 5

ATTENTION = """
class Attention(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.h = h
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.register_buffer("mask", torch.tril(torch.ones(16, 16)).view(1, 1, 16, 16))
    def forward(self, x):
        B, T, C = x.shape
        assert T <= 16
        q, k, v = (t.view(B, T, self.h, C // self.h).transpose(1, 2) for t in self.qkv(x).split(C, dim=2))
        a = (q @ k.transpose(-2, -1)).masked_fill(self.mask[:, :, :T, :T] == 0, float("-inf"))
        y = (F.softmax(a, -1) @ v).transpose(1, 2).reshape(B, T, C)
        return self.out(y)
"""
STACK = """
class Net(nn.Module):
    def __init__(self, d=8, n=5):
        super().__init__()
        self.emb = nn.Embedding(10, d)
        self.blocks = nn.ModuleList(Block(d, i) for i in range(n))
    def forward(self, idx):
        x = self.emb(idx)
        for block in self.blocks:
            x = block(x)
        return x
"""

SAME: dict[str, tuple[str, int]] = {
    "transformer_blocks": (
        ATTENTION + """
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.n1, self.attn, self.n2 = nn.LayerNorm(d), Attention(d, 2), nn.LayerNorm(d)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d), nn.Dropout(0.1))
    def forward(self, x):
        x = x + self.attn(self.n1(x))
        return x + self.mlp(self.n2(x))
""" + STACK, LAYERS - 1,
    ),
    "index_that_forward_does_not_read": (
        """
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.layer_index, self.name, self.f = i, f"block {i}", nn.Linear(d, d)
    def forward(self, x):
        return F.relu(self.f(x))
""" + STACK, LAYERS - 1,
    ),
    "index_that_decides": (
        """
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.layer_index, self.f = i, nn.Linear(d, d)
    def forward(self, x):
        if self.layer_index % 2:
            return self.f(x) + 1
        return self.f(x)
""" + STACK, 0,
    ),
    "choice_that_two_share": (
        """
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.kind, self.f = ("a", "b", "a", "b", "a")[i], nn.Linear(d, d)
    def forward(self, x):
        return self.f(x) if self.kind == "a" else self.f(x).relu()
""" + STACK, 2,
    ),
    "one_activation_for_all": (
        """
class Act(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(x)
ACT = Act()
class Block(nn.Module):
    def __init__(self, d, i, act=ACT):
        super().__init__()
        self.act, self.f = act, nn.Linear(d, d)
    def forward(self, x):
        return self.act(self.f(x))
""" + STACK, LAYERS - 1,
    ),
    "global_counter": (
        """
CALLS = 0
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
    def forward(self, x):
        global CALLS
        CALLS += 1
        return self.f(x) if CALLS < 3 else self.f(x)[:, :1]
""" + STACK, 0,
    ),
    "global_that_the_caller_changes": (
        """
LAYER = 0
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
    def forward(self, x):
        return self.f(x) if LAYER < 2 else self.f(x).relu()
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block(8, i) for i in range(5))
    def forward(self, idx):
        global LAYER
        x = torch.zeros(*idx.shape, 8)
        for i, block in enumerate(self.blocks):
            LAYER = i
            x = block(x)
        return x
""", 0,
    ),
    "counter_in_a_list": (
        """
CALLS = []
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
    def forward(self, x):
        CALLS.append(1)
        return self.f(x) if len(CALLS) < 3 else self.f(x)[:, :1]
""" + STACK, 0,
    ),
    "counter_on_the_class": (
        """
class Block(nn.Module):
    calls = 0
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
    def forward(self, x):
        type(self).calls += 1
        return self.f(x) if Block.calls < 3 else self.f(x)[:, :1]
""" + STACK, 0,
    ),
    "list_on_the_class": (
        """
class Block(nn.Module):
    calls = []
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
    def forward(self, x):
        self.calls.append(1)
        return self.f(x) if len(self.calls) < 3 else self.f(x)[:, :1]
""" + STACK, 0,
    ),
    "counter_in_a_shared_object": (
        """
class Shared:
    calls = 0
class Block(nn.Module):
    def __init__(self, d, shared):
        super().__init__()
        self.f, self.shared = nn.Linear(d, d), shared
    def forward(self, x):
        self.shared.calls += 1
        return self.f(x) if self.shared.calls < 3 else self.f(x)[:, :1]
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        shared = Shared()
        self.blocks = nn.ModuleList(Block(8, shared) for i in range(5))
    def forward(self, idx):
        x = torch.zeros(*idx.shape, 8)
        for block in self.blocks:
            x = block(x)
        return x
""", 0,
    ),
    "counter_in_a_closure": (
        """
def counter():
    n = 0
    def count():
        nonlocal n
        n += 1
        return n
    return count
COUNT = counter()
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
    def forward(self, x):
        return self.f(x) if COUNT() < 3 else self.f(x)[:, :1]
""" + STACK, 0,
    ),
    "counter_in_a_default": (
        """
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
    def count(self, seen=[]):
        seen.append(1)
        return len(seen)
    def forward(self, x):
        return self.f(x) if self.count() < 3 else self.f(x)[:, :1]
""" + STACK, 0,
    ),
    "counter_behind_a_memory": (
        """
@lru_cache(None)
def calls():
    return []
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
    def forward(self, x):
        calls().append(1)
        return self.f(x) if len(calls()) < 3 else self.f(x)[:, :1]
""" + STACK, 0,
    ),
    "closure_over_the_loop": (
        """
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
    def forward(self, x, which):
        return self.f(x) if which() < 2 else self.f(x).relu()
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block(8, i) for i in range(5))
    def forward(self, idx):
        x = torch.zeros(*idx.shape, 8)
        def which():
            return i
        for i, block in enumerate(self.blocks):
            x = block(x, which)
        return x
""", 0,
    ),
    "cache_that_grows": (
        """
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f, self.i = nn.Linear(d, d), i
    def forward(self, x, cache):
        k = self.f(x)
        cache.append(k)
        return x + torch.cat(cache, dim=1).sum(1, keepdim=True)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block(8, i) for i in range(5))
    def forward(self, idx):
        x, cache = torch.zeros(*idx.shape, 8), []
        for block in self.blocks:
            x = block(x, cache)
        return x, cache
""", 0,
    ),
    "cache_of_each_layer": (
        """
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
    def forward(self, x, past=None, use_cache=True):
        k = self.f(x)
        if past is not None:
            k = torch.cat([past, k], dim=1)
        return x + k.sum(1, keepdim=True), (k if use_cache else None)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block(8, i) for i in range(5))
    def forward(self, idx):
        x, kept = torch.zeros(*idx.shape, 8), []
        for i, block in enumerate(self.blocks):
            x, k = block(x)
            kept.append(k)
        for i, block in enumerate(self.blocks):
            x, kept[i] = block(x, past=kept[i])
        return x, kept
""", 6,
    ),
    "what_a_block_keeps": (
        """
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f, self.kept = nn.Linear(d, d), None
    def forward(self, x):
        self.kept = self.f(x)
        return x + self.kept
""" + STACK.replace("return x", "return x, [b.kept for b in self.blocks]"), 0,
    ),
    "buffers_of_other_contents": (
        """
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
        self.register_buffer("gate", torch.tensor([i % 2]))
    def forward(self, x):
        return self.f(x) if self.gate.item() else self.f(x).relu()
""" + STACK, 2,
    ),
    "buffer_that_is_written": (
        """
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
        self.register_buffer("calls", torch.zeros(1))
    def forward(self, x):
        self.calls += 1
        return self.f(x)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block, self.other = Block(8, 0), Block(8, 1)
    def forward(self, idx):
        x = torch.zeros(*idx.shape, 8)
        for _ in range(4):
            x = self.block(x)
        return x if self.block.calls.item() == 4 and self.other.calls.item() == 0 else x[:, :1]
""", 0,
    ),
    "constant_that_is_written": (
        """
SEEN = torch.zeros(1)
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
    def forward(self, x):
        SEEN.add_(1)
        return self.f(x) if SEEN.item() < 3 else self.f(x)[:, :1]
""" + STACK, 0,
    ),
    "mixture_of_experts": (
        """
class Expert(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.up, self.down = nn.Linear(d, 2 * d), nn.Linear(2 * d, d)
    def forward(self, x):
        return self.down(F.silu(self.up(x)))
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.gate = nn.Linear(d, 4, bias=False)
        self.experts = nn.ModuleList(Expert(d) for _ in range(4))
    def forward(self, x):
        flat = x.reshape(-1, x.shape[-1])
        weight, chosen = torch.topk(self.gate(flat).softmax(-1), 2)
        y = torch.zeros_like(flat)
        for i, expert in enumerate(self.experts):
            y = y + expert(flat) * (weight * (chosen == i)).sum(-1, keepdim=True)
        return y.view_as(x)
""" + STACK, 10,
    ),
    "changed_in_place_afterwards": (
        """
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
    def forward(self, x):
        return self.f(x)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block(8, i) for i in range(5))
    def forward(self, idx):
        x = torch.zeros(*idx.shape, 8)
        for block in self.blocks:
            x = block(x)
            x += 1
            x[:, 0] = 0
        return x
""", 2,
    ),
    "input_given_back": (
        """
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
    def forward(self, x):
        y = self.f(x)
        return x, {"y": y, "w": self.f.weight}
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block(8, i) for i in range(5))
    def forward(self, idx):
        x = torch.zeros(*idx.shape, 8)
        for block in self.blocks:
            x0, found = block(x)
            assert x0 is x and found["w"] is block.f.weight
            x = found["y"]
        return x
""", 2,
    ),
    "same_module_again_and_again": (
        """
class Cell(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.f = nn.Linear(d, d)
    def forward(self, x, h):
        return torch.tanh(self.f(x) + h)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = Cell(8)
    def forward(self, idx):
        h = torch.zeros(idx.shape[0], 8)
        for t in range(6):
            h = self.cell(torch.zeros(idx.shape[0], 8), h)
        return h
""", 4,
    ),
    "numbers_of_experts": (
        """
class Router(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.gate = nn.Linear(d, 6)
    def forward(self, x):
        return torch.topk(self.gate(x.reshape(-1, 8)), 2)[1].reshape(-1)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.routers = nn.ModuleList(Router(8, i) for i in range(5))
    def forward(self, idx):
        x = torch.zeros(*idx.shape, 8)
        return [torch.bincount(router(x), minlength=6) for router in self.routers]
""", 4,
    ),
    "unknown_values_inside": (
        """
import nowhere
class Block(nn.Module):
    def __init__(self, d, i):
        super().__init__()
        self.f = nn.Linear(d, d)
    def forward(self, x):
        extra = nowhere.kernel(x)
        return self.f(x)
""" + STACK, 3,
    ),
}  # fmt: skip


def recordings(make: Make, text: str, inputs: list[Any], dtype: str) -> tuple[list[Recording], list[Recording], int]:
    """Two calls of the model, evaluated part by part, and with repetition; how many parts the second call repeated.

    The first call is the one in which names of the file are asked for the first time.
    """
    found: list[list[Recording]] = []
    count = 0
    for enabled in (False, True):
        interpreter = make(HEAD + textwrap.dedent(text))
        repetition = interpreter.session.repetition
        repetition.enabled = enabled
        model = interpreter.build("model.py", "Net()")
        calls = []
        for _ in range(2):
            count = repetition.repeated
            calls.append(interpreter.call(model, [interpreter.tensor(inputs, dtype)]))
        count = repetition.repeated - count
        found.append(calls)
    return found[0], found[1], count


def assert_equal(plain: Recording, repeated: Recording) -> None:
    assert plain.error is None
    assert repeated.error is None
    assert plain.calls == repeated.calls
    assert list(plain.lines.items()) == list(repeated.lines.items())
    assert list(plain.conditions) == list(repeated.conditions)
    assert plain.assumptions == repeated.assumptions
    assert plain.gaps == repeated.gaps
    assert plain.unknown_lines == repeated.unknown_lines
    assert plain.outputs == repeated.outputs


@pytest.mark.parametrize("symbolic", [False, True], ids=["numbers", "names"])
@pytest.mark.parametrize("name", SAME)
def test_repeated_calls_are_recorded_as_if_evaluated(repository: Make, name: str, symbolic: bool) -> None:
    text, expected = SAME[name]
    inputs: list[Any] = [("B", 2), ("T", 4)] if symbolic else [2, 4]
    plain, repeated, count = recordings(repository, text, inputs, "int64")
    for one, other in zip(plain, repeated, strict=True):
        assert_equal(one, other)
    assert count == expected


@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize(
    "name", ["transformer_blocks", "mixture_of_experts", "input_given_back", "cache_of_each_layer"]
)
def test_repeated_calls_cost_what_they_would_cost(repository: Make, name: str, training: bool) -> None:
    found = []
    for enabled in (False, True):
        interpreter = repository(HEAD + textwrap.dedent(SAME[name][0]))
        interpreter.session.repetition.enabled = enabled
        model = interpreter.build("model.py", "Net()")
        for _ in range(2):
            with logging_operators(interpreter, model) as log:
                interpreter.call(model, [interpreter.tensor([2, 4], "int64")], training=training)
            found.append((log.products, log.kept, log.uncounted, log.gradient, log.open))
    assert interpreter.session.repetition.repeated
    assert found[:2] == found[2:]


def test_an_unknown_follower_of_operators_sees_each(repository: Make) -> None:
    interpreter = repository(HEAD + SAME["transformer_blocks"][0])
    model = interpreter.build("model.py", "Net()")
    seen: list[str] = []

    class Follower(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            seen.append(func._schema.name)
            return func(*args, **(kwargs or {}))

    with interpreter.session.oracle.active(), Follower():  # type: ignore[no-untyped-call]
        interpreter.call(model, [interpreter.tensor([2, 4], "int64")])
    assert seen.count("aten::native_layer_norm") == 2 * LAYERS
    assert interpreter.session.repetition.repeated == 0


def test_time_grows_with_blocks_that_differ_and_not_with_layers(repository: Make) -> None:
    """Counted in operators that were really asked, which is what time is spent on."""
    asked = {}
    for depth in (2, 12):
        interpreter = repository(HEAD + SAME["transformer_blocks"][0].replace("n=5", f"n={depth}"))
        model = interpreter.build("model.py", "Net()")
        interpreter.call(model, [interpreter.tensor([2, 4], "int64")])
        oracle, count = interpreter.session.oracle, Counter[str]()
        original = oracle.run_fake
        oracle.run_fake = lambda *a, o=original, c=count: (c.update("x"), o(*a))[1]  # type: ignore[method-assign,misc]
        interpreter.call(model, [interpreter.tensor([2, 4], "int64")])
        asked[depth] = count["x"]
    assert asked[12] == asked[2] > 10


PIECES = {
    "linear": ("self.{n} = nn.Linear(8, 8)", "x = self.{n}(x)"),
    "index": ("self.{n} = i", "x = x + self.{n}"),
    "branch": ("self.{n} = i % 2", "x = x.relu() if self.{n} else x"),
    "unread": ("self.{n} = i", "x = x * 2"),
    "kept": ("self.{n} = None", "self.{n} = x"),
    "shared": ("self.{n} = SHARED", "x = self.{n}(x)"),
    "buffer": ("self.register_buffer('{n}', torch.arange(8.0) + i // 2)", "x = x * self.{n}"),
    "list": ("self.{n} = [i // 2]", "x = x + self.{n}[0]"),
    "grow": ("self.{n} = SEEN", "self.{n}.append(1); x = x + len(self.{n})"),
    "narrow": ("self.{n} = 8", "x = x[:, :, : self.{n}]"),
    "helper": ("self.{n} = helper", "x = self.{n}(x)"),
    "flag": ("self.{n} = dict(on=i < 2)", "x = F.gelu(x) if self.{n}['on'] else x"),
    "grad": ("self.{n} = nn.Parameter(torch.zeros(8), i % 2 == 0)", "x = x if x.requires_grad else x + self.{n}"),
}  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.sampled_from(sorted(PIECES)), min_size=1, max_size=4), depth=st.integers(2, 5))
def test_random_stacks_are_recorded_as_if_evaluated(repository: Make, pieces: list[str], depth: int) -> None:
    made = "".join(f"        {PIECES[p][0].format(n=f'p{n}')}\n" for n, p in enumerate(pieces))
    used = "".join(f"        {PIECES[p][1].format(n=f'p{n}')}\n" for n, p in enumerate(pieces))
    text = (
        "SHARED, SEEN = nn.Sigmoid(), []\ndef helper(x):\n    return x - 1\nclass Block(nn.Module):\n"
        f"    def __init__(self, d, i):\n        super().__init__()\n{made}"
        f"    def forward(self, x):\n{used}        return x\n" + STACK.replace("n=5", f"n={depth}")
    )
    plain, repeated, _ = recordings(repository, text, [("B", 2), 4], "int64")
    for one, other in zip(plain, repeated, strict=True):
        assert_equal(one, other)
