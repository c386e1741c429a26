"""What a program does beyond the bare loop, by technique id: each with the lines that do it and their values."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.facts.averaged_weights import averaged_weight_features
from analyzer.facts.batches import loader_features
from analyzer.facts.decoding import decoding_features
from analyzer.facts.decoding_controls import control_features
from analyzer.facts.flow import Foreign
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.framework_features import settings_features
from analyzer.facts.interfaces import AUGMENTATION, AUTOCAST, GRAD_SCALER, SEEDS, features_of
from analyzer.facts.learning_rates import schedule_features
from analyzer.facts.library_generation import generation_features
from analyzer.facts.optimization import named_arguments
from analyzer.facts.program import Program
from analyzer.facts.updates import update_features
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Feature, Stage
from analyzer.records.source import Span

Stages = Sequence[tuple[Stage, Occurrence]]
FLAGS = {
    "torch.backends.cuda.matmul.allow_tf32": "tf32",
    "torch.backends.cudnn.allow_tf32": "tf32",
    "torch.backends.cudnn.benchmark": "cudnn_benchmark",
    "torch.backends.cudnn.deterministic": "cudnn_deterministic",
}


PRECISION = ("device_type", "dtype", "enabled")
OLD_PRECISION = ("torch.cuda.amp.", "torch.cpu.amp.")
BOUNDS = ("max_norm", "clip_value", "clip_val", "gradient_clip_val", "value", "mode")
CLIPPING_ORDER = {
    "clip_grad_value_": ("parameters", "clip_value"),
    "clip_gradients": ("optimizer", "gradient_clip_val"),
    "dispatch_clip_grad": ("parameters", "value", "mode"),
}

ARGUMENTS = {
    "exponential_moving_average": ("beta", "decay", "update_every", "update_after_step"),
    "torch_compile": ("mode", "backend", "fullgraph", "dynamic"),
    "lora": ("r", "lora_alpha", "lora_dropout"),
    "mixup": ("mixup_alpha", "cutmix_alpha", "prob", "switch_prob", "label_smoothing", "alpha"),
}
"""Keyword arguments that say how much of a thing is done."""


def find_features(program: Program, stages: Stages) -> tuple[Feature, ...]:
    """Features of a program, each line once, by id and place."""
    found: dict[tuple[str, Span], Feature] = {}
    makers = [_called(program), _flags(program), _clipping(program, stages), _label_smoothing(program)]
    makers += [update_features(program, stages), schedule_features(program, stages), decoding_features(program)]
    makers += [settings_features(program), loader_features(program), averaged_weight_features(program)]
    makers += [control_features(program), generation_features(program)]
    for maker in makers:
        for feature in maker:
            found.setdefault((feature.id, feature.where), feature)
    return tuple(sorted(found.values(), key=lambda feature: (feature.id, feature.where)))


def find_seeds(program: Program) -> dict[Span, str]:
    """Lines that set a seed, with the condition that a default run need not meet; empty where it sets the seed."""
    found: dict[Span, str] = {}
    for occurrence in program.occurrences:
        if any(SEEDS.fullmatch(dotted) for dotted in occurrence.dotted):
            where = program.flow.index.span(occurrence.step.scope.path, occurrence.step.node)
            conditions = occurrence.around.conditions
            open_ones = [] if program.holds(occurrence) else [c for c in conditions if not c.startswith("except")]
            text = open_ones[-1] if open_ones else ""
            found[where] = text if found.get(where, text) else ""
    return found


def make_feature(
    program: Program, id_: str, occurrence: Occurrence, *, names: Sequence[str] = (), order: Sequence[str] = ()
) -> Feature:
    """A feature with the values of the arguments that its call is given, positional ones by the interface's order."""
    step, index = occurrence.step, program.flow.index
    call = occurrence.call
    values: list[tuple[str, Known[object] | Unknown]] = []
    for key, node in named_arguments(call, order) if call is not None else ():
        if key in names:
            values.append((key, program.flow.values.value(node, step.scope, occurrence.stack)))
    condition = occurrence.around.conditions
    return Feature(
        id_,
        index.span(step.scope.path, step.node),
        index.segment(step.scope.path, step.node),
        tuple(values),
        condition[-1] if condition else None,
    )


