"""What the repository does over time: training and inference pipelines, data, call chains."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from analyzer.records.configuration import DerivedQuantity
from analyzer.records.evidence import Evidence, Known, Unknown
from analyzer.records.source import Span

StageKind = Literal[
    "data", "tokenize", "augment", "batch", "build", "optimizer", "forward", "loss", "backward", "unscale",
    "clip", "step", "zero_grad", "schedule", "evaluate", "checkpoint", "log", "load_checkpoint", "mode",
    "preprocess", "prefill", "decode", "sample", "postprocess", "output", "metric",
]  # fmt: skip

Start = Literal["program", "function", "method", "hooks", "evaluation", "forward"]
"""How a pipeline comes to run: a script, notebook or command; a function or method that no line of the repository
calls; a class whose methods a framework calls; an evaluation that a training calls. `forward`: nothing runs the model,
this is only what it computes when called.
"""

FrameworkName = Literal["lightning", "transformers"]
"""Frameworks whose loops run a user's methods."""


@dataclass(frozen=True)
class Arm:
    """One arm of a choice around a stage. Of the arms of one choice a run takes one, inside of a loop each round."""

    choice: int
    """Number of the choice in its pipeline, from 1."""
    number: int
    condition: str
    """As written; empty for what is left when no condition holds."""
    where: Span
    depth: int = 0
    """How many loops stand around the choice."""


@dataclass(frozen=True)
class Stage:
    """One step of a pipeline in execution order. `depth` is the nesting of loops around it (0: before the
    loop), `loops` the loop headers as written, outermost first.
    """

    kind: StageKind
    where: Span
    code: str
    function: str
    """Qualified name of the function it stands in."""
    consumes: tuple[str, ...] = ()
    """Names of the values it reads, as in the code."""
    produces: tuple[str, ...] = ()
    depth: int = 0
    loops: tuple[str, ...] = ()
    condition: str | None = None
    """The `if` around it as written: `iter_num % eval_interval == 0`."""
    outer_conditions: tuple[str, ...] = ()
    """Those around that one, outermost first."""
    framework: FrameworkName | None = None
    """The framework whose loop does this: `where` is then the line that hands control over to it, or the method of
    the user's class that it calls for it. That it does so is knowledge from outside the source.
    """
    called: tuple[str, ...] = ()
    """Qualified names of the repository's own modules whose forward this call may run."""
    arms: tuple[Arm, ...] = ()
    """Choices around it of which other arms hold stages of this pipeline too, outermost first."""
    again: tuple[str, ...] = ()
    """Loops in which further calls lead to this line, the innermost of each; `loops` are those of the first call."""


def exclude_each_other(one: Stage, other: Stage) -> bool:
    """Whether no run takes both stages: they stand in different arms of one choice."""
    arms = {arm.choice: arm.number for arm in one.arms}
    return any(arms.get(arm.choice, arm.number) != arm.number for arm in other.arms)


@dataclass(frozen=True)
class OptimizerGroup:
    """A parameter group: which parameters, by the code's own rule, and its options."""

    selection: str
    options: tuple[tuple[str, Known[object] | Unknown], ...]
    where: Span


@dataclass(frozen=True)
class Optimizer:
    class_name: str
    """Qualified (`torch.optim.AdamW`)."""
    arguments: tuple[tuple[str, str, Known[object] | Unknown], ...]
    """(name, expression as written, value)."""
    groups: tuple[OptimizerGroup, ...]
    where: Span
    condition: str | None = None
    """What it is built under, as written; None where it always is."""
    effective: bool | None = True
    """Whether a default run builds it; None where that is open."""


@dataclass(frozen=True)
class Schedule:
    """A learning-rate schedule: torch's scheduler class or the code's own function, and its curve where the
    evaluator could compute it.
    """

    kind: str
    """`torch.optim.lr_scheduler.X`, or the qualified name of the code's own function."""
    where: Span
    arguments: tuple[tuple[str, str, Known[object] | Unknown], ...] = ()
    curve: tuple[tuple[int, float], ...] = ()
    """(step, learning rate) samples computed from the code's own function; empty where underived."""
    curve_gap: Unknown | None = None
    formula: str = ""
    """The rate as one expression of the code's own terms, where it is written out; its names are `arguments`."""
    counter: str = ""
    """The name in `formula` that counts the steps, or what the curve's steps are."""
    in_percent: bool = False
    """The curve's steps are shares of a whole that only a run knows."""
    set_at: Span | None = None
    """The line that puts the rate into the optimizer's groups in place of the one that it was constructed with."""


