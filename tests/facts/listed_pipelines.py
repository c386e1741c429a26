"""Pipelines as text, one fact a line: what the expected files of the cases hold."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.processes import derive_processes
from analyzer.facts.structure import derive_structure
from analyzer.index import SourceIndex
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Pipeline, Processes


def derive(index: SourceIndex) -> Processes:
    structure, value_of = derive_structure(index), Interpreter(index).value_of
    return derive_processes(index, structure, derive_configuration(index, structure, value_of), value_of)


def listed(processes: Processes) -> str:
    """All pipelines, the main ones first."""
    told = [line for p in (*processes.training, *processes.inference) for line in _lines(p)]
    judged = [line for p in processes.evaluations for line in _brief(p)]
    return "\n".join([*told, *judged]) + "\n"


def _brief(pipeline: Pipeline) -> Iterator[str]:
    """What an evaluation does, and what of its training it leaves out."""
    yield f"evaluation {pipeline.entry_name}"
    for stage in pipeline.stages:
        yield f"  stage {'. ' * stage.depth}{stage.kind} {stage.where}"
    by = " ".join(f"{name}={value}" for name, value in pipeline.left_out_by)
    for stage in pipeline.left_out:
        yield f"  without {stage.kind} {stage.where} {by}".rstrip()


def _lines(pipeline: Pipeline) -> Iterator[str]:
    started = f" [{pipeline.start}]" if pipeline.start != "program" else ""
    yield f"{pipeline.kind} {pipeline.entry_name}{' (main)' if pipeline.main else ''}{started}"
    for stage in pipeline.stages:
        under = f" if {stage.condition}" if stage.condition else ""
        by = f" [{stage.framework}]" if stage.framework else ""
        yield f"  stage {'. ' * stage.depth}{stage.kind} {stage.where}{by}{under}"
    for optimizer in pipeline.optimizers:
        values = " ".join(f"{name}={_value(value)}" for name, _, value in optimizer.arguments)
        yield f"  optimizer {optimizer.class_name} {optimizer.where} {values}".rstrip()
        for group in optimizer.groups:
            options = " ".join(f"{name}={_value(value)}" for name, value in group.options)
            yield f"    group {group.where} {options}".rstrip()
    for schedule in pipeline.schedules:
        values = " ".join(f"{name}={_value(value)}" for name, _, value in schedule.arguments)
        yield f"  schedule {schedule.kind} {schedule.where} {values} ({len(schedule.curve)} points)"
    yield from _losses(pipeline)
    yield from _rest(pipeline)


def _losses(pipeline: Pipeline) -> Iterator[str]:
    for loss in pipeline.losses:
        options = f" reduction={loss.reduction}" if loss.reduction else ""
        options += f" ignore_index={_value(loss.ignore_index)}" if loss.ignore_index else ""
        options += f" label_smoothing={_value(loss.label_smoothing)}" if loss.label_smoothing else ""
        options += f" shift={loss.label_shift}" if loss.label_shift else ""
        options += f" weight={loss.weight}" if loss.weight else ""
        yield f"  loss {loss.function} {loss.where}{options}"


def _rest(pipeline: Pipeline) -> Iterator[str]:
    for feature in pipeline.features:
        values = " ".join(f"{name}={_value(value)}" for name, value in feature.values)
        yield f"  feature {feature.id} {feature.where} {values}".rstrip()
    for item in pipeline.data:
        yield f"  data {item.name} {item.where} {item.level or '-'} shape={item.shape} dtype={item.dtype}"
    for chance in pipeline.chances:
        share, overall, each = _value(chance.share), _value(chance.overall), " each" if chance.is_elementwise else ""
        yield f"  chance{each} {share} ({overall} of all) {chance.where} if {chance.condition or '-'}"
    for quantity in pipeline.derived:
        yield f"  derived {quantity.name} {quantity.where} {quantity.formula} = {_value(quantity.value)}"
    for made in pipeline.frameworks:
        values = " ".join(f"{name}={_value(value)}" for name, _, value in made.settings)
        yield f"  settings {made.made} {made.where} {values}".rstrip()
    for seed in pipeline.seeds:
        yield f"  seed {seed}"


def _value(value: Known[object] | Unknown) -> str:
    return repr(value.value) if isinstance(value, Known) else f"<{value.reason}>"
