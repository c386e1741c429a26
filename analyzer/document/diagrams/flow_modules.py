"""A call of a module as a step: its label, class, parameters, and the modules that it stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analyzer.document.diagrams.describe import class_line, parameters_line, style_of
from analyzer.document.diagrams.flow import Step
from analyzer.records.source import Span
from analyzer.records.tensors import ModuleRecord


def children_of(path: str, records: Mapping[str, ModuleRecord]) -> list[str]:
    prefix = f"{path}." if path else ""
    return [name for name in records if name.startswith(prefix) and name and "." not in name.removeprefix(prefix)]


def module_step(
    name: str, paths: tuple[str, ...], parent: str, records: Mapping[str, ModuleRecord], where: Span | None
) -> Step:
    """A call of one module, or of all children of a container in a loop."""
    record = records[paths[0]]
    label = paths[0].removeprefix(f"{parent}.") if parent else paths[0]
    parameters = sum(records[path].parameters for path in paths)
    first_line = class_line(record)
    if len(paths) > 1:
        label = label.rpartition(".")[0] or label
        first_line = classes_line(paths, records)
    elif record.class_name == "Sequential":
        children = children_of(paths[0], records)
        first_line = f"Sequential: {classes_line(children, records)}" if children else "Sequential()"
    style = style_of(f"{label} {record.class_name}", parameters=parameters)
    lines = (first_line, *parameters_line(parameters))
    return Step(name, "module", label, lines, style, where, paths, parameters)


def classes_line(paths: Iterable[str], records: Mapping[str, ModuleRecord]) -> str:
    """`Block ×12`, or the first three classes where there are several."""
    classes: dict[str, int] = {}
    for path in paths:
        name = records[path].class_name
        classes[name] = classes.get(name, 0) + 1
    shown = [f"{name} ×{number}" if number > 1 else name for name, number in list(classes.items())[:3]]
    return ", ".join([*shown, "…"] if len(classes) > 3 else shown)
