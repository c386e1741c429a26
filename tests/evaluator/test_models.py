# ruff: noqa: E501 - one row, one line
"""Models built and called by the evaluator against the same source really imported and run."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
import torch
from torch import nn

from analyzer.evaluator import CannotEvaluate
from analyzer.evaluator.recorder import SymbolicSize

HEAD = "import math\nimport torch\nimport torch.nn as nn\nimport torch.nn.functional as F\nfrom dataclasses import dataclass\n"
MODELS: dict[str, tuple[str, str, list[tuple[list[Any], str]]]] = {
    "tied_language_model": (
        """
        class Net(nn.Module):
            def __init__(self, v=50, d=16):
                super().__init__()
                self.emb = nn.Embedding(v, d)
                self.head = nn.Linear(d, v, bias=False)
                self.head.weight = self.emb.weight
                self.apply(self._init)
            def _init(self, m):
                if isinstance(m, nn.Linear):
                    nn.init.normal_(m.weight, std=0.02)
            def forward(self, idx):
                B, T = idx.shape
                assert T <= 64
                pos = torch.arange(T, device=idx.device)
                x = self.emb(idx) + self.emb(pos)
                return self.head(x)
        """, "Net()", [([("B", 3), ("T", 7)], "int64")],
    ),
    "attention_with_mask_buffer": (
        """
        class Net(nn.Module):
            def __init__(self, d=12, h=3, n=32):
                super().__init__()
                self.qkv = nn.Linear(d, 3 * d)
                self.h = h
                self.register_buffer("mask", torch.tril(torch.ones(n, n)).view(1, 1, n, n), persistent=False)
                self.drop = nn.Dropout(0.1)
            def forward(self, x):
                B, T, C = x.size()
                q, k, v = self.qkv(x).split(C, dim=2)
                q, k, v = (t.view(B, T, self.h, C // self.h).transpose(1, 2) for t in (q, k, v))
                att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
                att = att.masked_fill(self.mask[:, :, :T, :T] == 0, float("-inf"))
                return self.drop(F.softmax(att, dim=-1)) @ v
        """, "Net()", [([("B", 2), ("T", 5), 12], "float32")],
    ),
    "convolutions_with_running_statistics": (
        """
        class Block(nn.Module):
            expansion = 2
            def __init__(self, i, o, stride=1):
                super().__init__()
                self.conv = nn.Sequential(nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))
                self.short = nn.Identity() if stride == 1 and i == o else nn.Conv2d(i, o, 1, stride)
            def forward(self, x):
                return self.conv(x) + self.short(x)
        class Net(nn.Module):
            def __init__(self, widths=(4, 8)):
                super().__init__()
                layers, i = [], 3
                for w in widths:
                    layers += [Block(i, w * Block.expansion, 2), Block(w * 2, w * 2)]
                    i = w * 2
                self.layers = nn.ModuleList(layers)
                self.fc = nn.Linear(i, 10)
            def forward(self, x):
                for layer in self.layers:
                    x = layer(x)
                x = F.adaptive_avg_pool2d(x, 1).flatten(1)
                return {"logits": self.fc(x), "features": [x]}
        """, "Net()", [([("B", 2), 3, ("H", 16), ("W", 20)], "float32")],
    ),
    "rotary_tables_and_grouped_heads": (
        """
        @dataclass
        class Config:
            dim: int = 16
            heads: int = 4
            kv: int = 2
        def table(d, n):
            inv = 1.0 / (10000 ** (torch.arange(0, d, 2).float() / d))
            return torch.polar(torch.ones(n, d // 2), torch.outer(torch.arange(n), inv))
        def rotate(x, freqs):
            y = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
            return torch.view_as_real(y * freqs[None, :, None]).flatten(3).type_as(x)
        class Net(nn.Module):
            def __init__(self, c: Config):
                super().__init__()
                self.c, self.d = c, c.dim // c.heads
                self.wq = nn.Linear(c.dim, c.heads * self.d, bias=False)
                self.wk = nn.Linear(c.dim, c.kv * self.d, bias=False)
                self.freqs = table(self.d, 64)
            def forward(self, x):
                b, t, _ = x.shape
                q = rotate(self.wq(x).view(b, t, self.c.heads, self.d), self.freqs[:t])
                k = rotate(self.wk(x).view(b, t, self.c.kv, self.d), self.freqs[:t])
                k = k[:, :, :, None, :].expand(b, t, self.c.kv, 2, self.d).reshape(b, t, self.c.heads, self.d)
                return F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), k.transpose(1, 2), is_causal=t > 1)
        """, "Net(Config(dim=24, heads=4))", [([("B", 2), ("T", 9), 24], "float32")],
    ),
    "recurrent": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.rnn = nn.GRU(4, 6, batch_first=True, bidirectional=True)
                self.norm = nn.LayerNorm(12)
            def forward(self, x):
                y, h = self.rnn(x)
                return self.norm(y), h
        """, "Net()", [([2, 5, 4], "float32")],
    ),
    "drop_path_from_a_real_constant": (
        """
        class Drop(nn.Module):
            def __init__(self, p):
                super().__init__()
                self.p = p
            def forward(self, x):
                if self.p == 0.0 or not self.training:
                    return x
                keep = x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(1 - self.p)
                return x * keep
        class Net(nn.Module):
            def __init__(self, depth=3):
                super().__init__()
                rates = [r.item() for r in torch.linspace(0, 0.1, depth)]
                self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(4, 4), Drop(r) if r > 0 else nn.Identity()) for r in rates])
                self.gamma = nn.Parameter(1e-5 * torch.ones(4))
            def forward(self, x):
                for block in self.blocks:
                    x = x + self.gamma * block(x)
                return x
        """, "Net()", [([("N", 2), 3, 4], "float32")],
    ),
    "encoder_layers_of_torch": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
                self.encoder = nn.TransformerEncoder(layer, 2)
                self.token = nn.Parameter(torch.zeros(1, 1, 8))
                nn.init.trunc_normal_(self.token, std=0.02)
            def forward(self, x):
                x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], dim=1)
                return self.encoder(x)[:, 0]
        """, "Net()", [([2, 5, 8], "float32")],
    ),
    "key_value_cache_written_in_place": (
        """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.k = nn.Linear(4, 4)
                self.register_buffer("cache", torch.zeros(2, 16, 4))
            def forward(self, x):
                n = x.shape[1]
                self.cache[:, :n] = self.k(x)
                return self.cache[:, :n].sum(-1)
        """, "Net()", [([2, ("T", 3), 4], "float32")],
    ),
}  # fmt: skip


def real_run(source: str, build: str, inputs: list[tuple[list[Any], str]], training: bool) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "truth"}
    import sys
    import types

    module = types.ModuleType("truth")
    sys.modules["truth"] = module
    try:
        exec(compile(source, "<truth>", "exec", dont_inherit=True), module.__dict__)
    finally:
        del sys.modules["truth"]
    names = module.__dict__
    model: nn.Module = eval(build, names)
    model.train(training)
    paths = {id(part): path for path, part in reversed(list(model.named_modules()))}
    calls: list[Any] = []
    stack: list[Any] = []

    def before(part: nn.Module, args: Any) -> None:
        calls.append([paths[id(part)], shapes(args), None])
        stack.append(calls[-1])

    def after(part: nn.Module, args: Any, output: Any) -> None:
        stack.pop()[2] = shapes(output)

    for part in model.modules():
        part.register_forward_pre_hook(before)
        part.register_forward_hook(after)
    tensors = []
    for sizes, dtype in inputs:
        shape = [size[1] if isinstance(size, tuple) else size for size in sizes]
        tensors.append(torch.zeros(shape, dtype=getattr(torch, dtype)))
    found = {"parameters": named(model.named_parameters()), "buffers": named(model.named_buffers()), "calls": calls}
    model(*tensors)
    return found


def named(pairs: Any) -> list[Any]:
    return [(name, tuple(value.shape), str(value.dtype), value.requires_grad) for name, value in pairs]


def shapes(value: Any) -> list[Any]:
    if isinstance(value, torch.Tensor):
        return [(tuple(value.shape), str(value.dtype).removeprefix("torch."))]
    if isinstance(value, dict):
        value = list(value.values())
    return [shape for item in value for shape in shapes(item)] if isinstance(value, (list, tuple)) else []


def numbers(tensors: Any) -> list[Any]:
    return [
        (tuple(size.value if isinstance(size, SymbolicSize) else size for size in tensor.shape), tensor.dtype)
        for tensor in tensors
    ]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_equals_the_really_imported_one(name: str, training: bool, repository) -> None:  # type: ignore[no-untyped-def]
    body, build, inputs = MODELS[name]
    source = HEAD + textwrap.dedent(body)
    truth = real_run(source, build, inputs, training)
    interpreter = repository(source)
    model = interpreter.build("model.py", build)
    assert named(model.named_parameters()) == truth["parameters"]
    assert named(model.named_buffers()) == truth["buffers"]
    assert interpreter.unknown_parts(model) == ()
    recording = interpreter.call(model, [interpreter.tensor(*spec) for spec in inputs], training=training)
    assert recording.error is None
    assert [[call.path, numbers(call.inputs), numbers(call.outputs)] for call in recording.calls] == truth["calls"]


def test_lines_carry_the_names_of_the_input_dims(repository) -> None:  # type: ignore[no-untyped-def]
    body, build, inputs = MODELS["attention_with_mask_buffer"]
    interpreter = repository(HEAD + textwrap.dedent(body))
    model = interpreter.build("model.py", build)
    recording = interpreter.call(model, [interpreter.tensor(*spec) for spec in inputs])
    shown = {key.target: str(key.tensors[0]) for key in recording.lines}
    assert shown["q"] == "float32[B, 3, T, 4]"
    assert shown["att"] == "float32[B, 3, T, T]"
    assert shown["return"] == "float32[B, 3, T, 4]"


def test_a_condition_on_a_size_is_a_fact_with_its_line(repository) -> None:  # type: ignore[no-untyped-def]
    body, build, inputs = MODELS["tied_language_model"]
    interpreter = repository(HEAD + textwrap.dedent(body))
    model = interpreter.build("model.py", build)
    recording = interpreter.call(model, [interpreter.tensor(*spec) for spec in inputs])
    assert [(fact.text, fact.decided) for fact in recording.conditions] == [("T <= 64", True)]


@pytest.mark.parametrize("sizes", [(2, 5), (7, 11)])
def test_symbolic_sizes_hold_at_other_sizes(sizes: tuple[int, int], repository) -> None:  # type: ignore[no-untyped-def]
    body, build, _ = MODELS["rotary_tables_and_grouped_heads"]
    source = HEAD + textwrap.dedent(body)
    interpreter = repository(source)
    model = interpreter.build("model.py", build)
    symbolic = interpreter.call(model, [interpreter.tensor([("B", 2), ("T", 9), 24])])
    truth = real_run(source, build, [([*sizes, 24], "float32")], False)
    shape = [eval(str(size), {"B": sizes[0], "T": sizes[1]}) for size in symbolic.outputs[0].shape]
    assert [(tuple(shape), "float32")] == truth["calls"][0][2]


def test_an_unknown_part_is_named_and_the_total_is_not_trusted(repository) -> None:  # type: ignore[no-untyped-def]
    source = (
        HEAD
        + "from nowhere import Attention\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.attn = Attention(4)\n        self.fc = nn.Linear(4, 4)\n    def forward(self, x):\n        y = self.fc(x)\n        return self.attn(y)\n"
    )
    interpreter = repository(source)
    model = interpreter.build("model.py", "Net()")
    assert any("attn" in cause.arguments[0] for cause in interpreter.unknown_parts(model))
    recording = interpreter.call(model, [interpreter.tensor([2, 4])])
    assert isinstance(recording.error, CannotEvaluate)
    assert [key.target for key in recording.lines] == ["x", "y"]


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        ("if x.sum() > 0:\n            return x\n        return -x", "float32[2, 4]"),
        ("return x[: int(x.max())]", "float32[?, 4]"),
        ("return x.new_zeros(x.long().sum().item())", "float32[?]"),
        ("r = torch.rand(1)\n        if r[0] > 0.5:\n            return x\n        return -x", "float32[2, 4]"),
        ("r = torch.zeros(1).uniform_()\n        return x if r.item() > 0.5 else x[:1]", "float32[?, 4]"),
        ("self.b.copy_(x[0])\n        return x if self.b[0] > 0 else x[:1]", "float32[?, 4]"),
        ("import random\n        return x if random.random() > 0.5 else x[:1]", "float32[?, 4]"),
    ],
)
def test_a_size_that_depends_on_data_is_none_and_the_others_are_known(body: str, shape: str, repository) -> None:  # type: ignore[no-untyped-def]
    source = f"{HEAD}class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.register_buffer('b', torch.zeros(4))\n    def forward(self, x):\n        {body}\n"
    interpreter = repository(source)
    recording = interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([2, 4])])
    assert recording.error is None
    assert [str(output) for output in recording.outputs] == [shape]


def test_a_call_with_an_unknown_tensor_has_no_shapes_but_a_reason(repository) -> None:  # type: ignore[no-untyped-def]
    source = f"{HEAD}import nowhere\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(4, 4)\n        self.b = nn.ReLU()\n    def forward(self, x):\n        n = nowhere.count(x)\n        y = self.b(x)\n        return self.b(self.a(x[:n]))\n"
    interpreter = repository(source)
    recording = interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([2, 4])])
    seen = [(call.path, call.outputs is None, call.unknown is None) for call in recording.calls]
    assert seen == [("", True, False), ("b", False, True), ("a", True, False), ("b", True, False)]
    assert not [cause for cause in recording.gaps if cause.reason == "unknown_change_of_module"]


def test_a_call_leaves_no_hook_on_the_modules_of_the_process(repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository("import torch.nn as nn\n")
    model = interpreter.build("model.py", "nn.Linear(2, 3)")
    assert interpreter.call(model, [interpreter.tensor([1, 2])]).error is None
    assert not nn.modules.module._has_any_global_hook()
