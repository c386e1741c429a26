"""Training against inference: aspects from the two main pipelines, and the lines of forward that differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.records.bundles import Facts, Shapes
from analyzer.records.processes import Pipeline, Stage
from analyzer.records.source import Span
from analyzer.records.techniques import LineDifference, ModeDifference, TechniqueFinding
from analyzer.records.tensors import ShapeRow, Trace
from analyzer.techniques.findings.mode_switches import switched_mode
from analyzer.techniques.findings.searches import (
    called_readings,
    data_sources,
    gradient_switches,
    loops_in_library,
    mode_switches,
    reached_readings,
    runs_in_library,
    updates,
    weight_files,
)
from analyzer.techniques.program import Program

MOST_PLACES = 4
_ASPECTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("data", ("data", "tokenize"), ("data", "tokenize", "preprocess", "batch")),
    ("batch", ("batch",), ("batch",)),
    ("mode", ("mode",), ("mode",)),
    ("forward", ("forward",), ("forward", "prefill", "decode")),
    ("goal", ("loss",), ("sample", "postprocess")),
    ("update", ("step", "schedule", "clip"), ()),
    ("weights", ("load_checkpoint",), ("load_checkpoint",)),
)
"""Aspect with the kinds of stages that show it in training and in inference."""
RUNNING = frozenset({"forward", "prefill", "decode", "sample"})


def mode_differences(
    program: Program, facts: Facts, shapes: Shapes, techniques: Sequence[TechniqueFinding]
) -> tuple[ModeDifference, ...]:
    """Rows of the comparison; none unless both pipelines exist."""
    training = next((p for p in facts.processes.training if p.main), None)
    inference = next((p for p in facts.processes.inference if p.main), None)
    if training is None or inference is None:
        return ()
    entry = ModeDifference("entry", (training.entry,), (inference.entry,), training.entry_name, inference.entry_name)
    return (
        entry,
        *_traced(shapes),
        *_stages(program, training, inference),
        _gradients(program, training, inference),
        *_dropped(program, inference, techniques),
        *_own_parts(training, inference),
    )


def _stages(program: Program, training: Pipeline, inference: Pipeline) -> Iterator[ModeDifference]:
    for aspect, train_kinds, infer_kinds in _ASPECTS:
        if _of_kinds(training, train_kinds) or _of_kinds(inference, infer_kinds):
            one = _side(program, training, aspect, train_kinds)
            two = _side(program, inference, aspect, infer_kinds)
            yield ModeDifference(aspect, one[0], two[0], one[1], two[1])


def _side(program: Program, pipeline: Pipeline, aspect: str, kinds: tuple[str, ...]) -> tuple[tuple[Span, ...], str]:
    stages = _of_kinds(pipeline, kinds)
    if aspect == "mode":
        return switched_mode(program, pipeline, MOST_PLACES) or _beyond_stages(program, pipeline, aspect)
    return (_places(stages), _said(stages, "")) if stages else _beyond_stages(program, pipeline, aspect)


def _of_kinds(pipeline: Pipeline, kinds: tuple[str, ...]) -> list[Stage]:
    """Stages of the kinds, in the order in which the kinds are named: the most telling first."""
    return [stage for kind in kinds for stage in pipeline.stages if stage.kind == kind]


def _places(stages: Sequence[Stage]) -> tuple[Span, ...]:
    return tuple(dict.fromkeys(stage.where for stage in stages))[:MOST_PLACES]


def _said(stages: Sequence[Stage], absent: str) -> str:
    """The first stage's own line, or the id of the sentence that there is none."""
    return " ".join(stages[0].code.split()) if stages else absent


def _gradients(program: Program, training: Pipeline, inference: Pipeline) -> ModeDifference:
    """Backward passes on one side, what switches gradients off on the other."""
    backward = [stage for stage in training.stages if stage.kind == "backward"]
    switches = _nearest_switches(program, inference)
    unknown = "library_decides" if runs_in_library(program, reached_readings(program, inference)) else "gradient_absent"
    return ModeDifference(
        "gradient",
        _places(backward),
        switches,
        _said(backward, "no_backward_stage"),
        _quoted(program, switches) or unknown,
    )


def _nearest_switches(program: Program, pipeline: Pipeline) -> tuple[Span, ...]:
    """Gradient switches of the functions that run the model, else of any that the pipeline calls."""
    runs = {stage.function for stage in pipeline.stages if stage.kind in RUNNING}
    stages = {pipeline.entry_name, f"{pipeline.entry.path}:", *(stage.function for stage in pipeline.stages)}
    called = called_readings(program, pipeline)
    for names in (runs, stages):
        wanted = names | {f"{name}:" for name in names if ":" not in name}
        found = gradient_switches(program, tuple(r for r in program.readings if r.qualified_name in wanted))
        if found:
            return found[:MOST_PLACES]
    return gradient_switches(program, called)[:MOST_PLACES]


