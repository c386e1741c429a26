"""`--execute`: the target's own code run beside the evaluation, and where the two agree.

The sources that were read are copied into a directory that is thrown away, and a worker with every net up builds the
evaluated models there and makes their evaluated calls. Nothing here imports the target; nothing else of a report
rests on what comes back.
"""

from __future__ import annotations

import posixpath
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analyzer.evaluator.worker import WorkerLimits, WorkerOutcome, run_worker
from analyzer.index import SourceIndex
from analyzer.records.codec import CodecError, decode, encode
from analyzer.records.evidence import Known, Unknown
from analyzer.records.executions import ExecutedCall, ExecutedCheck, Execution
from analyzer.records.tensors import ModelShapes, ModuleRecord, TensorSpec, Trace
from analyzer.shapes.agreement import compare_calls, compare_totals
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.input_spec import InputSpec, InputSpecError, parse_input_spec
from analyzer.shapes.requests import ModelRequest

TASK = "analyzer.shapes.executed_run:execute"
LIMITS = WorkerLimits(
    cpu_seconds=120,
    wall_seconds=180.0,
    resident_bytes=6 * 2**30,
    required=("no_file_writes", "no_network_no_programs", "no_processes"),
)
MAXIMUM_MODELS = 8
REPEATABLE = ("inference", "training")
"""Modes whose inputs are all that a call needs; prefill and decode also hand over a cache."""
LARGEST_ON_CPU = 2**30 // 4
"""Parameters; the weights of larger models have no room, and torch's meta device gives their shapes alone."""


@dataclass(frozen=True)
class Choices:
    """What the user said that bears on a run."""

    settings: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    default_dtype: str | None = None


def execute_models(
    index: SourceIndex, requests: Sequence[ModelRequest], models: Sequence[ModelShapes], choices: Choices
) -> tuple[Execution, ...]:
    """A run of each evaluated model, in a process of its own."""
    pairs = [pair for pair in zip(requests, models, strict=True) if isinstance(pair[1].parameters, Known)]
    return tuple(execute_model(index, request, model, choices) for request, model in pairs[:MAXIMUM_MODELS])


def execute_model(
    index: SourceIndex, request: ModelRequest, model: ModelShapes, choices: Choices | None = None
) -> Execution:
    """Build `model` by its own expression in the file where it was evaluated, and make its calls."""
    choices = choices or Choices()
    execution = Execution(model.class_name, model.where, model.build_expression, device_of(model))
    plan = plan_of(request, model)
    obstacle = obstacle_to(index, plan, choices)
    if plan is None or obstacle is not None:
        return replace(execution, failure=obstacle)
    traces = [(trace, specs_of(trace)) for trace in model.traces]
    with tempfile.TemporaryDirectory(prefix="deepdive-") as workplace:
        copy_sources(index, Path(workplace))
        payload = {
            **module_of(index, plan.path, workplace),
            "path": plan.path,
            "expression": plan.expression,
            "environment": dict(choices.environment),
            "default_dtype": choices.default_dtype,
            "device": execution.device,
            "calls": [call_of(trace, specs) for trace, specs in traces if not isinstance(specs, Unknown)],
        }
        outcome = run_worker(TASK, payload, replace(LIMITS, workplace=workplace))
    try:
        return read_outcome(execution, model, traces, outcome)
    except (CodecError, KeyError, TypeError, ValueError, AttributeError):
        # The process shares its answers with the target's code, which may have written among them.
        return replace(execution, nets=outcome.nets, failure=Unknown("execution_unreadable"))


def plan_of(request: ModelRequest, model: ModelShapes) -> BuildPlan | None:
    """The way of building that the evaluation took."""
    found = [plan for plan in request.builds if plan.expression == model.build_expression]
    return next((plan for plan in found if plan.where == model.build_where), found[0] if found else None)


def obstacle_to(index: SourceIndex, plan: BuildPlan | None, choices: Choices) -> Unknown | None:
    """Why a run would not do what the evaluation did."""
    if plan is None:
        return Unknown("execution_without_build")
    if index.files[plan.path].kind != "python":
        return Unknown("execution_of_notebook", (("path", plan.path),))
    if choices.settings:
        return Unknown("execution_with_settings", (("names", ", ".join(name for name, _ in choices.settings)),))
    return None


def device_of(model: ModelShapes) -> str:
    counts = model.parameters
    return "meta" if isinstance(counts, Known) and counts.value.total > LARGEST_ON_CPU else "cpu"


# ---- what the process is given


