"""What the code that a pipeline reaches really contains: switches of the mode, of gradients, updates, data and
weights. The ground on which the findings say that something is absent.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import lru_cache

from analyzer.index import External
from analyzer.index.symbols import dotted_name
from analyzer.records.processes import Pipeline
from analyzer.records.source import Span
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.reachability import closure, pipeline_roots

GRADIENT_OFF = ("torch.no_grad", "torch.inference_mode", "torch.set_grad_enabled")
_LIBRARY_LOOPS = frozenset({"Trainer", "LightningModule", "fit"})
_LIBRARY_MODELS = _LIBRARY_LOOPS | {"from_pretrained", "pipeline", "generate"}
_DATA = frozenset({"DataLoader", "load_dataset", "memmap", "load_from_disk", "ImageFolder", "read_csv", "fromfile"})
_WEIGHTS = frozenset({
    "torch.load", "torch.save", "load_state_dict", "from_pretrained", "save_pretrained", "save_file", "load_file",
    "load_model", "save_model", "save_checkpoint", "load_checkpoint", "state_dict", "save", "restore",
})  # fmt: skip


@lru_cache(maxsize=64)
def reached_readings(program: Program, pipeline: Pipeline) -> tuple[Reading, ...]:
    """Every function and file body that the pipeline may run: an upper bound, so that what is not there is absent."""
    names = closure(program, list(pipeline_roots(pipeline)))
    return tuple(r for r in program.readings if r.qualified_name in names or (r.owner or "") in names)


def called_readings(program: Program, pipeline: Pipeline) -> tuple[Reading, ...]:
    """Of the reached ones those that some reached code mentions by name: a lower bound of what runs."""
    readings = reached_readings(program, pipeline)
    mentioned = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for reading in readings
        for node in ast.walk(reading.node)
        if isinstance(node, (ast.Attribute, ast.Name))
    }
    return tuple(r for r in readings if isinstance(r.node, ast.Module) or r.name in mentioned or r.name[:2] == "__")


def mode_switches(program: Program, readings: tuple[Reading, ...]) -> tuple[Span, ...]:
    """Lines that call `eval()` or `train()` on a module."""
    return _places(program, readings, _mode_calls)


def _mode_calls(reading: Reading) -> Iterator[ast.AST]:
    """`train()` counts on what is a module by its use: also switched by `eval()`, or called itself."""
    nodes = list(own_nodes(reading))
    calls = [n for n in nodes if isinstance(n, ast.Call)]
    run = {ast.dump(n.func) for n in calls}
    switched = {ast.dump(n.func.value) for n in calls if _is_switch(n, "eval") and isinstance(n.func, ast.Attribute)}
    for node in calls:
        if _is_switch(node, "eval"):
            yield node
        elif _is_switch(node, "train") and isinstance(node.func, ast.Attribute):
            receiver = ast.dump(node.func.value)
            if receiver in switched | run or (node.args and isinstance(node.args[0], ast.Constant)):
                yield node


def _is_switch(node: ast.Call, name: str) -> bool:
    """`x.eval()`, `x.train()`, `x.train(flag)`."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr != name:
        return False
    options = {keyword.arg for keyword in node.keywords}
    return len(node.args) + len(options) <= (name == "train") and options <= {"mode"}


def own_nodes(reading: Reading) -> Iterator[ast.AST]:
    """The syntax of a reading without the functions and classes that are read by themselves."""
    stack: list[ast.AST] = [reading.node]
    while stack:
        here = stack.pop()
        inner = here is not reading.node and isinstance(here, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        if inner and isinstance(reading.node, ast.Module):
            continue
        yield here
        stack.extend(reversed(list(ast.iter_child_nodes(here))))


def gradient_switches(program: Program, readings: tuple[Reading, ...]) -> tuple[Span, ...]:
    """Lines that switch gradients off, decorators included."""
    found = []
    for reading in readings:
        for label in GRADIENT_OFF:
            for term in reading.called.get(label, ()):
                found.append(program.index.span(term.path, getattr(term.node, "lineno", 1)))
        found += decorated(program, reading)
    return tuple(dict.fromkeys(found))


def decorated(program: Program, reading: Reading) -> Iterator[Span]:
    """Decorators of a function that switch gradients off."""
    for decorator in getattr(reading.node, "decorator_list", ()):
        node = decorator.func if isinstance(decorator, ast.Call) else decorator
        dotted = dotted_name(node)
        target = program.index.symbols.resolve(reading.path, dotted, "") if dotted else None
        if isinstance(target, External) and target.dotted in GRADIENT_OFF:
            yield program.index.span(reading.path, decorator.lineno)


def updates(program: Program, readings: tuple[Reading, ...]) -> tuple[Span, ...]:
    """Lines that run a backward pass or step something."""
    return _places(program, readings, lambda reading: _method_calls(reading, frozenset({"backward", "step"})))


def data_sources(program: Program, readings: tuple[Reading, ...]) -> tuple[Span, ...]:
    """Lines that open a data set by one of the usual doors."""
    return _places(program, readings, lambda reading: _method_calls(reading, _DATA))


def weight_files(program: Program, readings: tuple[Reading, ...]) -> tuple[Span, ...]:
    """Lines that store or read weights, or might."""
    names = frozenset(name.rpartition(".")[2] for name in _WEIGHTS)
    return _places(program, readings, lambda reading: _method_calls(reading, names))


def _method_calls(reading: Reading, names: frozenset[str]) -> Iterator[ast.AST]:
    for node in own_nodes(reading):
        if isinstance(node, ast.Call):
            func = node.func
            last = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
            if last in names:
                yield node


def _places(
    program: Program, readings: tuple[Reading, ...], find: Callable[[Reading], Iterator[ast.AST]]
) -> tuple[Span, ...]:
    found = {(r.path, getattr(node, "lineno", 1)) for r in readings for node in find(r)}
    return tuple(program.index.span(path, line) for path, line in sorted(found))


def runs_in_library(program: Program, readings: tuple[Reading, ...]) -> bool:
    """A model that a library makes or runs: it may switch mode and gradients by itself."""
    return _calls_library(program, readings, _LIBRARY_MODELS)


def loops_in_library(program: Program, readings: tuple[Reading, ...]) -> bool:
    """The loop itself is a library's: data, updates and checkpoints may be too."""
    return _calls_library(program, readings, _LIBRARY_LOOPS)


def _calls_library(program: Program, readings: tuple[Reading, ...], names: frozenset[str]) -> bool:
    bases = {program.library_base(r.owner) for r in readings if r.owner is not None}
    if any(base.rpartition(".")[2] in names for base in bases if base):
        return True
    return any(
        term.head in ("call", "method") and ":" not in term.label and term.label.rpartition(".")[2] in names
        for reading in readings
        for term in reading.walked
    )
