"""A small analysis and a document with every kind of block, written by hand, for tests of the renderers."""

from __future__ import annotations

from dataclasses import replace

from analyzer.document.diagrams.layout import lay_out
from analyzer.records.bundles import Analysis, Facts, Findings, Shapes
from analyzer.records.configuration import ConfigTable, Configuration, ConfigValue, DerivedQuantity, Override, Preset
from analyzer.records.diagrams import Arrow, Box, Diagram, Group, Series
from analyzer.records.document import (
    Block,
    BulletList,
    Chapter,
    Code,
    Details,
    DiagramRef,
    Document,
    Emphasis,
    Formula,
    Heading,
    Language,
    Link,
    Math,
    Note,
    Paragraph,
    Plain,
    Preformatted,
    Report,
    ReportFile,
    Snippet,
    SourceRef,
    Strong,
    Table,
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
)
from analyzer.records.source import Repository, SourceFile, Span, digest_of
from analyzer.records.structure import (
    ArgumentInfo,
    ClassInfo,
    Dependency,
    EntryPoint,
    FunctionInfo,
    RoleAssignment,
    Structure,
)
from analyzer.records.techniques import Binding, Claim, LineDifference, Pitfall, TechniqueFinding, Text, Unspecified
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
    ShapeRow,
    ShapeTarget,
    TensorSpec,
    Trace,
)

MODEL = '''import torch.nn as nn


class Net(nn.Module):
    """Two layers | one pipe."""

    def __init__(self, width=8):
        super().__init__()
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, x):
        h = self.up(x)  # 中文注释
        return self.down(h)
'''
TRAIN = """import torch

lr = 1e-3
for step in range(100):
    x, y = batch()
    loss = criterion(model(x), y)
    loss.backward()
    optimizer.step()
"""
TEXTS = {"net/model.py": MODEL, "train.py": TRAIN}
B, W = Dim(2, "B"), Dim(8, "width")
X = TensorSpec((B, W), "float32")
H = TensorSpec((B, Dim(32, "4*width")), "float32")


def span(path: str, first: int, last: int | None = None) -> Span:
    last = last or first
    quoted = "\n".join(TEXTS[path].split("\n")[first - 1 : last])
    return Span(path, first, last, digest_of(quoted))


def repository(**changes: object) -> Repository:
    base = Repository("sample", "d" * 64, 2, 22, "c0ffee" * 6 + "c0ff", "https://github.com/someone/sample")
    return replace(base, **changes)  # type: ignore[arg-type]


def analysis(**changes: object) -> Analysis:
    files = tuple(
        SourceFile(path, "python", len(text), text.count("\n"), digest_of(text), text) for path, text in TEXTS.items()
    )
    facts = Facts(
        repository(**changes),
        files,
        _structure(),
        _configuration(),
        _processes(),
        gaps=(Gap("train.py:5", "callable_not_in_library", (("name", "batch"),), 3),),
        assumptions=(Assumption("skipped_statement", "print", span("train.py", 4)),),
    )
    return Analysis(facts, Shapes((_model(),)), _findings(), "0.1.0")


def _structure() -> Structure:
    forward = FunctionInfo(
        "forward", "net/model.py:Net.forward", span("net/model.py", 12, 14), (ArgumentInfo("self"), ArgumentInfo("x"))
    )
    net = ClassInfo("Net", "net/model.py:Net", span("net/model.py", 4, 14), ("nn.Module",), True, forward=forward)
    evidence = Evidence(span("net/model.py", 4), "subclass_of_module", (("name", "Net"),))
    return Structure(
        classes=(net,),
        roles=(
            RoleAssignment("model", "net/model.py", (evidence,)),
            RoleAssignment("training", "train.py", (Evidence(span("train.py", 7), "calls_backward"),)),
        ),
        entry_points=(EntryPoint("train.py", "script", span("train.py", 1, 8), "python train.py", "train.py"),),
        dependencies=(Dependency("torch", "torch", (span("train.py", 1),)),),
    )


def _configuration() -> Configuration:
    rate = ConfigValue(
        "lr",
        "1e-3",
        Known(0.001, (span("train.py", 3),), "read"),
        span("train.py", 3),
        overrides=(
            Override("command_line", "--lr", Unknown("not_given", (), span("train.py", 3)), span("train.py", 3)),
        ),
        effective=Known(0.001, (span("train.py", 3),), "read"),
        used_at=(span("train.py", 8),),
    )
    nothing = ConfigValue("resume", "None", Known(None, (span("train.py", 3),), "read"), span("train.py", 3))
    return Configuration(
        tables=(ConfigTable("train", "constants", span("train.py", 3), (rate, nothing)),),
        presets=(
            Preset("wide", "Net", (("width", Known(16, (span("net/model.py", 7),), "read")),), span("train.py", 3)),
        ),
        derived=(
            DerivedQuantity(
                "hidden", "4 * width", Known(32, (span("net/model.py", 9),), "evaluated"), span("net/model.py", 9)
            ),
        ),
    )