@dataclass(frozen=True)
class Loss:
    """A loss term: the called function or class, and what it is called with."""

    function: str
    where: Span
    code: str
    reduction: str | None = None
    ignore_index: Known[object] | Unknown | None = None
    label_smoothing: Known[object] | Unknown | None = None
    label_shift: Span | None = None
    """Where targets are shifted against inputs, if they are."""
    weight: str | None = None
    weight_value: Known[object] | Unknown | None = None
    """What the factors of `weight` come to in a default run; None where there are none."""
    condition: str | None = None
    """Under which this is the loss, or the term is added; None where it always is."""


@dataclass(frozen=True)
class Feature:
    """A thing that a pipeline does, by technique id (`gradient_clipping`, `top_k`), with its values."""

    id: str
    where: Span
    code: str
    values: tuple[tuple[str, Known[object] | Unknown], ...] = ()
    condition: str | None = None


@dataclass(frozen=True)
class DataItem:
    """What one sample or batch contains, as the code builds it."""

    name: str
    expression: str
    shape: str | None
    dtype: str | None
    where: Span
    level: Literal["", "sample", "batch"] = ""
    """Whether a data set returns it for one sample, or a batch is made of it; empty where the code does not tell."""


@dataclass(frozen=True)
class Chance:
    """One arm of a decision by chance: `random() < 0.15`, and what is done then."""

    condition: str
    """As written; empty for what is left when no condition holds."""
    share: Known[float] | Unknown
    """Probability within its chain of conditions, given that the chain is come to."""
    overall: Known[float] | Unknown
    """The same times the shares of the decisions around it in its function."""
    code: str
    where: Span
    """What is done."""
    decided_at: Span
    function: str
    loop: str = ""
    """The loop around it, of which each round decides anew."""
    is_elementwise: bool = False
    """Each element of a tensor is decided by itself."""


@dataclass(frozen=True)
class FrameworkSettings:
    """What the source gives to a framework that runs its loop: the object made, and the arguments as written."""

    framework: FrameworkName
    made: str
    """Dotted name of what is constructed: `lightning.Trainer`, `transformers.TrainingArguments`."""
    settings: tuple[tuple[str, str, Known[object] | Unknown], ...]
    """(name, expression as written, value)."""
    where: Span


@dataclass(frozen=True)
class Pipeline:
    """One training or inference program. Where the code does not do a thing there is no entry; what is done
    but cannot be derived is an Unknown.
    """

    kind: Literal["training", "inference"]
    entry: Span
    entry_name: str
    """Qualified name of the function or path of the script it starts from."""
    main: bool
    evidence: tuple[Evidence, ...]
    stages: tuple[Stage, ...]
    features: tuple[Feature, ...] = ()
    optimizers: tuple[Optimizer, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    losses: tuple[Loss, ...] = ()
    data: tuple[DataItem, ...] = ()
    seeds: tuple[Span, ...] = ()
    files: tuple[str, ...] = ()
    gaps: tuple[Unknown, ...] = ()
    frameworks: tuple[FrameworkSettings, ...] = ()
    derived: tuple[DerivedQuantity, ...] = ()
    """Arithmetic over what the program gives: the effective batch size."""
    seed_conditions: tuple[tuple[Span, str], ...] = ()
    """Those of the seeds that a default run does not surely set, with what they stand under."""
    chances: tuple[Chance, ...] = ()
    """Decisions by chance of the code that makes its samples and runs its loop."""
    start: Start = "program"
    left_out: tuple[Stage, ...] = ()
    """Of an evaluation: statements of the functions it shares with its training that only the training runs."""
    left_out_by: tuple[tuple[str, str], ...] = ()
    """Arguments with the values by which it leaves them out: `train`, `False`."""


@dataclass(frozen=True)
class CallNode:
    """A call in a chain; `target` is the qualified name where it is the repository's own code."""

    label: str
    where: Span
    target: str | None = None
    detail: str | None = None
    """For forward calls: `-> (logits, loss)` or a shape, as known."""
    children: tuple[CallNode, ...] = ()
    note: Literal["", "loop", "condition", "recursion", "cut"] = ""


@dataclass(frozen=True)
class CallChain:
    kind: Literal["training", "inference"]
    root: CallNode
    title: str


@dataclass(frozen=True)
class Usage:
    """A command or code block quoted from the repository's own documents."""

    text: str
    language: str
    where: Span
    purpose: Literal["install", "data", "train", "infer", "evaluate", "run", "api", "other"] = "other"
    """`run`: it starts a program of the repository of which the role is not known."""


@dataclass(frozen=True)
class Processes:
    training: tuple[Pipeline, ...] = ()
    inference: tuple[Pipeline, ...] = ()
    call_chains: tuple[CallChain, ...] = ()
    usages: tuple[Usage, ...] = field(default=())
    evaluations: tuple[Pipeline, ...] = ()
    """What trainings call to evaluate; one of them is also an inference pipeline where no other code runs the model."""
