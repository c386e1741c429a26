"""A small analysis made by hand over source that stands here: one block model, one trainer, one sampler."""

# ruff: noqa: E501 (source texts keep their lines)
from __future__ import annotations

import hashlib

from analyzer.records.bundles import Analysis, Facts, Findings, Shapes
from analyzer.records.configuration import (
    ConfigTable,
    Configuration,
    ConfigValue,
    DerivedQuantity,
    Override,
    Preset,
)
from analyzer.records.evidence import Assumption, Condition, Evidence, Gap, Known, Unknown
from analyzer.records.processes import (
    CallChain,
    CallNode,
    DataItem,
    Feature,
    Loss,
    Optimizer,
    OptimizerGroup,
    Pipeline,
    Processes,
    Schedule,
    Stage,
    Usage,
)
from analyzer.records.source import Repository, SourceFile, Span, digest_of
from analyzer.records.structure import (
    ArgumentInfo,
    ClassInfo,
    Dependency,
    EntryPoint,
    FileRelation,
    FunctionInfo,
    Initialiser,
    ModelCandidate,
    RoleAssignment,
    Structure,
    SubmoduleInfo,
)
from analyzer.records.techniques import (
    Binding,
    Citation,
    Claim,
    LineDifference,
    ModeDifference,
    Pitfall,
    Symbol,
    TechniqueFinding,
    TechniqueSheet,
    Text,
    Unspecified,
)
from analyzer.records.tensors import (
    Cost,
    CostBasis,
    Dim,
    FormulaVariable,
    ModelInput,
    ModelShapes,
    ModuleCall,
    ModuleNode,
    ModuleRecord,
    ParameterCounts,
    ReferenceTrace,
    ShapeRow,
    ShapeTarget,
    TensorSpec,
    Trace,
)

MODEL = '''"""A language model of one kind of block."""

import torch
from torch import nn


class RMSNorm(nn.Module):
    """Root mean square norm | without a mean."""

    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        # no mean is subtracted because the model does not need it, which saves one reduction
        scale = torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)
        return x * scale * self.weight


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.norm = RMSNorm(config.width)
        self.up = nn.Linear(config.width, 4 * config.width)
        self.down = nn.Linear(4 * config.width, config.width)

    def forward(self, x):
        h = self.up(self.norm(x))
        return x + self.down(h.relu())


class Tiny(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embed = nn.Embedding(config.vocab, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.head = nn.Linear(config.width, config.vocab, bias=False)
        self.head.weight = self.embed.weight
        nn.init.normal_(self.embed.weight, std=0.02)

    def forward(self, tokens, targets=None):
        B, T = tokens.size()
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x)
        logits = self.head(x)
        loss = None if targets is None else nn.functional.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))
        return logits, loss
'''
CONFIG = """from dataclasses import dataclass


@dataclass
class Config:
    vocab: int = 50
    width: int = 8  # features per token
    layers: int = 3
    unused_flag: bool = False


hidden = 4 * Config.width
"""
TRAIN = """import torch
from config import Config
from model import Tiny

torch.manual_seed(7)
batch_size = 4
model = Tiny(Config())
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for step in range(100):
    tokens, targets = get_batch()
    logits, loss = model(tokens, targets)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
"""
SAMPLE = """import torch
from model import Tiny


@torch.no_grad()
def generate(model, tokens, count, temperature=0.8):
    for _ in range(count):
        logits, _ = model(tokens)
        following = torch.multinomial((logits[:, -1] / temperature).softmax(-1), 1)
        tokens = torch.cat((tokens, following), dim=1)
    return tokens
"""
README = """# Tiny

[![badge](x.svg)](y)

Tiny is a small language model that exists to be read; it has 900 parameters and one kind of block.

```bash
python train.py
```

```python
from model import Tiny
```
"""
TEXTS = {"README.md": README, "config.py": CONFIG, "model.py": MODEL, "sample.py": SAMPLE, "train.py": TRAIN}
KINDS = {"README.md": "markdown"}


