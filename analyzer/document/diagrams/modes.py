"""Training beside inference: the kinds of stages of both main pipelines, each with its place."""

from __future__ import annotations

from analyzer.document.diagrams.pipelines import STYLES
from analyzer.document.diagrams.ways import choices_of, followers
from analyzer.records.bundles import Analysis
from analyzer.records.diagrams import Arrow, Box, Diagram, Group
from analyzer.records.processes import Pipeline, Stage
from analyzer.records.techniques import Text

MOST_KINDS = 12
MINOR = ("log", "mode", "load_checkpoint", "zero_grad", "unscale")


def build(analysis: Analysis) -> tuple[Diagram, ...]:
    training = _main(analysis.facts.processes.training)
    inference = _main(analysis.facts.processes.inference)
    if training is None or inference is None:
        return ()
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    for pipeline in (training, inference):
        stages = _first_of_each_kind(pipeline)
        chain = [_box(pipeline.kind, stage) for stage in stages]
        boxes += chain
        arrows += [Arrow(chain[one].id, chain[two].id) for one, two in followers(stages, choices_of(stages))]
    groups = tuple(Group(one.kind, f"{_side(one)}: {one.entry_name}") for one in (training, inference))
    title = Text("Training against inference", "训练与推理对比")
    where = (training.entry, inference.entry)
    return (Diagram("training_versus_inference", title, "flow", tuple(boxes), tuple(arrows), groups, where=where),)


def _side(pipeline: Pipeline) -> str:
    """Where no program infers, what stands for it: the training's evaluation, or a call of the model."""
    return {"evaluation": "evaluation", "forward": "call"}.get(pipeline.start, pipeline.kind)


def _main(pipelines: tuple[Pipeline, ...]) -> Pipeline | None:
    with_stages = [pipeline for pipeline in pipelines if pipeline.stages]
    return next((pipeline for pipeline in with_stages if pipeline.main), next(iter(with_stages), None))


def _first_of_each_kind(pipeline: Pipeline) -> list[Stage]:
    found: dict[str, Stage] = {}
    for stage in pipeline.stages:
        found.setdefault(stage.kind, stage)
    kinds = list(found.values())
    for minor in MINOR:
        if len(kinds) > MOST_KINDS:
            kinds = [stage for stage in kinds if stage.kind != minor]
    return kinds[:MOST_KINDS]


def _box(side: str, stage: Stage) -> Box:
    style = STYLES.get(stage.kind, "plain")
    return Box(f"{side}_{stage.kind}", stage.kind, (str(stage.where),), style, side, stage.where)
