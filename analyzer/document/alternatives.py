"""Names of the arms of choices, and the sentences that say that a run takes one of them: A1, A2; B1, B2."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.document.blocks import paragraph
from analyzer.document.context import Context
from analyzer.document.diagrams.ways import arm_name
from analyzer.document.inline import code, join, ref
from analyzer.records.document import Block, Line, Plain
from analyzer.records.processes import Arm, Stage

LONGEST = 48


def arm_text(context: Context, arm: Arm) -> Line:
    """`A1 if …`, or that it is what is left."""
    name = Plain(arm_name(arm))
    if not arm.condition:
        return context.words.line("stages.arm_else", name=name)
    return context.words.line("stages.arm", name=name, condition=code(arm.condition, LONGEST))


def arms_in_brackets(stage: Stage) -> str:
    """For drawings in plain text: `[A1: mode == 'new']`."""
    told = [f"[{arm_name(arm)}: {' '.join(arm.condition.split())[:LONGEST] or 'else'}]" for arm in stage.arms]
    return " ".join(told)


def choices_told(context: Context, stages: Iterable[Stage]) -> tuple[Block, ...]:
    """Which arms exclude one another, with the lines where the choices begin."""
    arms = sorted({(arm.choice, arm.number): arm for stage in stages for arm in stage.arms}.items())
    choices: dict[int, list[Arm]] = {}
    for (choice, _), arm in arms:
        choices.setdefault(choice, []).append(arm)
    told = [
        (Plain("/".join(map(arm_name, found)) + " ("), *ref(found[0].where), Plain(")")) for found in choices.values()
    ]
    return (paragraph(context.words, "stages.choices", choices=join(told)),) if told else ()
