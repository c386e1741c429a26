"""Which techniques distinguish this repository from the reference GPT; what models of its kind all have comes last."""

from __future__ import annotations

from analyzer.document.context import Context
from analyzer.document.wording import read_template
from analyzer.records.techniques import TechniqueFinding

MOST = 5
FEWEST = 3
AROUND = {"training", "system", "regularization", "schedule"}
"""Categories of what surrounds a model rather than makes it."""


def distinguishing(context: Context) -> tuple[TechniqueFinding, ...]:
    """Three to five findings: ideas of the model that the reference GPT has not, then the telling ones that it shares,
    then what surrounds the model; what the whole family has only fills up.
    """
    ranked = _ranked(context)
    plain = _listed("common") | _listed(context.family)
    telling = [found for found in ranked if found.sheet_id not in plain]
    own = [found for found in telling if not is_shared_with_reference(found)]
    ideas = [found for found in own if context.sheets[found.sheet_id].category not in AROUND]
    around = [found for found in own if context.sheets[found.sheet_id].category in AROUND]
    shared = _varied(context, [found for found in telling if is_shared_with_reference(found)])
    chosen = ideas[:MOST]
    chosen += shared[: max(FEWEST - len(chosen), 0)]
    chosen += around[: MOST - len(chosen)]
    rest = _varied(context, [found for found in ranked if found.sheet_id in plain])
    return tuple(chosen + rest[: max(FEWEST - len(chosen), 0)])


def beyond_reference(context: Context) -> tuple[TechniqueFinding, ...]:
    """Of the distinguishing findings those that the reference GPT lacks and that are not common to the family."""
    plain = _listed("common") | _listed(context.family)
    found = distinguishing(context)
    return tuple(item for item in found if item.sheet_id not in plain and not is_shared_with_reference(item))


def common_beyond(context: Context) -> tuple[TechniqueFinding, ...]:
    """What the reference GPT lacks and models of this kind have so often that it tells nothing of this one."""
    plain = _listed("common") | _listed(context.family)
    return tuple(item for item in _ranked(context) if item.sheet_id in plain and not is_shared_with_reference(item))


def _varied(context: Context, found: list[TechniqueFinding]) -> list[TechniqueFinding]:
    """The first of each category, then the second of each, so that shared ideas do not all speak of one part."""
    seen: dict[str, int] = {}
    ranked = []
    for at, item in enumerate(found):
        category = context.sheets[item.sheet_id].category
        ranked.append((seen.setdefault(category, 0), at, item))
        seen[category] += 1
    return [item for _, _, item in sorted(ranked, key=lambda row: row[:2])]


def is_shared_with_reference(finding: TechniqueFinding) -> bool:
    return finding.sheet_id in _listed("reference")


def _listed(group: str) -> set[str]:
    return set(read_template("knowledge", "common").get(group, {}).get("techniques", ()))


def _ranked(context: Context) -> list[TechniqueFinding]:
    """One finding per technique with a place; those of the model before training, decoding and system."""
    return list(context.distinct(item for item in context.used_techniques if item.where))
