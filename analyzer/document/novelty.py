"""Which techniques distinguish this repository from the reference GPT and from the plain form of its family."""

from __future__ import annotations

from analyzer.document.context import Context
from analyzer.document.wording import read_template
from analyzer.records.techniques import TechniqueFinding

MOST = 5
FEWEST = 3


def distinguishing(context: Context) -> tuple[TechniqueFinding, ...]:
    """Three to five findings, the rarest first; the common ones of the family fill up only what is missing."""
    ranked = _ranked(context)
    common = set(read_template("knowledge", "common")["common"]["techniques"])
    common |= set(read_template("knowledge", "common").get(context.family, {}).get("techniques", ()))
    own = [found for found in ranked if found.sheet_id not in common]
    rest = [found for found in ranked if found.sheet_id in common]
    return tuple((own + rest)[: max(min(len(own), MOST), FEWEST)])


def is_shared_with_reference(finding: TechniqueFinding) -> bool:
    return finding.sheet_id in read_template("knowledge", "common")["common"]["techniques"]


def _ranked(context: Context) -> list[TechniqueFinding]:
    """One finding per technique with a place; those of the model before training, decoding and system."""
    order = {name: at for at, name in enumerate(read_template("knowledge", "common")["common"]["categories"])}
    first: dict[str, TechniqueFinding] = {}
    for found in context.used_techniques:
        if found.where:
            first.setdefault(found.sheet_id, found)
    return sorted(
        first.values(),
        key=lambda found: (order.get(context.sheets[found.sheet_id].category, len(order)), found.sheet_id),
    )