def at(path: str, first: str, last: str | None = None) -> Span:
    """The span from the first line that contains one text to the first later line that contains another."""
    lines = TEXTS[path].split("\n")
    start = next(number for number, line in enumerate(lines) if first in line)
    end = start if last is None else next(n for n in range(start, len(lines)) if last in lines[n])
    return Span(path, start + 1, end + 1, digest_of("\n".join(lines[start : end + 1])))


def known(value: object, span: Span, how: str = "read") -> Known:
    return Known(value, (span,), how)


B, T, WIDTH, VOCAB = Dim(2, "B"), Dim(16, "T"), Dim(8, "width"), Dim(50, "vocab")
TOKENS = TensorSpec((B, T), "int64")
HIDDEN = TensorSpec((B, T, WIDTH), "float32")
WIDE = TensorSpec((B, T, Dim(32, "4*width")), "float32")
LOGITS = TensorSpec((B, T, VOCAB), "float32")
SCALAR = TensorSpec((), "float32")

TINY = at("model.py", "class Tiny", "return logits, loss")
BLOCK = at("model.py", "class Block", "return x + self.down")
NORM = at("model.py", "class RMSNorm", "return x * scale")
TINY_FORWARD = at("model.py", "def forward(self, tokens", "return logits, loss")
BLOCK_FORWARD = at("model.py", "h = self.up").__class__(
    "model.py",
    at("model.py", "h = self.up").first_line - 1,
    at("model.py", "return x + self.down").first_line,
    digest_of(
        "\n".join(
            MODEL.split("\n")[
                at("model.py", "h = self.up").first_line - 2 : at("model.py", "return x + self.down").first_line
            ]
        )
    ),
)
NORM_FORWARD = at("model.py", "def forward(self, x)", "return x * scale")
SELF = ArgumentInfo("self")


def _function(name: str, owner: str, where: Span, *arguments: ArgumentInfo) -> FunctionInfo:
    return FunctionInfo(name, f"model.py:{owner}.{name}", where, (SELF, *arguments))


