"""Training and inference pipelines: the stages in execution order, loops framed, with what is handed on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from analyzer.records.bundles import Analysis
from analyzer.records.diagrams import Arrow, Box, BoxStyle, Diagram, Group
from analyzer.records.processes import Pipeline, Stage, StageKind
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
    "training": Text("Training pipeline of {entry}", "{entry} 的训练流水线"),
    "inference": Text("Inference pipeline of {entry}", "{entry} 的推理流水线"),
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
    stages = [one.stage for one in shown]
    frames = [Group(f"loop{number}", _cut(run.loop[0], LONGEST_HEADER)) for number, run in enumerate(_runs(stages, 1))]
    inside = {at: f"loop{number}" for number, run in enumerate(_runs(stages, 1)) for at in run.stages}
    boxes = [_box(number, one, inside.get(number)) for number, one in enumerate(shown)]
    arrows = [
        Arrow(f"s{number}", f"s{number + 1}", _handed_on(shown[number], stages[number + 1]))
        for number in range(len(stages) - 1)
    ]
    arrows += _loop_arrows(stages)
    template = TITLES[pipeline.kind]
    entry = pipeline.entry_name
    more = (f" ({left_out} minor stages left out)", f"（省略 {left_out} 个次要阶段）") if left_out else ("", "")
    title = Text(template.en.format(entry=entry) + more[0], template.zh.format(entry=entry) + more[1])
    return Diagram(name, title, "flow", tuple(boxes), tuple(arrows), tuple(frames), where=(pipeline.entry,))


@dataclass(frozen=True)
class Shown:
    """A stage of the drawing with the others of its kind that stand right behind it."""

    stage: Stage
    also: tuple[Stage, ...] = ()


def shortened(stages: tuple[Stage, ...]) -> tuple[list[Shown], int]:
    """Neighbours of one kind become one; while there are too many, the least important kinds give way. Returns
    also how many stages were left out.
    """
    kept = list(stages)
    for kind in (None, *LEAST_IMPORTANT):
        shorter = [stage for stage in kept if stage.kind != kind]
        if len(_merged(kept)) > MOST_STAGES and shorter:
            kept = shorter
    shown = _merged(kept)[:MOST_STAGES]
    return shown, len(stages) - sum(1 + len(one.also) for one in shown)


def _merged(stages: list[Stage]) -> list[Shown]:
    merged: list[Shown] = []
    for stage in stages:
        last = merged[-1] if merged else None
        if last and last.stage.kind == stage.kind and last.stage.loops == stage.loops:
            merged[-1] = replace(last, also=(*last.also, stage))
        else:
            merged.append(Shown(stage))
    return merged


def _box(number: int, shown: Shown, group: str | None) -> Box:
    stage = shown.stage
    lines = [f"{stage.kind} · {stage.where}"]
    if stage.condition:
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
        if last and last.loop == loop and last.stages[-1] == number - 1:
            runs[-1] = replace(last, stages=(*last.stages, number))
        else:
            runs.append(Run(loop, (number,)))
    return runs
