"""A call of a module as a step: its label, class, parameters, and the modules that it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from analyzer.document.diagrams.describe import class_line, parameters_line, shape_text, style_of, varied_text
from analyzer.document.diagrams.flow import Step
from analyzer.records.source import Span
from analyzer.records.tensors import ModuleCall, ModuleRecord, TensorSpec


def children_of(path: str, records: Mapping[str, ModuleRecord]) -> list[str]:
    prefix = f"{path}." if path else ""
    return [name for name in records if name.startswith(prefix) and name and "." not in name.removeprefix(prefix)]


def module_step(
    name: str, paths: tuple[str, ...], parent: str, records: Mapping[str, ModuleRecord], where: Span | None
) -> Step:
    """A call of one module, or of all children of a container in a loop."""
    record = records[paths[0]]
    label = label_of(paths, parent)
    parameters = sum(records[path].parameters for path in paths)
    first_line = class_line(record)
    if len(paths) > 1:
        first_line = classes_line(paths, records)
    elif record.class_name == "Sequential":
        children = children_of(paths[0], records)
        first_line = f"Sequential: {classes_line(children, records)}" if children else "Sequential()"
    style = style_of(f"{label} {record.class_name}", parameters=parameters)
    lines = (first_line, *parameters_line(parameters), *_unlike_calls(paths, records))
    return Step(name, "module", label, lines, style, where, paths, parameters)


def handed_lines(paths: Iterable[str], parent: str, records: Mapping[str, ModuleRecord]) -> tuple[str, ...]:
    """Modules that a call is given to run, each with its class."""
    return tuple(f"calls {label_of((path,), parent)}: {records[path].class_name}" for path in paths)


def label_of(paths: Sequence[str], parent: str) -> str:
    """The path below the parent; of several the part that they share, a star where they differ before its end."""
    prefix = f"{parent}." if parent else ""
    parts = [path.removeprefix(prefix).split(".") for path in paths]
    if len({len(one) for one in parts}) > 1:
        return ".".join(parts[0][:-1]) or parts[0][0]
    same = [column[0] if len(set(column)) == 1 else "*" for column in zip(*parts, strict=True)]
    return ".".join(same[:-1] if same[-1] == "*" and len(same) > 1 else same) if same != ["*"] else parts[0][0]


def _calls(paths: Sequence[str], records: Mapping[str, ModuleRecord]) -> list[ModuleCall]:
    return [call for path in paths for call in records[path].calls if call.known]


def _unlike_calls(paths: Sequence[str], records: Mapping[str, ModuleRecord]) -> tuple[str, ...]:
    """The first and the last call of several modules, where they do not all have the same shapes; one module that is
    called again and again has a step for each call.
    """
    if len(paths) == 1:
        return ()
    said = [f"{shape_text(call.inputs)} → {shape_text(call.outputs)}" for call in _calls(paths, records)]
    return (f"first {said[0]}", f"last {said[-1]}") if len(set(said)) > 1 else ()


def output_text(paths: Sequence[str], records: Mapping[str, ModuleRecord]) -> str:
    """The shape that calls return: the first and the last where they differ, nothing where one returns several."""
    outputs = [call.outputs for call in _calls(paths, records)]
    return _said(paths, outputs)


def taken_text(paths: Sequence[str], records: Mapping[str, ModuleRecord]) -> str:
    """The shape of the one tensor that all calls take."""
    inputs = [call.inputs for call in _calls(paths, records)]
    return _said(paths, inputs)


def _said(paths: Sequence[str], tensors: Sequence[tuple[TensorSpec, ...]]) -> str:
    """Which of the calls of a single module a step is, is not known here."""
    if any(len(one) != 1 for one in tensors) or (len(paths) == 1 and len({shape_text(one) for one in tensors}) > 1):
        return ""
    return varied_text(tensors)


def classes_line(paths: Iterable[str], records: Mapping[str, ModuleRecord]) -> str:
    """`Block ×12`, or the first three classes where there are several."""
    classes: dict[str, int] = {}
    for path in paths:
        name = records[path].class_name
        classes[name] = classes.get(name, 0) + 1
    shown = [f"{name} ×{number}" if number > 1 else name for name, number in list(classes.items())[:3]]
    return ", ".join([*shown, "…"] if len(classes) > 3 else shown)