def copy_sources(index: SourceIndex, workplace: Path) -> None:
    """The texts that were read and nothing else: what runs is what was analysed, without data or weights."""
    root = workplace / index.repository.name
    for file in index.files.values():
        if file.package is None and file.kind not in ("binary", "notebook"):
            target = root / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.text.encode("utf-8", "surrogateescape"))


def module_of(index: SourceIndex, path: str, workplace: str) -> dict[str, object]:
    """The dotted name of a file, and where imports are looked for: as Python would, then anywhere in the copy."""
    packages = {posixpath.dirname(file) for file in index.files if posixpath.basename(file) == "__init__.py"}
    stem = path.removesuffix(".py").removesuffix("/__init__")
    top = posixpath.dirname(path)
    while top in packages and top:
        top = posixpath.dirname(top)
    root = f"{workplace}/{index.repository.name}"
    is_package = not top and "" in packages
    below = stem[len(top) :].lstrip("/").replace("/", ".")
    parents = [posixpath.join(root, *top.split("/")[:depth]) for depth in range(top.count("/") + bool(top), -1, -1)]
    parts = [posixpath.dirname(file).split("/") for file in index.python_paths()]
    below_root = {"/".join(names[:depth]) for names in parts for depth in range(1, len(names) + 1)}
    directories = sorted(below_root, key=lambda directory: (directory.count("/"), directory))
    return {
        "module": f"{index.repository.name}.{below}" if is_package else below,
        "search_first": [*([workplace] if "" in packages else []), *parents],
        "search_last": [posixpath.join(root, directory) for directory in directories],
    }


def specs_of(trace: Trace) -> tuple[InputSpec, ...] | Unknown:
    """The inputs of an evaluated call as `--input` would take them, with numbers for sizes."""
    if trace.mode not in REPEATABLE:
        return Unknown("execution_needs_state", (("mode", trace.mode),))
    texts = [f"{given.name}: {text_of(given.value)}" for given in trace.inputs]
    try:
        return tuple(parse_input_spec(text) for text in texts)
    except InputSpecError as error:
        return Unknown("execution_needs_input", (("detail", str(error)),))


def text_of(value: TensorSpec | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value.dtype}[{', '.join('?' if dim.value is None else str(dim.value) for dim in value.shape)}]"


def call_of(trace: Trace, specs: tuple[InputSpec, ...]) -> dict[str, object]:
    return {
        "mode": trace.mode,
        "method": trace.method,
        "training": trace.mode == "training",
        "inputs": encode(specs),
    }


# ---- what it answers


def read_outcome(
    execution: Execution,
    model: ModelShapes,
    traces: Sequence[tuple[Trace, tuple[InputSpec, ...] | Unknown]],
    outcome: WorkerOutcome,
) -> Execution:
    answers: dict[str, list[Any]] = {}
    for result in outcome.results:
        for kind, answer in result.items():
            answers.setdefault(kind, []).append(answer)
    failure = outcome.failure
    if "raised" in answers:
        failure = raised(answers["raised"][0])
    totals = compare_totals(model, answers["built"][0]) if "built" in answers else ()
    made = iter(answers.get("call", ()))
    calls = [
        ExecutedCall(trace.mode, trace.method, (), stopped=specs)
        if isinstance(specs, Unknown)
        else read_call(trace, specs, next(made, None), failure)
        for trace, specs in traces
    ]
    checks = tuple(
        ExecutedCheck(str(check["name"]), bool(check["passed"]), str(check["detail"]))
        for check in (answers.get("checks") or [[]])[0]
    )
    return replace(execution, totals=totals, calls=tuple(calls), checks=checks, nets=outcome.nets, failure=failure)


def read_call(
    trace: Trace, specs: tuple[InputSpec, ...], answer: Mapping[str, Any] | None, failure: Unknown | None
) -> ExecutedCall:
    inputs = tuple(f"{spec.name}: {spec.value}" for spec in specs)
    if answer is None:
        return ExecutedCall(trace.mode, trace.method, inputs, stopped=failure or Unknown("execution_unreadable"))
    modules = decode(tuple[ModuleRecord, ...], answer["modules"])  # type: ignore[arg-type]
    output = decode(tuple[TensorSpec, ...], answer["output"]) if "output" in answer else None  # type: ignore[arg-type]
    comparisons = compare_calls(trace, modules, output)
    stopped = raised(answer["raised"]) if "raised" in answer else None
    return ExecutedCall(trace.mode, trace.method, inputs, comparisons, stopped)


def raised(text: object) -> Unknown:
    return Unknown("execution_raised", (("error", " ".join(str(text).split())[:200]),))