def _processes() -> Processes:
    def stage(kind: str, line: int, code: str, depth: int, consumes: str, produces: str) -> Stage:
        loops = ("for step in range(100)",) if depth else ()
        return Stage(
            kind,  # type: ignore[arg-type]
            span("train.py", line),
            code,
            "train.py",
            tuple(consumes.split()),
            tuple(produces.split()),
            depth,
            loops,
        )

    training = Pipeline(
        "training",
        span("train.py", 1, 8),
        "train.py",
        True,
        (Evidence(span("train.py", 7), "calls_backward"),),
        (
            stage("data", 5, "x, y = batch()", 1, "", "x y"),
            stage("forward", 6, "model(x)", 1, "x", ""),
            stage("loss", 6, "loss = criterion(model(x), y)", 1, "x y", "loss"),
            stage("backward", 7, "loss.backward()", 1, "loss", ""),
            stage("step", 8, "optimizer.step()", 1, "", ""),
        ),
        features=(Feature("gradient_clipping", span("train.py", 8), "clip", (("max_norm", Known(1.0, (), "read")),)),),
        optimizers=(
            Optimizer(
                "torch.optim.AdamW",
                (("lr", "lr", Known(0.001, (span("train.py", 3),), "evaluated")),),
                (OptimizerGroup("p.dim() >= 2", (("weight_decay", Unknown("not_given")),), span("train.py", 8)),),
                span("train.py", 8),
            ),
        ),
        schedules=(
            Schedule(
                "train.py:get_lr", span("train.py", 3), (), tuple((i, 1e-3 * min(1, i / 10)) for i in range(0, 101, 5))
            ),
        ),
        losses=(Loss("criterion", span("train.py", 6), "criterion(model(x), y)"),),
        data=(DataItem("x", "batch()", None, "float32", span("train.py", 5)),),
        seeds=(span("train.py", 1),),
        files=("train.py",),
    )
    root = CallNode(
        "train.py", span("train.py", 1, 8), children=(CallNode("model(x)", span("train.py", 6), note="loop"),)
    )
    return Processes((training,), (), (CallChain("training", root, "train.py"),))


def _cost(value: int, formula: str, convention: str, basis: CostBasis | None = None) -> Cost:
    """Checked at widths that differ from cost to cost, as those of a real model are."""
    width = FormulaVariable("width", 8, 4, 64 if basis else 96)
    variables = (FormulaVariable("B", 2, 1, 16), width) if basis else (width,)
    return Cost(Known(value, (span("net/model.py", 4, 14),), "counted"), formula, convention, basis, variables, 3)


def _model() -> ModelShapes:
    def row(line: int, code: str, name: str, spec: TensorSpec) -> ShapeRow:
        return ShapeRow(span("net/model.py", line), code, "", ("",), "Net", "forward", 1, (ShapeTarget(name, (spec,)),))

    created = {"up": span("net/model.py", 9), "down": span("net/model.py", 10)}
    defined = span("net/model.py", 4, 14)
    modules = (
        ModuleRecord("", "Net", 552, 0, defined_at=defined, calls=(ModuleCall((X,), (X,)),)),
        ModuleRecord(
            "up", "Linear", 288, 288, created_at=created["up"], detail="8, 32", calls=(ModuleCall((X,), (H,)),)
        ),
        ModuleRecord(
            "down", "Linear", 264, 264, created_at=created["down"], detail="32, 8", calls=(ModuleCall((H,), (X,)),)
        ),
    )
    tree = ModuleNode(
        "",
        "",
        "Net",
        552,
        1,
        ("",),
        "",
        None,
        defined,
        tuple(
            ModuleNode(m.path, m.path, m.class_name, m.parameters, 1, (m.path,), m.detail, m.created_at)
            for m in modules[1:]
        ),
    )
    rows = (
        row(12, "def forward(self, x):", "x", X),
        row(13, "h = self.up(x)", "h", H),
        row(14, "return self.down(h)", "return", X),
    )
    trace = Trace(
        "inference",
        "forward",
        (ModelInput("x", X, "signature"),),
        rows,
        modules,
        (X,),
        conditions=(Condition("B > 0", span("net/model.py", 13), True),),
    )
    return ModelShapes(
        "Net",
        "net/model.py:Net",
        True,
        defined,
        "Net()",
        "defaults",
        None,
        (("B", 2), ("width", 8)),
        Known(ParameterCounts(552, 552, 552), (defined,), "evaluated"),
        modules,
        tree,
        (trace,),
        (
            (
                "flops",
                _cost(2048, "16*B*width*width", "one_multiply_add_is_two_flops", CostBasis("inference", "forward")),
            ),
            ("parameter_bytes", _cost(2208, "32*width**2 + 20*width", "float32")),
            ("kv_bytes_per_token", Cost(Unknown("no_cache", (), defined), None, "float32")),
        ),
    )


