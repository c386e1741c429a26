"""Numbers of costs against real torch, closed formulas against fresh evaluations at values drawn at random."""

import functools
import re
import textwrap

import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from analyzer.evaluator import Interpreter
from analyzer.evaluator.dims import DimNamer
from analyzer.index import open_repository
from analyzer.records.evidence import Known, Unknown
from analyzer.records.formulas import evaluate_formula
from analyzer.shapes.accounting import Ledger, Observed, derive_formula
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.input_spec import parse_input_spec
from analyzer.shapes.model import derive_model
from analyzer.shapes.requests import ModelRequest

GPT = """
import torch
import torch.nn as nn
import torch.nn.functional as F

class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        assert width % heads == 0
        self.heads = heads
        self.mix = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width)
    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.mix(x).split(C, dim=2)
        q, k, v = (y.view(B, T, self.heads, C // self.heads).transpose(1, 2) for y in (q, k, v))
        scores = (q @ k.transpose(-2, -1)).softmax(-1)
        return self.out((scores @ v).transpose(1, 2).reshape(B, T, C))

class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
    def forward(self, x):
        x = x + self.attention(self.norm(x))
        return x + self.down(F.gelu(self.up(x)))

class Net(nn.Module):
    def __init__(self, vocab=50, width=24, heads=4, layers=3, context=40):
        super().__init__()
        self.embed = nn.Embedding(vocab, width)
        self.positions = nn.Embedding(context, width)
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(layers)])
        self.head = nn.Linear(width, vocab, bias=False)
        self.head.weight = self.embed.weight
    def forward(self, idx, targets=None):
        B, T = idx.shape
        x = self.embed(idx) + self.positions(torch.arange(T))
        for block in self.blocks:
            x = block(x)
        if targets is None:
            return self.head(x[:, [-1], :])
        return F.cross_entropy(self.head(x).view(B * T, -1), targets.view(-1))
"""
CONV = """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self, channels=3, width=8, classes=10, layers=2):
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, padding=1)
        self.body = nn.Sequential(*[nn.Conv2d(width, width, 3, padding=1) for _ in range(layers)])
        self.head = nn.Linear(width, classes)
    def forward(self, x):
        x = self.body(self.stem(x).relu())
        return self.head(x.mean((2, 3)))
"""
INPUTS = {"gpt": ("idx: int64[B=2, T=16]", "targets: int64[B, T]"), "conv": ("x: float32[N=2, channels=3, H=8, W=8]",)}
SOURCES = {"gpt": GPT, "conv": CONV}


@pytest.fixture(scope="module", params=sorted(SOURCES))
def case(request, tmp_path_factory):
    path = tmp_path_factory.mktemp(request.param)
    (path / "net.py").write_text(textwrap.dedent(SOURCES[request.param]))
    index = open_repository(str(path))
    return request.param, index, costs_of(index, "Net()", request.param)


def costs_of(index, build, kind, values=None, training=True):
    owner = index.symbols.definition("net.py:Net")
    where = index.span("net.py", owner.node)
    inputs = tuple(parse_input_spec(resized(text, values or {})) for text in INPUTS[kind])
    effort = "full" if values is None else "numeric"
    request = ModelRequest(
        "Net", owner.qualified_name, where, (BuildPlan("net.py", build, "user", where),), True,
        inputs=inputs, training=training, effort=effort,
    )  # fmt: skip
    shapes = derive_model(Interpreter(index), request)
    return dict(shapes.costs)


def resized(text, values):
    return re.sub(r"(\w+)=\d+", lambda found: f"{found[1]}={values[found[1]]}" if values else found[0], text)


def real_model(kind, arguments):
    scope = {}
    exec(compile(SOURCES[kind], "net.py", "exec"), scope)
    return scope["Net"](**arguments)


def real_call(kind, model, sizes):
    if kind == "gpt":
        idx = torch.zeros(sizes["B"], sizes["T"], dtype=torch.int64)
        return functools.partial(model, idx, torch.zeros_like(idx))
    return functools.partial(model, torch.zeros(sizes["N"], sizes["channels"], sizes["H"], sizes["W"]))


BASE = {
    "gpt": {"vocab": 50, "width": 24, "heads": 4, "layers": 3, "context": 40, "B": 2, "T": 16},
    "conv": {"channels": 3, "width": 8, "classes": 10, "layers": 2, "N": 2, "H": 8, "W": 8},
}
SIZES = ("B", "T", "N", "H", "W")
ARGUMENTS = {kind: {n: v for n, v in values.items() if n not in SIZES} for kind, values in BASE.items()}