def _quoted(program: Program, spans: tuple[Span, ...]) -> str:
    text = program.index.quote(spans[0].path, spans[0].first_line, spans[0].last_line) if spans else ""
    return " ".join(text.split())


def _beyond_stages(program: Program, pipeline: Pipeline, aspect: str) -> tuple[tuple[Span, ...], str]:
    """For an aspect without a stage: what its whole reach holds; absent is said only where the search was empty."""
    reached = reached_readings(program, pipeline)
    decides = runs_in_library if aspect == "mode" else loops_in_library
    if decides(program, reached):
        return (), "library_decides"
    search = _SEARCHES.get(aspect)
    return (), f"{aspect}_absent" if search is not None and not search(program, reached) else "no_such_stage"


_SEARCHES = {"mode": mode_switches, "update": updates, "data": data_sources, "weights": weight_files}


def _traced(shapes: Shapes) -> Iterator[ModeDifference]:
    """Inputs and outputs of the two evaluated calls of the main model."""
    pair = traced_modes(shapes)
    if pair is not None:
        one, two = pair
        if one.inputs and two.inputs:
            yield ModeDifference("input", (), (), _inputs(one), _inputs(two))
        if one.output and two.output:
            yield ModeDifference("output", (), (), _outputs(one), _outputs(two))


def _inputs(trace: Trace) -> str:
    return ", ".join(f"{item.name} {item.value}" for item in trace.inputs)


def _outputs(trace: Trace) -> str:
    return ", ".join(str(spec) for spec in trace.output)


def _dropped(program: Program, inference: Pipeline, techniques: Sequence[TechniqueFinding]) -> Iterator[ModeDifference]:
    """Random parts of the model that only training has, where inference does switch them off."""
    found = [t for t in techniques if t.in_use and t.sheet_id in ("dropout", "stochastic_depth")]
    if found:
        spans = tuple(span for finding in found for span in finding.where)
        said = _quoted(program, (Span(spans[0].path, spans[0].first_line, spans[0].first_line),))
        staged = [stage for stage in inference.stages if stage.kind == "mode" and "eval" in stage.code]
        switches = _places(staged) or _evaluation_switches(program, inference)
        absent = "library_decides" if runs_in_library(program, reached_readings(program, inference)) else "not_switched"
        yield ModeDifference(
            "augmentation", spans[:MOST_PLACES], switches, said, "dropout_inactive" if switches else absent
        )


def _evaluation_switches(program: Program, pipeline: Pipeline) -> tuple[Span, ...]:
    spans = mode_switches(program, called_readings(program, pipeline))
    return tuple(s for s in spans if "eval" in _quoted(program, (s,)) or "False" in _quoted(program, (s,)))


def _own_parts(training: Pipeline, inference: Pipeline) -> Iterator[ModeDifference]:
    """Techniques that one pipeline alone uses, by id."""
    left = {f.id: f for f in training.features}
    right = {f.id: f for f in inference.features}
    only = [sorted(set(one) - set(other)) for one, other in ((left, right), (right, left))]
    if any(only):
        places = [tuple(table[name].where for name in names) for table, names in zip((left, right), only, strict=True)]
        said = [", ".join(names) or "nothing_of_its_own" for names in only]
        yield ModeDifference("modules", places[0][:MOST_PLACES], places[1][:MOST_PLACES], said[0], said[1])


def traced_modes(shapes: Shapes) -> tuple[Trace, Trace] | None:
    """Training and inference trace of the main model, where both exist and call the same method."""
    main = next((model for model in shapes.models if model.main), None)
    traces = main.traces if main is not None else ()
    training = next((t for t in traces if t.mode == "training"), None)
    inference = next((t for t in traces if t.mode in ("inference", "prefill", "decode")), None)
    return (training, inference) if training and inference and training.method == inference.method else None


def line_differences(shapes: Shapes) -> tuple[LineDifference, ...]:
    """Lines of the main model that run in one of training and inference only, or with other shapes."""
    pair = traced_modes(shapes)
    return tuple(_different_lines(*pair)) if pair is not None else ()


def _different_lines(training: Trace, inference: Trace) -> Iterator[LineDifference]:
    left, right = _by_line(training), _by_line(inference)
    for place in sorted({*left, *right}):
        one, two = left.get(place), right.get(place)
        said = _shapes(one), _shapes(two)
        if said[0] != said[1]:
            row = (one or two or [])[0]
            yield LineDifference(row.where, row.code, said[0], said[1])


def _by_line(trace: Trace) -> dict[tuple[str, int], list[ShapeRow]]:
    found: dict[tuple[str, int], list[ShapeRow]] = {}
    for row in trace.rows:
        found.setdefault((row.where.path, row.where.first_line), []).append(row)
    return found


def _shapes(rows: list[ShapeRow] | None) -> str | None:
    """Targets with their shapes; a line that ran with several shapes lists each once."""
    if rows is None:
        return None
    said = [f"{t.name} {' '.join(str(spec) for spec in t.tensors)}" for row in rows for t in row.targets if t.tensors]
    return "; ".join(dict.fromkeys(said))
