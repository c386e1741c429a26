"""Shapes, module trees, traces and costs of one evaluated model.

Sizes are numbers with, where it is proved, an expression over the code's own names (`3*n_embd`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from analyzer.records.evidence import Assumption, Condition, Gap, Known, Unknown
from analyzer.records.missing_packages import joined
from analyzer.records.source import Span


@dataclass(frozen=True)
class Dim:
    """A size. `value` is None where it depends on data; `expression` is Python over names, None where only
    the number is known.
    """

    value: int | None
    expression: str | None = None

    def __str__(self) -> str:
        return self.expression or ("?" if self.value is None else str(self.value))


@dataclass(frozen=True)
class TensorSpec:
    """Shape and dtype (`float32`, without `torch.`)."""

    shape: tuple[Dim, ...]
    dtype: str

    def __str__(self) -> str:
        return "[" + ", ".join(str(dim) for dim in self.shape) + "]"


@dataclass(frozen=True)
class ShapeTarget:
    """What a line bound: a name, `self.x` or `return`, and the tensors in it in order."""

    name: str
    tensors: tuple[TensorSpec, ...]
    nested: bool = False
    """True where the value is a tuple, list or dict of tensors and not one tensor."""


@dataclass(frozen=True)
class ShapeRow:
    """One executed line. `module` is the path of the first module it ran for, `modules` all of them,
    `times` how often it ran with these shapes.
    """

    where: Span
    code: str
    module: str
    modules: tuple[str, ...]
    class_name: str
    function: str
    times: int
    targets: tuple[ShapeTarget, ...]


@dataclass(frozen=True)
class CallCondition:
    """A condition on data, as the code states it at its line: `mask.any()`."""

    text: str
    where: Span


@dataclass(frozen=True)
class ModuleCall:
    """One call of a module's forward: the tensors in and out, nested structures flattened in order."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    known: bool = True
    """False where the call did not finish or gave what is not known; `outputs` is empty then and says nothing."""
    under: tuple[CallCondition, ...] = ()
    """What data must be like for this call to happen, outermost first; empty where it always happens."""
    takes_unknown: bool = False
    """Whether it also takes what is not known, or a tensor or None as data have it; `inputs` says nothing of that."""
    hooked: bool = True
    """False where code names the method (`block.forward(x)`): hooks of torch do not see such a call."""


@dataclass(frozen=True)
class ModuleRecord:
    """A module of the built model in `named_modules()` order; `parameters` includes its children, each tensor
    once; `own_parameters` only its own.
    """

    path: str
    class_name: str
    parameters: int
    own_parameters: int = 0
    buffers: int = 0
    created_at: Span | None = None
    defined_at: Span | None = None
    detail: str = ""
    """`extra_repr()`: `768, 2304, bias=True`."""
    calls: tuple[ModuleCall, ...] = ()
    values: tuple[tuple[str, int | float | bool | str], ...] = ()
    """Plain attributes of a module of the repository's own class, as the constructor left them: `("eps", 1e-05)`."""
    own_shapes: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """Sizes of the parameters that such a module itself registers, by name."""
    shared: int = 0
    """Of its own parameters those that a module before it holds too."""
    arguments: tuple[tuple[str, str], ...] = ()
    """What the constructor of a class of the repository was given, by parameter: Python text where it is plain, a
    class's name, `Sequential(…)` for a module, else an ellipsis.
    """


@dataclass(frozen=True)
class ModuleNode:
    """A node of the module tree with identical siblings folded: `transformer.h.0 … 11` is one node ×12."""

    path: str
    name: str
    class_name: str
    parameters: int
    """Per instance, children included."""
    repeats: int
    paths: tuple[str, ...]
    detail: str = ""
    created_at: Span | None = None
    defined_at: Span | None = None
    children: tuple[ModuleNode, ...] = ()


Spec = TensorSpec | str
"""A tensor, or any other argument as Python text."""


