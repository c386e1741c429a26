"""The formula of a finding is that of its code: forms that differ from the sheet's carry their own."""

from __future__ import annotations

import pytest

from analyzer.techniques.recognise import find_techniques
from analyzer.techniques.sheets import load_sheets
from tests.techniques.sources import program_of


def formulas(source: str, sheet: str) -> set[str | None]:
    sheets = [one for one in load_sheets() if one.card.id == sheet]
    return {finding.formula for finding in find_techniques(program_of(source), sheets)}


NORM = """
class Norm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.g = nn.Parameter(torch.zeros(d))

    def forward(self, x):
        x = x.float()
        y = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)
        return {result}
"""
FEED = """
class Feed(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.a, self.b = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x):
        return self.b({activation})
"""
QUICK = """
class Quick(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)
"""
TIMM = """
from timm.models.vision_transformer import Mlp
feed = Mlp(in_features=8, hidden_features=32, act_layer={layer})
"""
ROTATE = """
def turn(x, cos, sin):
    {parts}
    return x * cos + torch.{join}((-b, a), dim=-1){after} * sin
"""
WARM = """
def rate(t, peak, w):
    if t < w:
        return peak * {top} / {bottom}
    return peak
"""
TABLES = """class M(nn.Module):
    def __init__(self, v, d):
        super().__init__()
        self.t, self.p, self.s = nn.Embedding(v, d), nn.Embedding(v, d), nn.Embedding(v, d)
    def forward(self, i, j):
        return self.t(i) + self.p(torch.arange(i.size(1))){more}
"""
PENALTY = """def p(x, y):
    g = torch.autograd.grad(outputs=y, inputs=x, create_graph=True)[0].view(len(x), -1)
    return ({base} ** 2).mean()
"""
WRITTEN = """
class Norm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.g, self.b = nn.Parameter(torch.ones(d)), nn.Parameter(torch.zeros(d))

    def forward(self, x):
        m, s, v = x.mean(-1, keepdim=True), x.std(-1, {spread}keepdim=True), x.var(-1, unbiased=False, keepdim=True)
        return {result}
"""
BY_N, BY_N_1 = r"\sigma^2 = \frac{1}{d}\sum", r"\sigma^2 = \frac{1}{d - 1}\sum"
GUIDE = """
def guide(model, x, t, y, s):
    c, u = torch.chunk(model(x, t, y), 2, dim=0)
    return {first} + (c - u) * s
"""
CASES = [
    *(
        ("layer_norm", WRITTEN.format(spread=spread, result=result), part)
        for spread, result, part in (
            ("", "self.g * (x - m) / (s + 1e-6) + self.b", r"{\sigma + \epsilon} \odot \gamma + \beta,"),
            ("", "self.g * (x - m) / (s + 1e-6) + self.b", BY_N_1),
            ("correction=0, ", "self.g * ((x - m) / (s + 1e-6)) + self.b", BY_N),
            ("unbiased=False, ", "(x - m) / (s + 1e-6)", r"{\sigma + \epsilon},"),
            (
                "",
                "(x - m) / torch.sqrt(v + 1e-6) * self.g + self.b",
                r"{\sqrt{\sigma^2 + \epsilon}} \odot \gamma + \beta,",
            ),
            ("", "(x - m) / torch.sqrt(v + 1e-6) * self.g", BY_N),
        )
    ),
    ("classifier_free_guidance", GUIDE.format(first="c"), r"\varepsilon_c + s\,(\varepsilon_c"),
    ("classifier_free_guidance", GUIDE.format(first="u"), None),
    ("rms_norm", NORM.format(result="y * (1 + self.g)"), r"\odot (1 + \gamma)"),
    ("rms_norm", NORM.format(result="y * self.g"), None),
    ("layer_norm", "norm = nn.LayerNorm(8, bias=False)", r"\odot \gamma,"),
    ("layer_norm", "norm = nn.LayerNorm(8, elementwise_affine=False, eps=1e-6)", r"\epsilon}},"),
    ("layer_norm", "norm = nn.LayerNorm(8)", None),
    ("layer_norm", "def f(x, w, b):\n    return F.layer_norm(x, w.shape, w, b, 1e-5)", None),
    ("layer_norm", "def f(x, w):\n    return F.layer_norm(x, w.shape, w, None, 1e-5)", r"\odot \gamma,"),
    ("layer_norm", "def f(x):\n    return F.layer_norm(x, x.shape[-1:])", r"\epsilon}},"),
    ("gelu_ffn", FEED.format(activation="F.gelu(self.a(x), approximate='tanh')"), "0.044715"),
    ("gelu_ffn", FEED.format(activation="F.gelu(self.a(x))"), None),
    ("gelu_ffn", QUICK + FEED.format(activation="Quick()(self.a(x))"), r"\sigma(1.702\,z)"),
    ("gelu_ffn", TIMM.format(layer="lambda: nn.GELU(approximate='tanh')"), "0.044715"),
    ("gelu_ffn", TIMM.format(layer="nn.GELU"), None),
    ("rotary_position_embedding", ROTATE.format(parts="a, b = x.chunk(2, dim=-1)", join="cat", after=""), "i+d/2"),
    (
        "rotary_position_embedding",
        ROTATE.format(parts="a, b = x[..., ::2], x[..., 1::2]", join="stack", after=".flatten(-2)"),
        None,
    ),
    ("learned_position_embedding", TABLES.format(more=""), None),
    ("learned_position_embedding", TABLES.format(more=" + self.s(j)"), "+ S_{s_t}"),
    ("gradient_penalty", PENALTY.format(base="g.norm(2, dim=1)"), r"\rVert_2^2"),
    ("gradient_penalty", PENALTY.format(base="(g.norm(2, dim=1) - 1)"), None),
    ("linear_warmup", WARM.format(top="(t + 1)", bottom="(w + 1)"), r"\frac{t + 1}{w + 1}"),
    ("linear_warmup", WARM.format(top="(t + 1)", bottom="w"), r"\frac{t + 1}{w}"),
    ("linear_warmup", WARM.format(top="t", bottom="w"), None),
]


@pytest.mark.parametrize(("sheet", "source", "part"), CASES)
def test_the_formula_is_that_of_the_code(sheet: str, source: str, part: str | None) -> None:
    found = formulas(source, sheet)
    assert found
    if part is None:
        assert found == {None}
    else:
        assert any(formula is not None and part in formula for formula in found)
