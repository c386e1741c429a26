"""Pitfalls of whole pipelines: what no code on the way from an entry does. Silent where the way leads into a
library that may do it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.records.bundles import Facts
from analyzer.records.processes import Pipeline
from analyzer.records.techniques import Pitfall, TechniqueFinding
from analyzer.techniques.findings.modes import GRADIENT_OFF, decorated
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.reachability import closure, pipeline_roots
from analyzer.techniques.terms import Term

_RUNNING = frozenset({"forward", "prefill", "decode", "sample"})
_BEHAVES_OTHERWISE = ("dropout", "batch_norm", "stochastic_depth")
_LIBRARY_MODELS = frozenset({"from_pretrained", "pipeline", "generate", "Trainer"})


def find_pipeline_pitfalls(
    program: Program, facts: Facts, techniques: Sequence[TechniqueFinding]
) -> tuple[Pitfall, ...]:
    """Missing seeds of training, missing evaluation mode and gradient switch of inference."""
    found: list[Pitfall] = []
    for pipeline in facts.processes.training:
        trains = pipeline.main and any(stage.kind == "backward" for stage in pipeline.stages)
        if trains and not pipeline.seeds and not _sets_seed(program, pipeline):
            found.append(Pitfall("missing_seed", (pipeline.entry,)))
    for pipeline in facts.processes.inference:
        if pipeline.main and any(stage.kind in _RUNNING for stage in pipeline.stages):
            found += _inference(program, pipeline, techniques)
    return tuple(found)


def _inference(program: Program, pipeline: Pipeline, techniques: Sequence[TechniqueFinding]) -> Iterator[Pitfall]:
    """A module's own method as the entry is no program: who calls it may do all this."""
    readings = _reached(program, pipeline)
    owner = pipeline.entry_name.rpartition(".")[0]
    if owner and program.is_module(owner):
        return
    if any(_is_library_model(term) for reading in readings for term in reading.walked):
        return
    where = next(stage.where for stage in pipeline.stages if stage.kind in _RUNNING)
    random = sorted({t.sheet_id for t in techniques if t.in_use and t.sheet_id in _BEHAVES_OTHERWISE})
    if random and not any(_switches_to_evaluation(reading) for reading in readings):
        yield Pitfall("inference_without_eval", (where,), (("layers", ", ".join(random)),))
    if not any(_switches_gradients_off(program, reading) for reading in readings):
        yield Pitfall("inference_without_no_grad", (where,))


def _reached(program: Program, pipeline: Pipeline) -> list[Reading]:
    names = closure(program, list(pipeline_roots(pipeline)))
    return [r for r in program.readings if r.qualified_name in names or (r.owner or "") in names]


def _is_library_model(term: Term) -> bool:
    """A model that a library makes or runs: it comes in evaluation mode or switches by itself."""
    last = term.label.rpartition(".")[2]
    return term.head in ("call", "method") and last in _LIBRARY_MODELS and ":" not in term.label


def _switches_to_evaluation(reading: Reading) -> bool:
    for node in ast.walk(reading.node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "eval" and not node.args:
                return True
            if node.func.attr == "train" and node.args and isinstance(node.args[0], (ast.Constant, ast.Name)):
                return True
    return False


def _switches_gradients_off(program: Program, reading: Reading) -> bool:
    return any(label in reading.called for label in GRADIENT_OFF) or any(True for _ in decorated(program, reading))


def _sets_seed(program: Program, pipeline: Pipeline) -> bool:
    """Any call whose last name speaks of a seed: libraries have many."""
    return any(
        "seed" in node.attr.lower() if isinstance(node, ast.Attribute) else "seed" in node.id.lower()
        for reading in _reached(program, pipeline)
        for node in ast.walk(reading.node)
        if isinstance(node, (ast.Attribute, ast.Name))
    )