@dataclass(frozen=True)
class ModelInput:
    """An argument of the traced call and the reason for its form."""

    name: str
    value: Spec
    reason: str
    """Identifier of the rule that chose it (`unpacked`, `embedding_index`, `user`, `signature` …)."""
    where: Span | None = None


@dataclass(frozen=True)
class TakenArm:
    """A conditional expression that a call evaluated: its parts as written, and whether each arm ran in the modules
    of this record; both did where data decide.
    """

    where: Span
    column: int
    condition: str
    arms: tuple[str, str]
    """Where the condition holds, and where not."""
    ran: tuple[bool, bool]
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Trace:
    """One evaluated call of the model: training (targets given), inference, prefill, decode."""

    mode: Literal["training", "inference", "prefill", "decode"]
    method: str
    inputs: tuple[ModelInput, ...]
    rows: tuple[ShapeRow, ...]
    modules: tuple[ModuleRecord, ...]
    output: tuple[TensorSpec, ...]
    conditions: tuple[Condition, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    gaps: tuple[Gap, ...] = ()
    arms: tuple[TakenArm, ...] = ()
    """Conditional expressions of the code that ran, in the order of the source."""


@dataclass(frozen=True)
class CostBasis:
    """Which call was counted, at which sizes of its inputs; `notes` are identifiers of what else must be said
    (`last_position_only`).
    """

    mode: str
    method: str
    variables: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    longest: tuple[tuple[str, str], ...] = ()
    """Sizes of the inputs of which a setting speaks, with its name: `(("T", "block_size"),)`."""
    limit: int = 0
    """The value of that setting."""


@dataclass(frozen=True)
class FormulaVariable:
    """A name in a formula: its value here, and between which values the formula was checked."""

    name: str
    value: int
    smallest: int
    largest: int


@dataclass(frozen=True)
class Cost:
    """A number with its closed formula in configuration names where it could be derived exactly."""

    value: Known[int] | Unknown
    formula: str | None
    convention: str
    """Identifier of the convention stated beside it (`one_multiply_add_is_two_flops`, `float32_activations` …)."""
    basis: CostBasis | None = None
    """None where the cost is one of the built model and not of a call."""
    variables: tuple[FormulaVariable, ...] = ()
    """Names of the formula; every other setting is as it was built."""
    checked: int = 0
    """At how many configurations that took no part in its derivation the formula gave the counted number."""
    no_formula: Unknown | None = None
    """Why there is no formula, where that was tried."""


@dataclass(frozen=True)
class ModuleShare:
    """What one module costs, its parts included; of repeated blocks, one of them.

    `instances` is how often it stands in the model; `flops` are those of one instance by mode.
    """

    path: str
    class_name: str
    instances: int
    parameters: int
    parameters_formula: str | None = None
    flops: tuple[tuple[str, int], ...] = ()
    flops_formulas: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ParameterCounts:
    total: int
    trainable: int
    active: int | Unknown
    """Parameters used for one token; differs from `total` for mixtures of experts only."""
    tied: int = 0
    """Elements that a sum over modules would count again."""
    buffers: int = 0
    unknown_buffers: int = 0
    """How many buffers got a value that is not known; `buffers` lacks their elements and is then no total."""


@dataclass(frozen=True)
class UnstatedSize:
    """A size that the repository leaves to a checkpoint, a tokenizer or a caller, and the example value that
    stands for it; numbers that rest on the value are no facts of the repository.
    """

    name: str
    value: int
    where: Span


@dataclass(frozen=True)
class FirstValues:
    """What a statement that wrote to parameters while the model was built has left in them."""

    where: Span
    tensors: int
    """Parameters to which it was the last to write, each once."""
    elements: int
    replaced: int = 0
    """Parameters that a later statement wrote to again."""
    replaced_at: tuple[Span, ...] = ()


@dataclass(frozen=True)
class ModelShapes:
    """Everything the evaluator knows about one model: how it was built, its modules, traces and costs."""

    class_name: str
    qualified_name: str
    main: bool
    where: Span
    build_expression: str
    build_origin: Literal[
        "user", "preset", "factory", "training_script", "inference_script", "defaults", "example_sizes"
    ]
    build_where: Span | None
    variables: tuple[tuple[str, int], ...]
    """Names that stand in dims with their values: `(("B", 2), ("T", 16), ("n_embd", 768))`."""
    parameters: Known[ParameterCounts] | Unknown
    modules: tuple[ModuleRecord, ...] = ()
    tree: ModuleNode | None = None
    traces: tuple[Trace, ...] = ()
    costs: tuple[tuple[str, Cost], ...] = ()
    """(`flops` | `activation_bytes` | `kv_bytes_per_token` | `optimizer_bytes` | `parameter_bytes` …, cost)."""
    ties: tuple[tuple[str, str], ...] = ()
    """Pairs of parameter paths that share storage."""
    assumptions: tuple[Assumption, ...] = ()
    gaps: tuple[Gap, ...] = ()
    nets: tuple[str, ...] = ()
    """Identifiers of the safety nets that were active in the worker."""
    shares: tuple[ModuleShare, ...] = ()
    """Modules in the order of the tree, folded as there."""
    unstated: tuple[UnstatedSize, ...] = ()
    repetitions: tuple[tuple[str, str], ...] = ()
    """Of repeated blocks, the path of the first and how often they stand there, in names (`n_layer - 1`)."""
    first_values: tuple[FirstValues, ...] = ()
    """Statements that wrote to parameters while it was built, in the order of files and lines; those that construct a
    module of the library are among them, since its constructor writes.
    """
    built_lines: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """By file the lines that ran while it was built."""

    @property
    def build_call(self) -> str:
        """The last statement of the build: the call itself, without what its arguments need."""
        return self.shown_expression.strip().splitlines()[-1] if self.build_expression.strip() else ""

    @property
    def shown_expression(self) -> str:
        """The build with the names of sizes that the repository does not state in the place of their examples."""
        names = {str(size.value): size.name for size in self.unstated}
        return re.sub(r"(?<![\w.])\d+(?![\w.])", lambda match: names.get(match[0], match[0]), self.build_expression)

    def all_gaps(self) -> tuple[Gap, ...]:
        """Gaps of the build and of every trace, each once with its rows in all of them."""
        return joined((*self.gaps, *(gap for trace in self.traces for gap in trace.gaps)))


@dataclass(frozen=True)
class Illustration:
    """What the trained reference GPT makes of one sentence: its tokens, and the weights of one attention head."""

    sentence: str
    characters: tuple[str, ...]
    token_ids: tuple[int, ...]
    attention: tuple[tuple[float, ...], ...]
    """Rows look at columns; last layer, first head."""


@dataclass(frozen=True)
class ReferenceTrace:
    """The bundled reference GPT as torchinfo saw it, and its yardstick quantities."""

    preset: str
    batch: int
    length: int
    configuration: tuple[tuple[str, str], ...]
    parameters: ParameterCounts
    flops_forward: int
    flops_formula: str
    kv_bytes_per_token: int
    kv_formula: str
    training: tuple[ModuleRecord, ...]
    inference: tuple[ModuleRecord, ...]
    decode: tuple[ModuleRecord, ...] = ()
    illustration: Illustration | None = None
    torchinfo_total: int = 0
    """What torchinfo prints as its total, kept for the test that shows the difference; never printed."""


@dataclass(frozen=True)
class Yardstick:
    """The reference GPT's quantities at one B and T, shown beside those of an analysed model."""

    preset: str
    batch: int
    length: int
    context_length: int
    """The preset's own, or `length` where that is longer."""
    parameters: int
    flops_forward: int
    """One multiply-add is two; matrix products only, attention over all T x T pairs; logits at every position."""
    kv_bytes_per_token: int
    activation_dtype: str
