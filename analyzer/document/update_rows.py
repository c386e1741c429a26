"""Which losses each optimizer follows, where a program steps several in turn: one row for each update of a round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from analyzer.document.blocks import heading, paragraph, table
from analyzer.document.context import Context
from analyzer.document.inline import code, codes, join, ref, refs
from analyzer.document.pipeline_rows import when
from analyzer.records.document import Block, Line, Plain
from analyzer.records.processes import Optimizer, Pipeline, Stage

FEWEST = 2


@dataclass(frozen=True)
class Update:
    """A step with what led to it since the step before."""

    step: Stage
    losses: list[Stage] = field(default_factory=list)
    backward: list[Stage] = field(default_factory=list)


def updates(context: Context, main: Pipeline) -> tuple[Block, ...]:
    """Nothing where all steps are those of one optimizer."""
    words = context.words
    found = [one for one in _updates(main) if one.backward]
    owners = [_optimizers(main, one.step) for one in found]
    if len({tuple(item.where for item in owner) for owner in owners if owner}) < FEWEST:
        return ()
    rows = [
        (
            code(" ".join(one.step.code.split()), 60),
            join([_trained(item) for item in owner]),
            _listed(one.losses),
            _listed(one.backward),
            when(context, one.step),
            ref(one.step.where),
        )
        for one, owner in zip(found, owners, strict=True)
    ]
    title = heading(words, "training.updates", "updates")
    shown = table(words, "updates", "update trains loss backward when where", rows)
    return (title, paragraph(words, "training.updates_opening"), *shown)


def _updates(main: Pipeline) -> Iterator[Update]:
    losses: list[Stage] = []
    backward: list[Stage] = []
    for stage in main.stages:
        if stage.kind == "loss":
            losses.append(stage)
        elif stage.kind == "backward":
            backward.append(stage)
        elif stage.kind == "step":
            yield Update(stage, losses, backward)
            losses, backward = [], []


def _optimizers(main: Pipeline, step: Stage) -> list[Optimizer]:
    """Those whose construction binds the name that the step reads, by its last part."""
    names = {name.rpartition(".")[2] for name in step.consumes}
    made = {
        stage.where.first_line: stage
        for stage in main.stages
        if stage.kind == "optimizer" and names & {name.rpartition(".")[2] for name in stage.produces}
    }
    return [item for item in main.optimizers if item.effective is not False and _is_made(item, made)]


def _is_made(item: Optimizer, made: dict[int, Stage]) -> bool:
    places = [stage.where for stage in made.values()]
    return any(p.path == item.where.path and p.first_line <= item.where.first_line <= p.last_line for p in places)


def _trained(item: Optimizer) -> Line:
    groups = codes([group.selection for group in item.groups[:2]])
    return (*code(item.class_name.rpartition(".")[2]), *((Plain(": "), *groups) if item.groups else ()))


def _listed(stages: list[Stage]) -> Line:
    return refs([stage.where for stage in stages], 6)
