"""How modules, shapes and numbers read inside a box, and which model and trace the drawings show."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from analyzer.records.bundles import Analysis
from analyzer.records.diagrams import BoxStyle, Diagram
from analyzer.records.shown_model import shown_model
from analyzer.records.techniques import Text
from analyzer.records.tensors import ModelShapes, ModuleRecord, TensorSpec, Trace

LONGEST_DETAIL = 26
STYLE_OF_WORDS: tuple[tuple[str, BoxStyle], ...] = (
    ("loss|entropy", "loss"),
    ("atte?n", "attention"),
    ("embed|tokenizer|cache", "feature"),
    ("norm|dropout|identity|relu|gelu|silu|sigmoid|tanh|softmax|pool", "plain"),
)
"""Colour only: a hint to the eye, not a finding."""


def drawn_model(analysis: Analysis) -> ModelShapes | None:
    return shown_model(analysis.shapes.models)


def trace_of(model: ModelShapes, *modes: str) -> Trace | None:
    """The first trace with rows in the order of the modes asked for, else any with rows."""
    with_rows = [trace for trace in model.traces if trace.rows]
    ordered = [trace for mode in modes for trace in with_rows if trace.mode == mode]
    return next(iter(ordered or with_rows), None)


def count(number: int) -> str:
    return f"{number:,}"


def parameters_line(number: int) -> tuple[str, ...]:
    return (f"{number:,} parameters",) if number else ()


def shape_text(tensors: tuple[TensorSpec, ...]) -> str:
    """One shape, or several joined; more than three are cut."""
    shown = [str(tensor) if tensor.shape else "scalar" for tensor in tensors[:3]]
    return ", ".join([*shown, "…"] if len(tensors) > 3 else shown)


VARIES = " … "
"""Between the first and the last shape of what differs from round to round."""


def varied_text(shapes: Iterable[tuple[TensorSpec, ...]]) -> str:
    """The one shape of all rounds, or the first and the last."""
    texts = list(dict.fromkeys(shape_text(tensors) for tensors in shapes if tensors))
    return texts[0] if len(texts) == 1 else f"{texts[0]}{VARIES}{texts[-1]}" if texts else ""


def of_instance(records: Iterable[ModuleRecord], record: ModuleRecord) -> Text:
    """Which instance a drawing of a class shows, where instances differ in their shapes; nothing where they do not."""
    alike = [one for one in records if (one.class_name, one.defined_at) == (record.class_name, record.defined_at)]
    shapes = {shape_text((*call.inputs, *call.outputs)) for one in alike for call in one.calls}
    if len(shapes) < 2 or not record.path:
        return Text("", "")
    return Text(f", shapes of {record.path}", f"，shape 取自 {record.path}")


def typed_shape(tensors: tuple[TensorSpec, ...]) -> tuple[str, ...]:
    return tuple(f"{tensor.dtype} {tensor}" for tensor in tensors[:3])


CONVOLUTION = re.compile(r"(\d+), (\d+), kernel_size=\(([\d, ]+)\), stride=\(([\d, ]+)\)")
COUNTED = re.compile(r"^[\d,]+ parameters")
TIMES = re.compile(r"×(\d+)")
NOISE = re.compile(r"(?:in_features|out_features|num_embeddings|embedding_dim)=|, (?:bias|inplace)=(?:True|False)")


def class_line(record: ModuleRecord) -> str:
    """`Linear(768, 2304)` where the arguments are short, else the class alone."""
    detail = NOISE.sub("", record.detail)
    convolution = CONVOLUTION.match(detail)
    if convolution:
        channels_in, channels_out, kernel, stride = convolution.groups()
        step = set(stride.split(", "))
        detail = f"{channels_in}, {channels_out}, {kernel.replace(', ', '×')}" + (
            "" if step == {"1"} else f", stride {'×'.join(sorted(step))}"
        )
    shown = detail if len(detail) <= LONGEST_DETAIL and "\n" not in detail else ""
    return f"{record.class_name}({shown})" if shown else record.class_name


def style_of(name: str, *, parameters: int = 0) -> BoxStyle:
    for part in reversed(name.lower().split()):  # the class says more than the attribute
        for words, style in STYLE_OF_WORDS:
            if re.search(words, part):
                return style
    return "core" if parameters else "plain"


def without_examples(diagram: Diagram, values: Collection[int], named: Mapping[str, str]) -> Diagram:
    """A drawing of a model of which some sizes are example values: without counts that rest on them. `named` are
    numbers of repeated blocks in names, by the path of the first.
    """
    owners = {group.id: group.label.partition(":")[0] for group in diagram.groups}
    boxes = []
    for box in diagram.boxes:
        times = _times_in_names(box.label, owners.get(box.group or "", ""), named)
        kept = (line for line in box.lines if not COUNTED.search(line))
        boxes.append(replace(box, lines=tuple(_open(line, values, times) for line in kept)))
    groups = tuple(replace(group, label=_open(group.label, values, "?")) for group in diagram.groups)
    return replace(diagram, boxes=tuple(boxes), groups=groups)


def _times_in_names(label: str, owner: str, named: Mapping[str, str]) -> str:
    """The name for the blocks of a list; of lists with the same name, for that in the group of the box."""
    lists = {path.rpartition(".")[0]: times for path, times in named.items()}
    found = {path: times for path, times in lists.items() if path.rpartition(".")[2] == label}
    inside = {times for path, times in found.items() if owner in path.split(".")}
    chosen = inside or set(found.values())
    return chosen.pop() if len(chosen) == 1 else "?"


def _open(text: str, values: Collection[int], times: str) -> str:
    return TIMES.sub(lambda match: f"×{times}" if int(match[1]) in values else match[0], text)
