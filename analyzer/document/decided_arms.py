"""Conditional expressions that the traced build decided: which arm ran and which did not.

Drawings show only what ran; what was left out is told here, beside the module's code.
"""

from __future__ import annotations

from analyzer.document.blocks import table
from analyzer.document.context import Context
from analyzer.document.inline import code, ref
from analyzer.document.key_modules import KeyModule
from analyzer.records.document import Block, Line
from analyzer.records.source import Span
from analyzer.records.tensors import TakenArm

LONGEST = 72


def decided_arms(context: Context, item: KeyModule, name: str) -> tuple[Block, ...]:
    """A table of the expressions in the class of which exactly one arm ran."""
    found = [arm for arm in (context.trace.arms if context.trace else ()) if _is_in(arm, item.info.where)]
    rows = [_row(context, arm) for arm in found if arm.ran[0] != arm.ran[1]]
    caption = context.words.line("core_modules.decided")
    return table(context.words, f"decided_{name}", "condition value ran not_run where", rows, caption=caption)


def _is_in(arm: TakenArm, where: Span) -> bool:
    return arm.where.path == where.path and where.first_line <= arm.where.first_line <= where.last_line


def _row(context: Context, arm: TakenArm) -> tuple[Line, ...]:
    holds = arm.ran[0]
    verdict = context.words.line("common.yes" if holds else "common.no")
    taken, left = arm.arms if holds else arm.arms[::-1]
    return (code(arm.condition, LONGEST), verdict, code(taken, LONGEST), code(left, LONGEST), ref(arm.where))
