"""The costs of one built model in the modes in which it was called: joins its runs and looks for formulas of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from torch import nn

from analyzer.evaluator import CannotEvaluate, TargetRaised
from analyzer.evaluator.dims import DimNamer
from analyzer.evaluator.probes import Relations
from analyzer.records.evidence import Known, Unknown
from analyzer.records.source import Span
from analyzer.records.tensors import Cost, CostBasis, FormulaVariable, ModuleNode, ModuleShare
from analyzer.shapes.accounting import CONVENTIONS, FLOPS, MINIMUM_CHECKS, Ledger, Observed, derive_costs, module_shares
from analyzer.shapes.holdouts import HoldoutRules, draw_holdouts, draw_longest
from analyzer.shapes.operators import Amount, CallLog
from analyzer.shapes.repeats import find_repeats
from analyzer.shapes.runs import BuiltModel, ModelSource, RawTrace

Values = Mapping[str, int]
MOST_TRIES = 8


@dataclass(frozen=True)
class ModeRuns:
    """One mode: the base first, then the probes that named its sizes; `caches` holds one position of each run's."""

    basis: CostBasis
    values: Sequence[Values]
    models: Sequence[nn.Module]
    traces: Sequence[RawTrace]
    namer: DimNamer
    caches: Sequence[Sequence[Amount] | None] = ()


Calls = Callable[[BuiltModel, Values], tuple[Mapping[str, CallLog], Sequence[Amount] | None]]
"""Runs a built model in all modes: what each computed, and one position of its cache."""


@dataclass
class CostQuestion:
    """A built model, its runs by mode, and how to run it at further configurations."""

    source: ModelSource
    built: BuiltModel
    tree: ModuleNode | None
    modes: Sequence[ModeRuns]
    calls: Calls
    where: Span
    relations: Relations = field(default_factory=Relations)
    exact: frozenset[tuple[str, str]] = frozenset()
    limits: Mapping[str, str] = field(default_factory=dict)
    formulas: bool = True
    examples: frozenset[str] = frozenset()
    """Names whose values the repository does not state."""

    @property
    def base(self) -> dict[str, int]:
        return dict(self.modes[0].values[0]) if self.modes else dict(self.built.names)


@dataclass(frozen=True)
class Account:
    """All costs by name, the shares of the modules, and the named numbers of repeated blocks."""

    costs: tuple[tuple[str, Cost], ...]
    shares: tuple[ModuleShare, ...]
    repetitions: tuple[tuple[str, str], ...]


def derive_model_costs(question: CostQuestion) -> Account:
    """What one model costs."""
    ledger = _ledger(question)
    found = derive_costs(ledger, question.where, {mode.basis.mode: mode.basis for mode in question.modes})
    shares = module_shares(ledger, {name: formula for name, (_, formula) in found.items()})
    costs = {name: cost for name, (cost, _) in found.items()}
    joined = {**_unfinished(question, costs), **costs, **_full_cache(question, costs)}
    repetitions = {path: number.text() for path, number in ledger.repeats.by_path.items()}
    return Account(tuple(joined.items()), shares, tuple(repetitions.items()))


def _full_cache(question: CostQuestion, costs: Mapping[str, Cost]) -> dict[str, Cost]:
    """The cache of one sequence as long as the setting allows."""
    cost = costs.get("kv_bytes_per_token")
    bound = next(iter(question.limits.values()), None)
    if cost is None or bound is None or not isinstance(cost.value, Known):
        return {}
    length = question.built.names[bound]
    total = Known(cost.value.value * length, cost.value.where, cost.value.how)
    formula = f"{bound}*({cost.formula})" if cost.formula and "+" in cost.formula else f"{bound}*{cost.formula}"
    if cost.formula is None:
        return {"kv_bytes_at_full_length": replace(cost, value=total, convention="cache_at_full_length")}
    variables = (*cost.variables, FormulaVariable(bound, length, length, length))
    full = replace(cost, value=total, formula=formula, variables=variables, convention="cache_at_full_length")
    return {"kv_bytes_at_full_length": full}


def _ledger(question: CostQuestion) -> Ledger:
    finished = [mode for mode in question.modes if mode.traces[0].stopped is None]
    runs = list(_observed(question, finished))
    first = question.modes[0].basis.mode if question.modes else ""
    ledger = Ledger(runs or [Observed(question.base, question.built.model, {}, first)], {}, question.tree, first)
    if not question.formulas or len(runs) < 3:
        return ledger
    names = {name for name in question.base if any(run.values.get(name) != question.base[name] for run in runs)}
    ledger.namers = {mode.basis.mode: mode.namer for mode in finished}
    ledger.repeats = find_repeats(question.source, question.built, question.tree, question.relations.counts, names)
    ledger.exact, ledger.examples = question.exact, question.examples
    ledger.inputs = tuple(name for name in question.base if name not in question.built.names)
    ledger.further = cache(lambda repeated: tuple(_holdouts(question, ledger, repeated)))
    return ledger


def _observed(question: CostQuestion, modes: Sequence[ModeRuns]) -> Iterator[Observed]:
    """One record for each configuration, with what its modes computed."""
    found: dict[int, Observed] = {}
    first = question.modes[0].basis.mode if question.modes else ""
    for mode in modes:
        caches = mode.caches or [None] * len(mode.values)
        for values, model, trace, held in zip(mode.values, mode.models, mode.traces, caches, strict=True):
            known = found.get(id(values)) or Observed(values, model, {}, first)
            logs = {**known.logs, mode.basis.mode: trace.log}
            found[id(values)] = replace(known, logs=logs, cache=held if held is not None else known.cache)
    yield from found.values()


def _holdouts(question: CostQuestion, ledger: Ledger, repeated: bool) -> Iterator[Observed]:
    """Configurations that the source accepts: some of other sizes, one with the longest input."""
    known = [run.values for run in ledger.runs]
    rules = HoldoutRules(question.base, known[1:], question.relations, question.limits)
    names = ledger.repeats.names if repeated else ()
    for drawn, wanted in ((draw_holdouts(rules, names), MINIMUM_CHECKS), (draw_longest(rules, names), 1)):
        tried = (_run(question, values, ledger.first) for values in itertools.islice(drawn, MOST_TRIES))
        yield from itertools.islice((run for run in tried if run is not None and run.values not in known), wanted)


def _run(question: CostQuestion, values: Values, first: str) -> Observed | None:
    base = question.built.names
    given = {name: value for name, value in values.items() if name in base}
    try:
        built = question.built if given == base else question.source.build(base, given)
    except (CannotEvaluate, TargetRaised):
        return None
    actual = {name: built.names.get(name, value) for name, value in values.items()}
    logs, cache = question.calls(built, actual)
    return Observed(actual, built.model, logs, first, cache) if first in logs else None


def _unfinished(question: CostQuestion, known: Mapping[str, Cost]) -> dict[str, Cost]:
    """Costs of calls that did not finish."""
    found: dict[str, Cost] = {}
    for number, mode in enumerate(question.modes):
        reason: Unknown | None = mode.traces[0].stopped
        if reason is None:
            continue
        name = mode.basis.mode
        names = ["flops"] if number == 0 else [f"flops_{name}"]
        names += ["training_flops"] if name == "training" else []
        names += ["activation_bytes"] if "activation_bytes" not in known else []
        for cost in names:
            found.setdefault(cost, Cost(reason, None, CONVENTIONS.get(cost, FLOPS), mode.basis))
    return found