def _called(program: Program) -> Iterator[Feature]:
    for occurrence in program.occurrences:
        for dotted in occurrence.dotted:
            for id_ in features_of(dotted):
                if id_ == "gradient_checkpointing" and "backward" not in program.kinds:
                    continue  # without gradients nothing is recomputed
                yield make_feature(program, id_, occurrence, names=ARGUMENTS.get(id_, ()))
            if AUTOCAST.fullmatch(dotted):
                yield make_feature(program, "mixed_precision", occurrence, names=PRECISION, order=_order(dotted))
            elif GRAD_SCALER.fullmatch(dotted):
                order = () if dotted.startswith(OLD_PRECISION) else ("device",)
                yield make_feature(program, "mixed_precision", occurrence, names=("device", "enabled"), order=order)
            elif AUGMENTATION.fullmatch(dotted):
                yield make_feature(program, "data_augmentation", occurrence)
            elif dotted in ("accelerate.Accelerator",):
                yield from _accelerator(program, occurrence)


def _order(autocast: str) -> tuple[str, ...]:
    """The order of arguments; the older forms for one kind of device begin with `enabled`."""
    return ("enabled", "dtype") if autocast.startswith(OLD_PRECISION) else PRECISION


def _accelerator(program: Program, occurrence: Occurrence) -> Iterator[Feature]:
    names = {keyword.arg for keyword in occurrence.call.keywords} if occurrence.call is not None else set()
    if "mixed_precision" in names:
        yield make_feature(program, "mixed_precision", occurrence, names=("mixed_precision",))
    if "gradient_accumulation_steps" in names:
        yield make_feature(program, "gradient_accumulation", occurrence, names=("gradient_accumulation_steps",))


def _flags(program: Program) -> Iterator[Feature]:
    for occurrence in program.occurrences:
        node = occurrence.step.node
        if occurrence.step.kind != "store" or not isinstance(node, ast.Attribute):
            continue
        for base in program.flow.inference.types(node.value, occurrence.step.scope):
            id_ = FLAGS.get(f"{base.dotted}.{node.attr}") if isinstance(base, Foreign) else None
            value = getattr(occurrence.step.statement, "value", None)
            if id_ and isinstance(value, ast.Constant) and value.value is True:
                yield _statement_feature(program, id_, occurrence)


def _statement_feature(program: Program, id_: str, occurrence: Occurrence) -> Feature:
    step, index = occurrence.step, program.flow.index
    condition = occurrence.around.conditions
    text = index.segment(step.scope.path, step.statement)
    return Feature(id_, index.span(step.scope.path, step.statement), text, (), condition[-1] if condition else None)


def _clipping(program: Program, stages: Stages) -> Iterator[Feature]:
    for stage, occurrence in stages:
        call = occurrence.call
        if stage.kind == "clip" and stage.framework is None and call is not None:
            order = _order_of_clipping(occurrence, call)
            yield make_feature(program, "gradient_clipping", occurrence, names=BOUNDS, order=order)


def _order_of_clipping(occurrence: Occurrence, call: ast.Call) -> tuple[str, ...]:
    """What the arguments of a clipping call are, by the interface that it belongs to."""
    if any(dotted.startswith("torch.nn.Module()") for dotted in occurrence.dotted):
        return ("max_norm",)
    if any(dotted.endswith("Fabric().clip_gradients") for dotted in occurrence.dotted):
        return ("module", "optimizer", "clip_val", "max_norm")
    name = ast.unparse(call.func).rpartition(".")[2]
    return CLIPPING_ORDER.get(name, ("parameters", "max_norm"))


def _label_smoothing(program: Program) -> Iterator[Feature]:
    for occurrence in program.occurrences:
        call = occurrence.call
        if call is not None and any(k.arg == "label_smoothing" for k in call.keywords):
            feature = make_feature(program, "label_smoothing", occurrence, names=("label_smoothing",))
            if not any(isinstance(v, Known) and v.value in (0, 0.0, None) for _, v in feature.values):
                yield feature
