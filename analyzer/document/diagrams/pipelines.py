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
    headers = list(dict.fromkeys(stage.loops[0] for stage in stages if stage.loops))
    groups = {header: f"loop{number}" for number, header in enumerate(headers)}
    boxes = [_box(number, one, groups) for number, one in enumerate(shown)]
    arrows = [
        Arrow(f"s{number}", f"s{number + 1}", _handed_on(shown[number], stages[number + 1]))
        for number in range(len(stages) - 1)
    ]
    arrows += _loop_arrows(stages)
    template = TITLES[pipeline.kind]
    entry = pipeline.entry_name
    more = (f" ({left_out} minor stages left out)", f"（省略 {left_out} 个次要阶段）") if left_out else ("", "")
    title = Text(template.en.format(entry=entry) + more[0], template.zh.format(entry=entry) + more[1])
    frames = tuple(Group(group, _cut(header, LONGEST_HEADER)) for header, group in groups.items())
    return Diagram(name, title, "flow", tuple(boxes), tuple(arrows), frames, where=(pipeline.entry,))


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


def _box(number: int, shown: Shown, groups: dict[str, str]) -> Box:
    stage = shown.stage
    lines = [f"{stage.kind} · {stage.where}"]
    if stage.condition:
        lines.append(f"if {_cut(stage.condition, LONGEST_CODE)}")
    if shown.also:
        places = ", ".join(str(one.where) for one in shown.also[:2])
        lines.append(f"also {places}" + (", …" if len(shown.also) > 2 else ""))
    group = groups[stage.loops[0]] if stage.loops else None
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
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else flat[: longest - 1].rstrip() + "…"


def _handed_on(shown: Shown, following: Stage) -> str:
    """Names that the next stage reads of what this one makes."""
    made = dict.fromkeys(name for stage in (shown.stage, *shown.also) for name in stage.produces)
    names = [name for name in made if name in following.consumes]
    return ", ".join(names[:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "")


def _loop_arrows(stages: list[Stage]) -> list[Arrow]:
    """From the last stage of every loop back to its first; the outermost header stands on its frame already."""
    arrows = []
    loops = dict.fromkeys(stage.loops[: depth + 1] for stage in stages for depth in range(len(stage.loops)))
    for loop in loops:
        inside = [number for number, stage in enumerate(stages) if stage.loops[: len(loop)] == loop]
        if len(inside) > 1:
            label = "" if len(loop) == 1 else _cut(loop[-1], LONGEST_HEADER)
            arrows.append(Arrow(f"s{inside[-1]}", f"s{inside[0]}", label, dashed=True))
    return arrows
