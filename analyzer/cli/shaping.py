"""`deepdive shapes` and `deepdive trace`: one model on the terminal or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from analyzer.records.evidence import Known
from analyzer.records.missing_packages import missing_packages
from analyzer.records.tensors import ModelShapes, ModuleRecord, ReferenceTrace, ShapeRow

if TYPE_CHECKING:
    from analyzer.shapes import ShapesOptions


def run_shapes(repository: str, options: ShapesOptions, *, as_json: bool, strict: bool) -> int:
    """Evaluate one model, the main one where none is named, and print it; returns the exit code."""
    from analyzer.facts import derive_facts
    from analyzer.index import open_repository
    from analyzer.render.shapes_json import shapes_json
    from analyzer.shapes import derive_main_model, derive_model_shapes

    index = open_repository(repository, packages=options.packages)
    named = options.model is not None
    model = derive_model_shapes(index, options) if named else derive_main_model(index, derive_facts(index), options)
    if as_json:
        print(json.dumps(shapes_json(model), indent=2, ensure_ascii=False))
    else:
        print("\n".join(shape_lines(model)))
    return 1 if strict and _has_gaps(model) else 0


def run_trace(preset: str, *, as_json: bool) -> int:
    """Trace the reference GPT and print its rows; returns the exit code."""
    from analyzer.render.shapes_json import trace_json
    from analyzer.shapes.tracer import trace_reference

    trace = trace_reference(preset)
    if as_json:
        print(json.dumps(trace_json(trace), indent=2, ensure_ascii=False))
    else:
        print("\n".join(trace_lines(trace)))
    return 0


def shape_lines(model: ModelShapes) -> Iterable[str]:
    """The model as text: totals, modules with their calls, lines with their shapes, gaps."""
    *before, build = model.build_expression.splitlines() or [""]
    yield f"{model.class_name}  {model.where}  built by {build}"
    yield from (f"  after {line}" for line in before)
    if isinstance(model.parameters, Known):
        counts = model.parameters.value
        buffers = "unknown" if counts.unknown_buffers else f"{counts.buffers:,}"
        yield f"parameters {counts.total:,} (trainable {counts.trainable:,}, buffers {buffers})"
    else:
        yield f"parameters unknown: {model.parameters.reason} ({model.parameters.where})"
    yield from _module_lines(model.traces[0].modules if model.traces else model.modules, counted=not model.unstated)
    for trace in model.traces:
        yield ""
        yield f"{trace.mode}: {trace.method}({', '.join(f'{i.name}: {i.value}' for i in trace.inputs)})"
        yield from (_row_line(row) for row in trace.rows)
        yield from (f"  unknown  {gap.where}  {gap.reason}" for gap in trace.gaps)
    yield from (f"unknown  {gap.where}  {gap.reason}" for gap in model.gaps)
    yield from _package_lines(model)


def trace_lines(trace: ReferenceTrace) -> Iterable[str]:
    """The reference trace as text."""
    counts = trace.parameters
    yield f"reference GPT, preset {trace.preset}, B={trace.batch}, T={trace.length}"
    yield f"parameters {counts.total:,} (tied weights counted once)"
    for title, modules in (("training", trace.training), ("inference", trace.inference), ("decode", trace.decode)):
        if modules:
            yield ""
            yield title
            yield from _module_lines(modules)


def _module_lines(modules: Iterable[ModuleRecord], *, counted: bool = True) -> Iterable[str]:
    """Without numbers of parameters where they rest on example sizes."""
    for module in modules:
        calls = "; ".join(
            f"{' '.join(map(str, call.inputs))} -> {' '.join(map(str, call.outputs))}" for call in module.calls[:1]
        )
        parameters = f"{module.parameters:,}" if counted else "-"
        yield f"  {module.path or '(root)':44} {module.class_name:24} {parameters:>14}  {calls}"


def _package_lines(model: ModelShapes) -> Iterable[str]:
    for package in missing_packages(model.all_gaps()):
        rows = f"{package.rows:,} rows wait for it" if package.rows else "no row waits for it"
        yield f"missing  {package.name}: {rows} ({', '.join(package.wanted)}; {package.where[0]})"


def _row_line(row: ShapeRow) -> str:
    targets = ", ".join(f"{target.name} {' '.join(map(str, target.tensors))}" for target in row.targets)
    return f"  {row.where!s:22} x{row.times:<4} {targets}"


def _has_gaps(model: ModelShapes) -> bool:
    unknown = not isinstance(model.parameters, Known)
    return unknown or bool(model.gaps) or any(trace.gaps for trace in model.traces)