TINY_CALL = _function("forward", "Tiny", TINY_FORWARD, ArgumentInfo("tokens"), ArgumentInfo("targets", default="None"))
BLOCK_CALL = _function("forward", "Block", BLOCK_FORWARD, ArgumentInfo("x"))
NORM_CALL = _function("forward", "RMSNorm", NORM_FORWARD, ArgumentInfo("x"))
TINY_INIT = _function("__init__", "Tiny", at("model.py", "self.embed =", "nn.init.normal_"), ArgumentInfo("config"))
PARTS = (
    SubmoduleInfo(
        "embed", "nn.Embedding", None, "nn.Embedding(config.vocab, config.width)", at("model.py", "self.embed =")
    ),
    SubmoduleInfo("blocks", "Block", "model.py:Block", "Block(config)", at("model.py", "self.blocks =")),
)
CLASSES = (
    ClassInfo(
        "RMSNorm",
        "model.py:RMSNorm",
        NORM,
        ("nn.Module",),
        True,
        (NORM_CALL,),
        (),
        "Root mean square norm | without a mean.",
        NORM_CALL,
    ),
    ClassInfo("Block", "model.py:Block", BLOCK, ("nn.Module",), True, (BLOCK_CALL,), (), None, BLOCK_CALL),
    ClassInfo("Tiny", "model.py:Tiny", TINY, ("nn.Module",), True, (TINY_INIT, TINY_CALL), PARTS, None, TINY_CALL),
)
STRUCTURE = Structure(
    CLASSES,
    (
        ModelCandidate(
            "Tiny",
            "model.py:Tiny",
            TINY,
            True,
            (Evidence(at("train.py", "model = Tiny"), "syntax_error", (("message", "x"),)),),
        ),
    ),
    (
        RoleAssignment("model", "model.py", (Evidence(TINY, "unparsable", (("message", "x"),)),)),
        RoleAssignment("training", "train.py", ()),
        RoleAssignment("config", "config.py", ()),
    ),
    (EntryPoint("train.py", "readme", at("README.md", "python train.py"), "python train.py", "train.py"),),
    (
        FileRelation("config.py", ("Config",), (), ("train.py",)),
        FileRelation(
            "model.py",
            ("RMSNorm", "Block", "Tiny"),
            (),
            ("sample.py", "train.py"),
            "A language model of one kind of block.",
        ),
        FileRelation("sample.py", ("generate",), (("model.py", ("Tiny",)),), ()),
        FileRelation("train.py", (), (("config.py", ("Config",)), ("model.py", ("Tiny",))), ()),
    ),
    (Dependency("torch", "torch", (at("model.py", "import torch"),)),),
    (
        Initialiser(
            "self.embed.weight",
            "nn.init.normal_(self.embed.weight, std=0.02)",
            at("model.py", "nn.init.normal_"),
            (),
            "Tiny.__init__",
        ),
    ),
)
WIDTH_VALUE = ConfigValue(
    "width",
    "8",
    known(8, at("config.py", "width: int")),
    at("config.py", "width: int"),
    "int",
    "features per token",
    (Override("default", "8", known(8, at("config.py", "width: int")), at("config.py", "width: int")),),
    known(8, at("config.py", "width: int")),
    (at("model.py", "self.norm = RMSNorm"), at("model.py", "self.embed =")),
)
UNUSED = ConfigValue(
    "unused_flag", "False", known(False, at("config.py", "unused_flag")), at("config.py", "unused_flag"), "bool"
)
CONFIGURATION = Configuration(
    (
        ConfigTable(
            "Config",
            "dataclass",
            at("config.py", "class Config", "unused_flag"),
            (
                ConfigValue(
                    "vocab",
                    "50",
                    known(50, at("config.py", "vocab")),
                    at("config.py", "vocab"),
                    "int",
                    None,
                    (),
                    None,
                    (at("model.py", "self.embed ="),),
                ),
                WIDTH_VALUE,
                ConfigValue(
                    "layers",
                    "3",
                    known(3, at("config.py", "layers")),
                    at("config.py", "layers"),
                    "int",
                    None,
                    (),
                    None,
                    (at("model.py", "self.blocks ="),),
                ),
                UNUSED,
            ),
        ),
    ),
    (
        Preset(
            "small",
            "Config",
            (("layers", known(3, at("config.py", "layers"))),),
            at("config.py", "layers"),
            "Tiny(Config())",
        ),
        Preset(
            "large",
            "Config",
            (("layers", known(6, at("config.py", "layers"))),),
            at("config.py", "layers"),
            "Tiny(Config(layers=6))",
        ),
    ),
    (
        DerivedQuantity(
            "hidden", "4 * width", known(32, at("config.py", "hidden"), "evaluated"), at("config.py", "hidden")
        ),
    ),
    (UNUSED,),
)
LR = known(1e-3, at("train.py", "AdamW"), "read")
TRAINING = Pipeline(
    "training",
    at("train.py", "for step", "optimizer.zero_grad"),
    "train.py",
    True,
    (
        Evidence(at("train.py", "loss.backward"), "loop_with_backward_and_step"),
        Evidence(at("train.py", "logits, loss = model"), "runs_main_model", (("model", "model.py:Tiny"),)),
    ),
    (
        Stage("build", at("train.py", "model = Tiny"), "model = Tiny(Config())", "train.py", ("Config",), ("model",)),
        Stage(
            "batch",
            at("train.py", "get_batch"),
            "tokens, targets = get_batch()",
            "train.py",
            (),
            ("tokens", "targets"),
            1,
            ("for step in range(100)",),
        ),
        Stage(
            "forward",
            at("train.py", "logits, loss = model"),
            "logits, loss = model(tokens, targets)",
            "train.py",
            ("tokens", "targets"),
            ("logits", "loss"),
            1,
            ("for step in range(100)",),
            called=("model.py:Tiny",),
        ),
        Stage(
            "backward",
            at("train.py", "loss.backward"),
            "loss.backward()",
            "train.py",
            ("loss",),
            (),
            1,
            ("for step in range(100)",),
        ),
        Stage(
            "clip",
            at("train.py", "clip_grad"),
            "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)",
            "train.py",
            ("model",),
            (),
            1,
            ("for step in range(100)",),
        ),
        Stage(
            "step",
            at("train.py", "optimizer.step"),
            "optimizer.step()",
            "train.py",
            ("optimizer",),
            (),
            1,
            ("for step in range(100)",),
            "step % 2 == 0",
        ),
    ),
    (
        Feature(
            "gradient_clipping",
            at("train.py", "clip_grad"),
            "clip_grad_norm_(model.parameters(), 1.0)",
            (("max_norm", known(1.0, at("train.py", "clip_grad"))),),
        ),
    ),
    (
        Optimizer(
            "torch.optim.AdamW",
            (("lr", "1e-3", LR),),
            (OptimizerGroup("model.parameters()", (("lr", LR),), at("train.py", "AdamW")),),
            at("train.py", "AdamW"),
        ),
    ),
    (
        Schedule(
            "torch.optim.lr_scheduler.LinearLR",
            at("train.py", "AdamW"),
            (),
            tuple((step, step / 1000) for step in range(20)),
        ),
    ),
    (
        Loss(
            "torch.nn.functional.cross_entropy", at("model.py", "loss = None"), "cross_entropy(logits, targets)", "mean"
        ),
    ),
    (DataItem("tokens", "get_batch()[0]", "[B, T]", "int64", at("train.py", "get_batch")),),
    (at("train.py", "manual_seed"),),
    ("train.py",),
    (Unknown("not_utf8", (), at("train.py", "get_batch")),),
)
INFERENCE = Pipeline(
    "inference",
    at("sample.py", "def generate", "return tokens"),
    "sample.py:generate",
    True,
    (
        Evidence(at("sample.py", "@torch.no_grad"), "runs_without_gradients"),
        Evidence(at("sample.py", "logits, _"), "runs_main_model", (("model", "model.py:Tiny"),)),
    ),
    (
        Stage(
            "forward",
            at("sample.py", "logits, _"),
            "logits, _ = model(tokens)",
            "sample.py:generate",
            ("tokens",),
            ("logits",),
            1,
            ("for _ in range(count)",),
            called=("model.py:Tiny",),
        ),
        Stage(
            "sample",
            at("sample.py", "multinomial"),
            "torch.multinomial(...)",
            "sample.py:generate",
            ("logits",),
            ("following",),
            1,
            ("for _ in range(count)",),
        ),
    ),
    (
        Feature(
            "temperature",
            at("sample.py", "def generate"),
            "temperature=0.8",
            (("default", known(0.8, at("sample.py", "def generate"))),),
        ),
    ),
    files=("sample.py",),
)
CHAINS = (
    CallChain(
        "training",
        CallNode(
            "train.py",
            at("train.py", "for step"),
            None,
            None,
            (
                CallNode("Tiny", at("train.py", "model = Tiny"), "model.py:Tiny"),
                CallNode(
                    "model",
                    at("train.py", "logits, loss = model"),
                    "model.py:Tiny.forward",
                    "-> (logits, loss)",
                    note="loop",
                ),
            ),
        ),
        "train.py",
    ),
    CallChain("inference", CallNode("generate", at("sample.py", "def generate"), "sample.py:generate"), "generate"),
)
USAGES = (
    Usage("python train.py", "bash", at("README.md", "python train.py"), "train"),
    Usage("from model import Tiny", "python", at("README.md", "from model import Tiny"), "api"),
)


