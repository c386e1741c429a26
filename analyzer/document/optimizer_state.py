"""How many values the training program's own optimizers keep for each parameter, and what that state costs.

A library's optimizer is known by its class and arguments; of any other nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from analyzer.records.bundles import Analysis
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Optimizer
from analyzer.records.tensors import Cost

COUNTED = 2
"""Values for each parameter in the cost as it was counted."""
NAME = "optimizer_bytes"
TWO = frozenset({"Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adadelta", "FusedAdam", "BertAdam", "LAMB", "Lamb"})
AVERAGES = frozenset({"Adam", "AdamW", "RAdam"})
"""Of these, `amsgrad` keeps a third."""
ONE = frozenset({"Adagrad", "Lion"})
CONVENTIONS = {1: "optimizer_keeps_one", 2: "optimizer_keeps_two", 3: "optimizer_keeps_three"}


def states_kept(optimizer: Optimizer) -> int | None:
    """Values for each parameter; None where the class or a deciding argument is not known."""
    name = optimizer.class_name.rpartition(".")[2].rpartition(":")[2]
    if ":" in optimizer.class_name:  # the repository's own class may keep anything
        return None
    if name == "SGD":
        return _flag(optimizer, "momentum")
    if name == "RMSprop":
        flags = [_flag(optimizer, "momentum"), _flag(optimizer, "centered")]
        return None if None in flags else 1 + sum(flag or 0 for flag in flags)
    if name in TWO:
        third = _flag(optimizer, "amsgrad") if name in AVERAGES else 0
        return None if third is None else 2 + third
    return 1 if name in ONE else None


def _flag(optimizer: Optimizer, name: str) -> int | None:
    """Whether an argument is given and not zero; libraries leave it off by default."""
    given = [value for key, _, value in optimizer.arguments if key == name]
    if not given:
        return 0
    return int(bool(given[0].value)) if isinstance(given[0], Known) else None


def costs_with_own_state(analysis: Analysis, costs: Mapping[str, Cost]) -> dict[str, Cost]:
    """The costs with the state of the main trainer's optimizers; without it where there is none or it is not known."""
    pipelines = analysis.facts.processes.training
    main = next((item for item in pipelines if item.main), pipelines[0] if pipelines else None)
    if main is None or not main.optimizers or NAME not in costs:
        return dict(costs)
    kept = {states_kept(item) for item in main.optimizers}
    count = next(iter(kept)) if len(kept) == 1 else None
    if not count:
        return {name: cost for name, cost in costs.items() if name != NAME}
    return {name: _scaled(cost, count) if name == NAME else cost for name, cost in costs.items()}


def _scaled(cost: Cost, count: int) -> Cost:
    convention = CONVENTIONS[count]
    if count == COUNTED:
        return replace(cost, convention=convention)
    value = cost.value
    if not isinstance(value, Unknown):
        value = replace(value, value=value.value * count // COUNTED)
    times = "" if count == 1 else f"{count}*"
    formula = f"{times}({cost.formula})//{COUNTED}" if cost.formula is not None else None
    return replace(cost, value=value, formula=formula, convention=convention)


def has_own_state(analysis: Analysis) -> bool:
    """Whether a training program's optimizers are known, so that a cost of their state is one of this program."""
    return any(pipeline.optimizers for pipeline in analysis.facts.processes.training)
