"""Generation with a key/value cache: the call that fills it and the one that uses it, at every probe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from analyzer.evaluator import CannotEvaluate, TargetRaised
from analyzer.records.tensors import ModuleRecord
from analyzer.shapes.caching import (
    decode_plan,
    filled_cache,
    find_convention,
    new_cache,
    one_position,
    prefill_plan,
)
from analyzer.shapes.draft import Draft, Generation, Mode, arguments_of_method, call_in_mode
from analyzer.shapes.input_spec import TensorValue
from analyzer.shapes.inputs import LIMIT_NAME, InputPlanner, Plan
from analyzer.shapes.operators import Amount
from analyzer.shapes.parameters import module_tree
from analyzer.shapes.probing import Probe
from analyzer.shapes.runs import RawTrace


@dataclass(frozen=True)
class Generated:
    """Both calls, and what one position of one sequence takes in the cache."""

    prefill: RawTrace
    decode: RawTrace
    position: Sequence[Amount] | None


CachedRuns = tuple[Mode, list[Probe], list[RawTrace], list["Sequence[Amount] | None"]]


def cached_modes(
    draft: Draft, planner: InputPlanner, plan: Plan, sizes: Mapping[str, int], probes: Sequence[Probe]
) -> list[CachedRuns]:
    """A first call that fills a key/value cache and a later one that uses it, at the base and at each probe."""
    if draft.request.effort != "full" or draft.request.inputs is not None:
        return []
    convention = find_convention(planner, draft.model, arguments_of_method(draft, planner))
    if convention is None:
        return []
    prefill = Mode("prefill", prefill_plan(convention, plan), False)
    generation = Generation(convention, prefill, Mode("decode", decode_plan(convention, plan), False))
    first = generate(draft, draft.model, generation, sizes)
    if first is None:
        return []
    draft.generation = generation
    ran = [(probe, generate(draft, probe.built.model, generation, probe.values)) for probe in probes]
    kept = [(probe, pair) for probe, pair in ran if pair is not None]
    found = [probe for probe, _ in kept]
    pairs = [first, *(pair for _, pair in kept)]
    positions = [pair.position for pair in pairs]
    return [
        (generation.prefill, found, [pair.prefill for pair in pairs], positions),
        (generation.decode, found, [pair.decode for pair in pairs], positions),
    ]


def generate(draft: Draft, model: nn.Module, generation: Generation, sizes: Mapping[str, int]) -> Generated | None:
    """Both calls; None where the cache is not made or a call does not finish."""
    convention = generation.convention
    batch, length = batch_and_length(generation.prefill.plan, sizes)
    try:
        given = new_cache(convention, draft.source, model, batch)
    except (CannotEvaluate, TargetRaised):
        return None
    first = call_in_mode(draft, model, generation.prefill, sizes, given)
    cache = filled_cache(convention, given, first) if first.stopped is None else None
    if cache is None:
        return None
    lengths = [length, *(size for name, size in {**draft.built.names, **sizes}.items() if LIMIT_NAME.search(name))]
    position = one_position(cache[convention.argument], batch, lengths, layers_in_a_row(draft.records))
    second = call_in_mode(draft, model, generation.decode, sizes, cache)
    return Generated(first, second, position) if second.stopped is None else None


def layers_in_a_row(records: Sequence[ModuleRecord]) -> tuple[str, ...]:
    """Paths of the first blocks that stand in a row."""
    tree = module_tree(records)
    nodes = [tree] if tree else []
    while nodes:
        found = next((node for node in nodes if node.repeats > 1), None)
        if found is not None:
            return found.paths
        nodes = [child for node in nodes for child in node.children]
    return ()


def batch_and_length(plan: Plan, sizes: Mapping[str, int]) -> tuple[int, int]:
    for planned in plan:
        if isinstance(planned.spec.value, TensorValue) and len(planned.spec.value.dims) > 1:
            batch, length = planned.spec.value.dims[:2]
            return batch.number(sizes), length.number(sizes)
    return 1, 1