def _row(path: str, code: str, module: str, owner: str, times: int, *targets: ShapeTarget) -> ShapeRow:
    return ShapeRow(at(path, code), code, module, (module,), owner, f"{owner}.forward", times, targets)


ROWS = (
    ShapeRow(
        at("model.py", "def forward(self, tokens"),
        "def forward(self, tokens, targets=None):",
        "",
        ("",),
        "Tiny",
        "Tiny.forward",
        1,
        (ShapeTarget("tokens", (TOKENS,)), ShapeTarget("targets", (TOKENS,))),
    ),
    _row("model.py", "x = self.embed(tokens)", "", "Tiny", 1, ShapeTarget("x", (HIDDEN,))),
    _row("model.py", "h = self.up(self.norm(x))", "blocks.0", "Block", 3, ShapeTarget("h", (WIDE,))),
    _row("model.py", "x = block(x)", "", "Tiny", 3, ShapeTarget("x", (HIDDEN,))),
    _row("model.py", "logits = self.head(x)", "", "Tiny", 1, ShapeTarget("logits", (LOGITS,))),
    _row("model.py", "loss = None if targets is None", "", "Tiny", 1, ShapeTarget("loss", (SCALAR,))),
    _row("model.py", "return logits, loss", "", "Tiny", 1, ShapeTarget("return", (LOGITS, SCALAR), True)),
)
MODULES = (
    ModuleRecord("", "Tiny", 2080, 0, 0, None, TINY, "", (ModuleCall((TOKENS, TOKENS), (LOGITS, SCALAR)),)),
    ModuleRecord(
        "embed",
        "Embedding",
        400,
        400,
        0,
        at("model.py", "self.embed ="),
        None,
        "50, 8",
        (ModuleCall((TOKENS,), (HIDDEN,)),),
    ),
    *(
        record
        for at_ in range(3)
        for record in (
            ModuleRecord(
                f"blocks.{at_}",
                "Block",
                560,
                0,
                0,
                at("model.py", "self.blocks ="),
                BLOCK,
                "",
                (ModuleCall((HIDDEN,), (HIDDEN,)),),
            ),
            ModuleRecord(
                f"blocks.{at_}.norm",
                "RMSNorm",
                8,
                8,
                0,
                at("model.py", "self.norm ="),
                NORM,
                "",
                (ModuleCall((HIDDEN,), (HIDDEN,)),),
            ),
            ModuleRecord(
                f"blocks.{at_}.up",
                "Linear",
                288,
                288,
                0,
                at("model.py", "self.up ="),
                None,
                "8, 32, bias=True",
                (ModuleCall((HIDDEN,), (WIDE,)),),
            ),
            ModuleRecord(
                f"blocks.{at_}.down",
                "Linear",
                264,
                264,
                0,
                at("model.py", "self.down ="),
                None,
                "32, 8, bias=True",
                (ModuleCall((WIDE,), (HIDDEN,)),),
            ),
        )
    ),
    ModuleRecord(
        "head",
        "Linear",
        400,
        400,
        0,
        at("model.py", "self.head ="),
        None,
        "8, 50, bias=False",
        (ModuleCall((HIDDEN,), (LOGITS,)),),
        shared=400,
    ),
)


