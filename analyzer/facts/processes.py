"""Training and inference programs of the repository: where they start, what they do in which order, kept apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.facts.argument_values import ArgumentValues
from analyzer.facts.batches import effective_batch
from analyzer.facts.call_chains import build_call_chain
from analyzer.facts.chance_places import program_chances
from analyzer.facts.configuration import inference_of
from analyzer.facts.configuration.effective import effective_values, left_to_default
from analyzer.facts.data import find_data
from analyzer.facts.entries import Ranked, bodies_of, inference_programs, ranked, training_programs
from analyzer.facts.evaluation import ValueOf, no_evaluator
from analyzer.facts.evaluations import evaluation_programs, left_out, left_out_by
from analyzer.facts.features import find_features, find_seeds
from analyzer.facts.flow.walk import Walker
from analyzer.facts.framework_optimizers import framework_optimizer, framework_schedule
from analyzer.facts.framework_settings import find_settings
from analyzer.facts.losses import find_losses
from analyzer.facts.optimization import find_optimizers
from analyzer.facts.program import Flow, Program
from analyzer.facts.schedules import find_schedules
from analyzer.facts.stages import build_stages
from analyzer.facts.unknowns import unknowns_in
from analyzer.index import SourceIndex
from analyzer.records.configuration import ConfigTable, Configuration
from analyzer.records.processes import CallChain, Optimizer, Pipeline, Processes, Schedule, Stage, Start
from analyzer.records.structure import Structure

STARTED_BY_USERS: frozenset[Start] = frozenset({"function", "method"})


def derive_processes(
    index: SourceIndex, structure: Structure, configuration: Configuration, value_of: ValueOf = no_evaluator
) -> Processes:
    """All pipelines, the main one of each kind first, with their call chains."""
    flow = open_flow(index, configuration, value_of)
    training = ranked(index, structure, list(training_programs(flow)))
    evaluations = list(evaluation_programs([program for program, _ in training]))
    inference = ranked(index, structure, list(inference_programs(flow, structure, evaluations)))
    tables = configuration.tables
    trained = tuple(_pipeline("training", p, place == 0, tables, value_of) for place, p in enumerate(training))
    inferred = tuple(_pipeline("inference", p, place == 0, tables, value_of) for place, p in enumerate(inference))
    judged = tuple(_pipeline("inference", p, False, tables, value_of) for p in ranked(index, structure, evaluations))
    return Processes(trained, inferred, tuple(_chains(training, inference)), evaluations=judged)


def open_flow(index: SourceIndex, configuration: Configuration, value_of: ValueOf) -> Flow:
    """What all questions about the repository's running code share."""
    inference = inference_of(index)
    return Flow(index, inference, Walker(inference), ArgumentValues(index, inference, configuration.tables, value_of))


# --- the records


def _pipeline(
    kind: str, ranked_program: Ranked, is_main: bool, tables: Sequence[ConfigTable], value_of: ValueOf
) -> Pipeline:
    program, evidence = ranked_program
    program = _with_own_values(program, tables)
    stages = build_stages(program)
    is_training = kind == "training"
    optimizers = _optimizers(program) if is_training else ()
    features = find_features(program, stages)
    seeds = find_seeds(program)
    pipeline = Pipeline(
        kind="training" if is_training else "inference",
        entry=program.entry,
        entry_name=program.name,
        main=is_main,
        evidence=evidence,
        stages=tuple(dict.fromkeys(stage for stage, _ in stages)),
        features=features,
        optimizers=optimizers,
        schedules=_schedules(program, find_schedules(program, stages, optimizers, value_of)) if is_training else (),
        losses=find_losses(program, stages) if is_training else (),
        data=find_data(program, stages),
        seeds=tuple(seeds),
        seed_conditions=tuple((where, condition) for where, condition in seeds.items() if condition),
        files=tuple(sorted({body.scope.path for body in bodies_of(program)})),
        frameworks=find_settings(program),
        derived=effective_batch(program, features) if is_training else (),
        chances=program_chances(program, stages),
        start=program.start,
        left_out=_left_out(program),
        left_out_by=left_out_by(program),
    )
    return replace(pipeline, gaps=unknowns_in(pipeline))


def _left_out(program: Program) -> tuple[Stage, ...]:
    """Nothing but of an evaluation."""
    return left_out(program, build_stages(program.trained_by)) if program.trained_by is not None else ()


def _optimizers(program: Program) -> tuple[Optimizer, ...]:
    built = framework_optimizer(program)
    return (*find_optimizers(program), *([built] if built is not None else []))


def _schedules(program: Program, found: tuple[Schedule, ...]) -> tuple[Schedule, ...]:
    """A framework builds a schedule where the code builds none."""
    built = framework_schedule(program) if not found else None
    return (*found, *([built] if built is not None else []))


def _with_own_values(program: Program, tables: Sequence[ConfigTable]) -> Program:
    """The program with its configuration as its own code sets it."""
    given = left_to_default(program, tables) | effective_values(program, tables)
    values = program.flow.values.with_effective(given)
    if program.start in STARTED_BY_USERS:
        values = values.starting_at(program.body.scope.key)
    return replace(program, flow=replace(program.flow, values=values))


def _chains(training: Sequence[Ranked], inference: Sequence[Ranked]) -> Iterator[CallChain]:
    for program, _ in training:
        yield CallChain("training", build_call_chain(program), program.name)
    for program, _ in inference:
        yield CallChain("inference", build_call_chain(program), program.name)