def test_products_are_those_that_torch_counts(case):
    kind, _, costs = case
    call = real_call(kind, real_model(kind, ARGUMENTS[kind]), BASE[kind])
    with FlopCounterMode(display=False) as counter:
        call().sum().backward()
    assert costs["training_flops"].value.value == counter.get_total_flops()


def test_kept_bytes_are_those_of_the_storages_that_autograd_keeps(case):
    kind, _, costs = case
    model = real_model(kind, ARGUMENTS[kind])
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept = {}
    call = real_call(kind, model, BASE[kind])

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        output = call()
    assert output is not None
    assert costs["activation_bytes"].value.value == sum(kept.values())


def test_weights_cost_each_tensor_once_in_its_dtype(case):
    kind, _, costs = case
    total = sum(p.numel() for p in real_model(kind, ARGUMENTS[kind]).parameters())
    values = {name: costs[name].value.value for name in ("parameters", "parameter_bytes", "optimizer_bytes")}
    assert values == {"parameters": total, "parameter_bytes": 4 * total, "optimizer_bytes": 8 * total}


def test_every_cost_has_a_formula_that_names_the_repeated_blocks(case):
    _, _, costs = case
    assert {name for name, cost in costs.items() if cost.formula is None} == set()
    assert "layers" in costs["parameters"].formula
    assert all(cost.checked >= 2 for cost in costs.values())


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_formulas_hold_at_values_that_nobody_chose_for_them(case, data):
    kind, index, costs = case
    values = {name: data.draw(st.integers(2, 9), label=name) for name in BASE[kind]}
    if kind == "gpt":
        values["width"] = values["heads"] * data.draw(st.integers(2, 9), label="head width")
        values["T"], values["context"] = sorted((values["T"], values["context"]))
    arguments = ", ".join(f"{name}={values[name]}" for name in ARGUMENTS[kind])
    fresh = costs_of(index, f"Net({arguments})", kind, values)
    for name, cost in costs.items():
        assert evaluate_formula(cost.formula, values) == fresh[name].value.value, name


def test_formula_reads_as_one_writes_it(case):
    kind, _, costs = case
    if kind == "gpt":
        expected = "B*T*(layers*(4*T*width + 24*width**2) + 2*vocab*width)"
        assert costs["flops"].formula == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("torch.cdist(x, x)", "operator_not_counted"),
        ("self.head(x[x.sum(-1) > 0])", "amount_depends_on_data"),
    ],
)
def test_products_that_cannot_be_counted_leave_no_number(tmp_path, body, reason):
    (tmp_path / "net.py").write_text(
        "import torch\nimport torch.nn as nn\n\nclass Net(nn.Module):\n    def __init__(self, width=8):\n"
        "        super().__init__()\n        self.head = nn.Linear(width, width)\n\n"
        f"    def forward(self, x):\n        return {body}\n"
    )
    index = open_repository(str(tmp_path))
    owner = index.symbols.definition("net.py:Net")
    where = index.span("net.py", owner.node)
    inputs = (parse_input_spec("x: float32[N=4, 8]"),)
    plan = (BuildPlan("net.py", "Net()", "user", where),)
    shapes = derive_model(Interpreter(index), ModelRequest("Net", "net.py:Net", where, plan, True, inputs=inputs))
    value = dict(shapes.costs)["flops"].value
    assert isinstance(value, Unknown) and value.reason == reason
    assert isinstance(dict(shapes.costs)["parameters"].value, Known)


def test_a_probe_that_only_another_mode_finished_takes_no_part():
    def observed(width):
        return Observed({"width": width}, nn.Linear(width, width), {}, "inference")

    ledger = Ledger([observed(width) for width in (4, 14, 6, 10)], {}, None, "inference")
    ledger.namers = {"inference": DimNamer([{"width": width} for width in (4, 6, 10)], ())}
    ledger.further = lambda repeated: [observed(22), observed(26)]
    formula = derive_formula(ledger, "parameters")
    assert [run.values["width"] for run in formula.runs] == [4, 6, 10]
    assert evaluate_formula(formula.text, {"width": 3}) == 3 * 3 + 3
    ledger.namers["inference"] = DimNamer([{"width": width} for width in (4, 6, 18)], ())
    assert derive_formula(ledger, "parameters").reason == "too_few_probes"
