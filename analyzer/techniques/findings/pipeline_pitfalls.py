"""Pitfalls of whole pipelines: what no code on the way from an entry does. Silent where the way leads into a
library that may do it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.records.bundles import Facts
from analyzer.records.evidence import Known
from analyzer.records.processes import Pipeline
from analyzer.records.techniques import Pitfall, TechniqueFinding
from analyzer.techniques.findings.modes import RUNNING
from analyzer.techniques.findings.searches import (
    gradient_switches,
    mode_switches,
    reached_readings,
    runs_in_library,
)
from analyzer.techniques.program import Program

SEEDING = ("transformers",)
"""Frameworks that set a seed before they train."""
BATCH_SIZES = ("batch_size", "train_batch_size", "per_device_train_batch_size", "bs")
_BEHAVES_OTHERWISE = ("dropout", "batch_norm", "stochastic_depth")


def find_pipeline_pitfalls(
    program: Program, facts: Facts, techniques: Sequence[TechniqueFinding]
) -> tuple[Pitfall, ...]:
    """Missing seeds of training, missing evaluation mode and gradient switch of inference."""
    found: list[Pitfall] = []
    for pipeline in facts.processes.training:
        trains = pipeline.main and any(s.kind == "backward" and s.framework not in SEEDING for s in pipeline.stages)
        if trains and not pipeline.seeds and not _sets_seed(program, pipeline):
            found.append(Pitfall("missing_seed", (pipeline.entry,)))
        if trains and any(t.in_use and t.sheet_id == "batch_norm" for t in techniques):
            found += _few_examples(facts, pipeline)
    for pipeline in facts.processes.inference:
        if pipeline.main and any(stage.kind in RUNNING for stage in pipeline.stages):
            found += _inference(program, pipeline, techniques)
    return tuple(found)


def _few_examples(facts: Facts, pipeline: Pipeline) -> Iterator[Pitfall]:
    """Batch normalisation, and a batch size of the program's own options that is one or two by default."""
    own = {pipeline.entry.path, *pipeline.files}
    for table in facts.configuration.tables:
        for value in table.values if table.where.path in own else ():
            known = value.effective or value.value
            if value.name in BATCH_SIZES and value.used_at and isinstance(known, Known) and known.value in (1, 2):
                yield Pitfall("batch_norm_of_few", (value.where,), (("size", str(known.value)),))


def _inference(program: Program, pipeline: Pipeline, techniques: Sequence[TechniqueFinding]) -> Iterator[Pitfall]:
    """A module's own method, or a function that is handed the model, is no program: who calls it may do all this."""
    readings = reached_readings(program, pipeline)
    owner = pipeline.entry_name.rpartition(".")[0]
    if (owner and program.is_module(owner)) or _is_handed_model(program, pipeline):
        return
    if runs_in_library(program, readings) or any(stage.framework is not None for stage in pipeline.stages):
        return
    where = next(stage.where for stage in pipeline.stages if stage.kind in RUNNING)
    random = sorted({t.sheet_id for t in techniques if t.in_use and t.sheet_id in _BEHAVES_OTHERWISE})
    if random and not mode_switches(program, readings):
        yield Pitfall("inference_without_eval", (where,), (("layers", ", ".join(random)),))
    if not gradient_switches(program, readings):
        yield Pitfall("inference_without_no_grad", (where,))


def _is_handed_model(program: Program, pipeline: Pipeline) -> bool:
    """The entry is a function that calls one of its own parameters, or a method of one."""
    reading = next((r for r in program.readings if r.qualified_name == pipeline.entry_name), None)
    if reading is None or isinstance(reading.node, ast.Module):
        return False
    calls = [node.func for node in ast.walk(reading.node) if isinstance(node, ast.Call)]
    bases = [func.value if isinstance(func, ast.Attribute) else func for func in calls]
    return any(isinstance(base, ast.Name) and base.id in reading.parameters for base in bases)


def _sets_seed(program: Program, pipeline: Pipeline) -> bool:
    """Any call whose last name speaks of a seed: libraries have many."""
    return any(
        "seed" in node.attr.lower() if isinstance(node, ast.Attribute) else "seed" in node.id.lower()
        for reading in reached_readings(program, pipeline)
        for node in ast.walk(reading.node)
        if isinstance(node, (ast.Attribute, ast.Name))
    )
