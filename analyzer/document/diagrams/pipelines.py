"""Training and inference pipelines: the stages in execution order, loops framed, with what is handed on."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace

from analyzer.document.diagrams.ways import (
    Choices,
    Fork,
    arm_name,
    choice_name,
    choices_of,
    followers,
    forks_of,
    within_arms,
)
from analyzer.records.bundles import Analysis
from analyzer.records.diagrams import Arrow, Box, BoxStyle, Diagram, Group
from analyzer.records.processes import Pipeline, Stage, StageKind, exclude_each_other
from analyzer.records.source import Span
from analyzer.records.techniques import Text

MOST_STAGES = 16
MOST_PIPELINES = 4
LEAST_BOXES = 3
LONGEST_CODE = 36
LONGEST_HEADER = 52
MOST_NAMES = 3
LEAST_IMPORTANT: tuple[StageKind, ...] = (
    "log",
    "mode",
    "zero_grad",
    "unscale",
    "load_checkpoint",
    "checkpoint",
    "tokenize",
    "build",
)
STYLES: dict[StageKind, BoxStyle] = {
    "data": "io", "tokenize": "io", "augment": "io", "batch": "io", "preprocess": "io", "sample": "io",
    "postprocess": "io", "output": "io", "build": "core", "forward": "core", "prefill": "core", "decode": "core",
    "loss": "loss", "backward": "loss", "evaluate": "attention", "optimizer": "feature", "clip": "feature",
    "unscale": "feature", "step": "feature", "zero_grad": "feature", "schedule": "feature",
}  # fmt: skip
TITLES = {
    "training": Text("Training pipeline of {entry}", "{entry} 的训练流程"),
    "inference": Text("Inference pipeline of {entry}", "{entry} 的推理流程"),
    "evaluation": Text("Evaluation in {entry}", "{entry} 的评估流程"),
    "forward": Text("A call of {entry}", "{entry} 的一次调用"),
}


def build(analysis: Analysis) -> tuple[Diagram, ...]:
    processes = analysis.facts.processes
    return (*_all_of(processes.training), *_all_of(processes.inference))


def _all_of(pipelines: tuple[Pipeline, ...]) -> tuple[Diagram, ...]:
    """The main one first; its id carries no number."""
    ordered = sorted(pipelines, key=lambda pipeline: not pipeline.main)[:MOST_PIPELINES]
    drawn = []
    for number, pipeline in enumerate(ordered, 1):
        name = f"{pipeline.kind}_pipeline" + (f"_{number}" if number > 1 else "")
        drawn.append(draw_pipeline(name, pipeline))
    return tuple(diagram for diagram in drawn if len(diagram.boxes) >= LEAST_BOXES)


def draw_pipeline(name: str, pipeline: Pipeline) -> Diagram:
    shown, left_out = shortened(pipeline.stages)
    choices = choices_of(pipeline.stages)
    shown = _with_forks(shown, choices)
    stages = [one.stage for one in shown]
    frames = [Group(f"loop{number}", _cut(run.loop[0], LONGEST_HEADER)) for number, run in enumerate(_runs(stages, 1))]
    inside = {at: f"loop{number}" for number, run in enumerate(_runs(stages, 1)) for at in run.stages}
    armed = {(stage.kind, stage.where) for stage in pipeline.stages if stage.arms}
    boxes = [_box(number, one, inside.get(number), armed) for number, one in enumerate(shown)]
    arrows = [
        Arrow(f"s{one}", f"s{two}", _branch_label(shown[one], stages[two]) or _handed_on(shown[one], stages[two]))
        for one, two in followers(stages, choices)
    ]
    arrows += _loop_arrows(stages)
    template = TITLES[pipeline.start if pipeline.start in TITLES else pipeline.kind]
    entry = pipeline.entry_name
    more = (f" ({left_out} minor stages left out)", f"（省略 {left_out} 个次要阶段）") if left_out else ("", "")
    title = Text(template.en.format(entry=entry) + more[0], template.zh.format(entry=entry) + more[1])
    return Diagram(name, title, "flow", tuple(boxes), tuple(arrows), tuple(frames), where=(pipeline.entry,))


def _with_forks(shown: list[Shown], choices: Choices) -> list[Shown]:
    """A box of its own where ways part, before the stages of the arms."""
    found: list[Shown] = []
    forks = forks_of([one.stage for one in shown], choices)
    for at, one in enumerate(shown):
        for fork in (fork for fork in forks if fork.at == at):
            head = Stage(one.stage.kind, fork.choice.where, "", one.stage.function, loops=fork.loops, arms=fork.outer)
            found.append(Shown(head, fork=fork))
        found.append(one)
    return found


def _branch_label(shown: Shown, following: Stage) -> str:
    """At the arrow into an arm its condition."""
    arm = next((arm for arm in following.arms if shown.fork and arm.choice == shown.fork.choice.choice), None)
    said = "" if arm is None else f"{arm_name(arm)}: " + (f"if {arm.condition}" if arm.condition else "otherwise")
    return _cut(said, LONGEST_CODE)


@dataclass(frozen=True)
class Shown:
    """A stage of the drawing with the others of its kind that stand right behind it."""

    stage: Stage
    also: tuple[Stage, ...] = ()
    fork: Fork | None = None
    """Where this is no stage but the place at which ways part."""


def shortened(stages: tuple[Stage, ...]) -> tuple[list[Shown], int]:
    """Neighbours of one kind become one; while there are too many, the least important kinds give way. Returns
    also how many stages were left out.
    """
    kept = list(stages)
    for kind in (None, *LEAST_IMPORTANT):
        shorter = [stage for stage in kept if stage.kind != kind]
        if len(_merged(kept)) > MOST_STAGES and shorter:
            kept = shorter
    shown = _merged(within_arms(kept))[:MOST_STAGES]
    return shown, len(stages) - sum(1 + len(one.also) for one in shown)


def _merged(stages: list[Stage]) -> list[Shown]:
    merged: list[Shown] = []
    for stage in stages:
        last = merged[-1] if merged else None
        if last and (last.stage.kind, last.stage.loops, last.stage.arms) == (stage.kind, stage.loops, stage.arms):
            merged[-1] = replace(last, also=(*last.also, stage))
        else:
            merged.append(Shown(stage))
    return merged


def _box(number: int, shown: Shown, group: str | None, armed: Set[tuple[StageKind, Span]]) -> Box:
    """`armed` are the stages that stand in arms themselves; others are only reached in one."""
    stage = shown.stage
    if shown.fork:
        label = f"{choice_name(shown.fork.choice.choice)}: one of {shown.fork.arms}"
        return Box(f"s{number}", label, (str(stage.where),), "plain", group, stage.where)
    arms = [arm_name(arm) for arm in stage.arms if (stage.kind, stage.where) in armed]
    lines = [" ".join([*arms, f"{stage.kind} · {stage.where}"])]
    if stage.condition and stage.condition not in {arm.condition for arm in stage.arms}:
        lines.append(f"if {_cut(stage.condition, LONGEST_CODE)}")
    if shown.also:
        places = ", ".join(str(one.where) for one in shown.also[:2])
        lines.append(f"also {places}" + (", …" if len(shown.also) > 2 else ""))
    style = STYLES.get(stage.kind, "plain")
    return Box(f"s{number}", _code_label(stage.code), tuple(lines), style, group, stage.where)


def _code_label(code: str) -> str:
    """The statement on one line; where it is long, without the arguments of its call."""
    flat = " ".join(code.split())
    called = flat.partition("(")[0]
    if len(flat) > LONGEST_CODE and len(called) < len(flat) - 4:
        flat = f"{called}(…)"
    return _cut(flat, LONGEST_CODE)


def _cut(text: str, longest: int) -> str:
    """On one line; what is too long ends behind a whole word, if that is not too far back."""
    flat = " ".join(text.split())
    if len(flat) <= longest:
        return flat
    head, _, last = flat[: longest - 1].rpartition(" ")
    return f"{head} …" if len(last) < longest // 3 and flat[longest - 1] != " " and head else f"{head} {last}…".strip()


def _handed_on(shown: Shown, following: Stage) -> str:
    """Names that the next stage reads of what this one makes."""
    made = dict.fromkeys(name for stage in (shown.stage, *shown.also) for name in stage.produces)
    names = [name for name in made if name in following.consumes]
    return ", ".join(names[:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "")


def _loop_arrows(stages: list[Stage]) -> list[Arrow]:
    """From the last stage of every loop back to its first; the outermost header stands on its frame already."""
    arrows = []
    for depth in range(1, 1 + max((len(stage.loops) for stage in stages), default=0)):
        for run in _runs(stages, depth):
            if len(run.stages) > 1:
                label = "" if depth == 1 else _cut(run.loop[-1], LONGEST_HEADER)
                arrows.append(Arrow(f"s{run.stages[-1]}", f"s{run.stages[0]}", label, dashed=True))
    return arrows


@dataclass(frozen=True)
class Run:
    """Neighbouring stages inside one loop; the same words around another place are another loop."""

    loop: tuple[str, ...]
    stages: tuple[int, ...]


def _runs(stages: list[Stage], depth: int) -> list[Run]:
    runs: list[Run] = []
    for number, stage in enumerate(stages):
        if len(stage.loops) < depth:
            continue
        loop = stage.loops[:depth]
        last = runs[-1] if runs else None
        apart = bool(last) and _are_apart(stages[number - 1], stage, depth)
        if last and last.loop == loop and last.stages[-1] == number - 1 and not apart:
            runs[-1] = replace(last, stages=(*last.stages, number))
        else:
            runs.append(Run(loop, (number,)))
    return runs


def _are_apart(one: Stage, other: Stage, depth: int) -> bool:
    """In different arms of a choice that stands outside of the loop: their loops only read alike."""
    outside = [replace(stage, arms=tuple(arm for arm in stage.arms if arm.depth < depth)) for stage in (one, other)]
    return exclude_each_other(*outside)
