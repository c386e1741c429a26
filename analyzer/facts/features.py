"""What a program does beyond the bare loop, by technique id: each with the lines that do it and their values."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.facts.decoding import decoding_features
from analyzer.facts.flow import Foreign
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.interfaces import AUGMENTATION, AUTOCAST, GRAD_SCALER, SEEDS, features_of
from analyzer.facts.learning_rates import schedule_features
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


def find_features(program: Program, stages: Stages) -> tuple[Feature, ...]:
    """Features of a program, each line once, by id and place."""
    found: dict[tuple[str, Span], Feature] = {}
    makers = [_called(program), _flags(program), _clipping(program, stages), _label_smoothing(program)]
    makers += [update_features(program, stages), schedule_features(program, stages), decoding_features(program)]
    for maker in makers:
        for feature in maker:
            found.setdefault((feature.id, feature.where), feature)
    return tuple(sorted(found.values(), key=lambda feature: (feature.id, feature.where)))


def find_seeds(program: Program) -> tuple[Span, ...]:
    """Lines that set a seed."""
    found: dict[Span, None] = {}
    for occurrence in program.occurrences:
        if any(SEEDS.fullmatch(dotted) for dotted in occurrence.dotted):
            found.setdefault(program.flow.index.span(occurrence.step.scope.path, occurrence.step.node))
    return tuple(found)


def make_feature(program: Program, id_: str, occurrence: Occurrence, *, names: Sequence[str] = ()) -> Feature:
    """A feature with the values of the arguments that its call is given."""
    step, index = occurrence.step, program.flow.index
    call = occurrence.call
    values: list[tuple[str, Known[object] | Unknown]] = []
    for key, node in named_arguments(call, names) if call is not None else ():
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
                yield make_feature(program, id_, occurrence)
            if AUTOCAST.fullmatch(dotted):
                yield make_feature(program, "mixed_precision", occurrence, names=("device_type", "dtype", "enabled"))
            elif GRAD_SCALER.fullmatch(dotted):
                yield make_feature(program, "mixed_precision", occurrence, names=("device", "enabled"))
            elif AUGMENTATION.fullmatch(dotted):
                yield make_feature(program, "data_augmentation", occurrence)
            elif dotted in ("accelerate.Accelerator",):
                yield from _accelerator(program, occurrence)


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
        if stage.kind == "clip":
            call = occurrence.call
            names = (
                ("parameters", "max_norm")
                if call is not None and not _is_by_value(call)
                else ("parameters", "clip_value")
            )
            feature = make_feature(program, "gradient_clipping", occurrence, names=names)
            values = tuple(pair for pair in feature.values if pair[0] != "parameters")
            yield Feature(feature.id, feature.where, feature.code, values, feature.condition)


def _is_by_value(call: ast.Call) -> bool:
    return ast.unparse(call.func).endswith("clip_grad_value_")


def _label_smoothing(program: Program) -> Iterator[Feature]:
    for occurrence in program.occurrences:
        call = occurrence.call
        if call is not None and any(k.arg == "label_smoothing" for k in call.keywords):
            feature = make_feature(program, "label_smoothing", occurrence, names=("label_smoothing",))
            if not any(isinstance(v, Known) and v.value in (0, 0.0, None) for _, v in feature.values):
                yield feature