def _node(
    path: str,
    class_name: str,
    parameters: int,
    created: str,
    *children: ModuleNode,
    defined: Span | None = None,
    repeats: int = 1,
    detail: str = "",
) -> ModuleNode:
    paths = tuple(f"{path[:-1]}{number}" for number in range(repeats)) if repeats > 1 else (path,)
    name = path.rsplit(".", 1)[-1]
    return ModuleNode(
        path, name, class_name, parameters, repeats, paths, detail, at("model.py", created), defined, children
    )


TREE = ModuleNode(
    "",
    "",
    "Tiny",
    2080,
    1,
    ("",),
    "",
    None,
    TINY,
    (
        _node("embed", "Embedding", 400, "self.embed =", detail="50, 8"),
        _node(
            "blocks",
            "ModuleList",
            1680,
            "self.blocks =",
            _node(
                "blocks.0",
                "Block",
                560,
                "self.blocks =",
                _node("blocks.0.norm", "RMSNorm", 8, "self.norm =", defined=NORM),
                _node("blocks.0.up", "Linear", 288, "self.up =", detail="8, 32, bias=True"),
                _node("blocks.0.down", "Linear", 264, "self.down =", detail="32, 8, bias=True"),
                defined=BLOCK,
                repeats=3,
            ),
        ),
        _node("head", "Linear", 400, "self.head =", detail="8, 50, bias=False"),
    ),
)
TOKENS_INPUT = ModelInput("tokens", TOKENS, "embedding_index", at("model.py", "x = self.embed"))
BASIS = CostBasis("inference", "forward", (("B", 2), ("T", 16)), ("last_position_only",))
FORWARD_AND_BACKWARD = Cost(
    Known(24576, (TINY,), "counted"),
    "6*B*T*width*width",
    "forward_and_backward_products",
    CostBasis("training", "forward", (("B", 2), ("T", 16)), (), (("T", "block_size"),), 64),
    (FormulaVariable("B", 2, 2, 7), FormulaVariable("T", 16, 3, 64), FormulaVariable("width", 8, 6, 35)),
    3,
)
TRACES = (
    Trace(
        "training",
        "forward",
        (TOKENS_INPUT, ModelInput("targets", TOKENS, "signature")),
        ROWS,
        MODULES,
        (LOGITS, SCALAR),
        (Condition("targets is None", at("model.py", "loss = None"), False),),
    ),
    Trace(
        "inference",
        "forward",
        (TOKENS_INPUT,),
        ROWS[:-1],
        MODULES,
        (LOGITS,),
        (),
        (Assumption("stand_in", "flash", at("model.py", "import torch"), 2),),
    ),
)
SHAPES = Shapes(
    (
        ModelShapes(
            "Tiny",
            "model.py:Tiny",
            True,
            TINY,
            "Tiny(Config())",
            "training_script",
            at("train.py", "model = Tiny"),
            (("B", 2), ("T", 16), ("width", 8), ("vocab", 50)),
            Known(ParameterCounts(2080, 2080, 2080, 400), (TINY,), "counted"),
            MODULES,
            TREE,
            TRACES,
            (
                (
                    "flops",
                    Cost(Known(123456, (TINY,), "counted"), "B*T*2*width", "one_multiply_add_is_two_flops", BASIS),
                ),
                ("training_flops", FORWARD_AND_BACKWARD),
                ("optimizer_bytes", Cost(Known(16640, (TINY,), "counted"), "8*parameters", "float32_activations")),
                ("activation_bytes", Cost(Unknown("not_utf8"), None, "float32_activations")),
            ),
            (("embed.weight", "head.weight"),),
        ),
    ),
    (
        ModelShapes(
            "Tiny",
            "model.py:Tiny",
            False,
            TINY,
            "Tiny(Config(layers=6))",
            "preset",
            at("config.py", "layers"),
            (),
            Known(ParameterCounts(3760, 3760, 3760, 400), (TINY,), "counted"),
        ),
    ),
    ReferenceTrace(
        "classic",
        2,
        16,
        (("d_model", "256"), ("n_layers", "6")),
        ParameterCounts(4_805_632, 4_805_632, 4_805_632),
        1_000_000,
        "B*T",
        12_288,
        "2*n_layers*d_model*4",
        (ModuleRecord("", "GPT", 4_805_632, calls=(ModuleCall((TOKENS,), (LOGITS,)),)),),
        (),
    ),
)
SHEETS = (
    TechniqueSheet(
        "rms_norm",
        Text("RMSNorm", "RMSNorm"),
        "norm",
        r"y = \frac{x}{\sqrt{\operatorname{mean}(x^2) + \epsilon}} \odot g",
        (
            Symbol("x", "x", Text("input features", "输入特征")),
            Symbol(r"\epsilon", "eps", Text("small constant", "小常数")),
            Symbol("g", "weight", Text("learned scale", "可学习的缩放")),
        ),
        Text("{eps} alone keeps the root away from zero; no mean is computed.", "只靠 {eps} 避免除零，不计算均值。"),
        (Citation("Zhang and Sennrich", "Root Mean Square Layer Normalization", 2019, "arXiv:1910.07467"),),
    ),
    TechniqueSheet(
        "weight_tying", Text("Weight tying", "权重共享"), "structure", "", (), Text("No place here.", "没有占位。"), ()
    ),
    TechniqueSheet(
        "cross_entropy_loss",
        Text("Cross-entropy", "交叉熵"),
        "loss",
        r"L = -\log p_y",
        (Symbol("y", "targets", Text("label", "标签")),),
        Text("", ""),
        (),
    ),
)
EPS = at("model.py", "self.eps = eps")
FINDINGS = Findings(
    SHEETS,
    (
        TechniqueFinding(
            "rms_norm",
            (NORM_FORWARD,),
            "source",
            (Binding("x", "x", NORM_FORWARD), Binding("eps", "self.eps", EPS, known(1e-5, EPS))),
            ("model.py:RMSNorm",),
        ),
        TechniqueFinding("weight_tying", (at("model.py", "self.head.weight ="),), "assignment", (), ("model.py:Tiny",)),
        TechniqueFinding(
            "cross_entropy_loss",
            (at("model.py", "loss = None"),),
            "call",
            (Binding("targets", "targets", at("model.py", "loss = None")),),
            ("model.py:Tiny",),
        ),
    ),
    (
        Claim("it has 900 parameters", "900", "2,080", "differ", at("README.md", "900 parameters"), (TINY,)),
        Claim("one kind of block", "1", "1", "agree", at("README.md", "900 parameters"), (BLOCK,)),
        Claim(
            "as large as any", "64M", "", "unknown", at("README.md", "900 parameters"), (), "", "subject_not_certain"
        ),
    ),
    (Pitfall("not_utf8", (at("train.py", "get_batch"),)),),
    (Unspecified("betas", at("train.py", "AdamW"), "(0.9, 0.999)", "torch.optim.AdamW"),),
    (
        ModeDifference(
            "gradient",
            (at("train.py", "loss.backward"),),
            (at("sample.py", "@torch.no_grad"),),
            "loss.backward()",
            "@torch.no_grad()",
        ),
    ),
    (LineDifference(at("model.py", "loss = None"), "loss = …", "[]", None),),
    gaps=(Gap("train.py:10", "not_utf8", (), 3),),
)


def sample_files() -> tuple[SourceFile, ...]:
    return tuple(
        SourceFile(
            path,
            KINDS.get(path, "python"),
            len(text),
            text.count("\n"),
            hashlib.sha256(text.encode()).hexdigest(),
            text,
        )
        for path, text in TEXTS.items()
    )


def sample_analysis() -> Analysis:
    files = sample_files()
    repository = Repository(
        "tiny", "d" * 64, len(files), sum(file.lines for file in files), "c" * 40, "https://example.org/tiny"
    )
    processes = Processes((TRAINING,), (INFERENCE,), CHAINS, USAGES)
    return Analysis(Facts(repository, files, STRUCTURE, CONFIGURATION, processes), SHAPES, FINDINGS, "0.1.0")


def empty_analysis() -> Analysis:
    """A repository without a model, training or inference."""
    text = "print('hello')\n"
    file = SourceFile("hello.py", "python", len(text), 1, hashlib.sha256(text.encode()).hexdigest(), text)
    return Analysis(
        Facts(Repository("hello", "e" * 64, 1, 1), (file,), Structure(), Configuration(), Processes()),
        Shapes(),
        Findings(),
        "0.1.0",
    )