def _findings() -> Findings:
    where = span("net/model.py", 13, 14)
    return Findings(
        techniques=(
            TechniqueFinding(
                "relu_ffn",
                (where,),
                "pattern",
                (Binding("W1", "self.up", where, Known(32, (where,), "read")),),
                ("net/model.py:Net",),
            ),
        ),
        claims=(
            Claim("about 600 parameters", "600", "552", "differ", span("net/model.py", 5), (where,), "parameters"),
        ),
        pitfalls=(Pitfall("no_seed", (span("train.py", 4),)),),
        unspecified=(Unspecified("betas", span("train.py", 8), "(0.9, 0.999)", "torch.optim.AdamW"),),
        line_differences=(LineDifference(where, "h = self.up(x)", None, "[B, 4*width]"),),
    )


def drawing() -> Diagram:
    boxes = (
        Box("x", "x", ("float32 [B, width]",), "io"),
        Box("up", "up", ("Linear",), "core", "net"),
        Box("down", "down", ("Linear",), "core", "net"),
        Box("sum", "x + …", (), "plain", "net"),
        Box("out", 'out "quoted" <b>', (), "io"),
    )
    arrows = (
        Arrow("x", "up", "[B, width]"),
        Arrow("up", "down", "[B, 4*width]"),
        Arrow("down", "sum"),
        Arrow("x", "sum"),
        Arrow("sum", "out", "[B, width]"),
        Arrow("sum", "up", "×3", dashed=True),
    )
    title = Text("Net, folded", "Net 结构")
    return lay_out(
        Diagram("net", title, "flow", boxes, arrows, (Group("net", "Net ×3"),), where=(span("net/model.py", 4, 14),))
    )


def curve() -> Diagram:
    steps = tuple(float(step) for step in range(0, 1001, 50))
    rates = tuple(1e-3 * min(1.0, step / 100) for step in steps)
    return Diagram(
        "rate",
        Text("Learning rate", "学习率"),
        "line",
        series=(Series("get_lr", steps, rates),),
        x_label="step",
        y_label="learning rate",
    )


def bars() -> Diagram:
    return Diagram(
        "shares",
        Text("Parameters", "参数量"),
        "bar",
        series=(Series("parameters", (0.0, 1.0), (288.0, 264.0)),),
        categories=("up", "down"),
        y_label="parameters",
    )


def every_block() -> tuple[Block, ...]:
    where = span("net/model.py", 12, 14)
    return (
        Heading(3, (Plain("The class "), Code("Net")), "the-class"),
        Paragraph(
            (
                Plain("1. *not* a list_item_ | <b>not bold</b> $5 & &amp; [x](y) "),
                Code("a | b `c`"),
                Plain(" "),
                Strong("结论："),
                Emphasis("note"),
                Plain("："),
                Math(r"d_k = \frac{d}{h}"),
                Plain(" "),
                SourceRef(where),
                Link("overview", "#the-class"),
                Link("flow", "docs/call_flow.en.md#the-class"),
            )
        ),
        BulletList(((Code("up"), Plain(" first")), (Math("x^2"), Plain(" second"))), ordered=True),
        Table(
            "parameters",
            ((Plain("module"),), (Plain("count"),)),
            (
                ((Code("up | pipe"),), (Plain("288"),)),
                ((Plain("=cmd()"),), (Plain("264"),)),
                ((Plain("total"),), (Plain("552"),)),
            ),
            ("left", "right"),
            (Plain("Parameters of each module"),),
            "count",
        ),
        Snippet(
            where, "\n".join(MODEL.split("\n")[11:14]), "python", ((13, "h: [B, 4*width]"), (14, "return: [B, width]"))
        ),
        Preformatted("net/\n`-- model.py <here>", ""),
        Formula(
            r"y = W_2\,\mathrm{relu}(W_1 x)",
            ((Math("W_1"), (Code("self.up.weight"), Plain(" "), SourceRef(span("net/model.py", 9)))),),
            (where,),
        ),
        DiagramRef(drawing(), (Plain("The whole net"),)),
        DiagramRef(curve(), (Plain("From the code's own function"),), ("figure",)),
        DiagramRef(bars(), (Plain("Shares"),), ("ascii", "mermaid", "figure")),
        Note("knowledge", (Plain("Known from a paper."),)),
        Note("gap", (Plain("Not derivable."),)),
        Details((Plain("More <i>about</i> "), Code("Net")), (Paragraph((Plain("Folded."),)),)),
    )


def document(language: Language = "en", path: str = "article") -> Document:
    title = "Net, read closely" if language == "en" else "Net 深度解读"
    other = "zh" if language == "en" else "en"
    lead = (Paragraph((Plain("A net | two layers. "), Link("the other language", f"article.{other}.md"))),)
    chapters = (
        Chapter("overview", (Plain("Overview" if language == "en" else "总览"),), every_block()),
        Chapter("rest", (Plain("The rest" if language == "en" else "其余"),), (Paragraph((Plain("Short."),)),)),
    )
    return Document(
        path, language, (Plain(title),), chapters, lead, (("commit", "c0ffee"), ("title", 'a "quoted": value'))
    )


def report() -> Report:
    documents = tuple(document(language, path) for path in ("article", "docs/call_flow") for language in ("en", "zh"))  # type: ignore[arg-type]
    return Report(documents, (drawing(), curve(), bars()), (ReportFile("annotated/net/model.py", MODEL),))
