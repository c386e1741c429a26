"""What an evaluation does that a training need not do: losses without gradients, metrics, the numbers it reports.

Losses are those of the training where both run the same call, and losses of libraries; whether a number is a good
measure is judged nowhere.
"""

from __future__ import annotations

import ast
import re

from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.interfaces import stage_of
from analyzer.facts.loss_slices import LossSlices
from analyzer.facts.program import Program
from analyzer.records.processes import StageKind

METRIC = re.compile(
    r"sklearn\.metrics\.\w+|torchmetrics\.(\w+\.)*[A-Z]\w*\(\)(\.(update|compute|forward))?|torchmetrics\.functional\.\w+|"
    r"torcheval\.metrics\.(\w+\.)*\w+(\(\)\.(update|compute))?|evaluate\.load\(\)\.(compute|add|add_batch)|"
    r"seqeval\.metrics\.\w+|sacrebleu\.\w+|jiwer\.\w+|pycocotools\.cocoeval\.COCOeval\(\)\.\w+|nltk\.translate\..*"
)
COUNTING = frozenset({"sum", "mean", "item", "float", "all", "any", "count_nonzero"})


class EvaluationStages:
    """Nothing for a program that is no evaluation of a training."""

    def __init__(self, program: Program) -> None:
        self.is_evaluation = program.trained_by is not None
        self._losses = LossSlices(program.trained_by) if program.trained_by is not None else None

    def kind(self, occurrence: Occurrence) -> StageKind | None:
        """`loss` or `metric`, where the step is one."""
        call = occurrence.call
        if self._losses is None or call is None:
            return None
        if self._losses.is_loss_call(occurrence.step) or any(stage_of(d) == "loss" for d in occurrence.dotted):
            return "loss"
        is_metric = any(METRIC.fullmatch(dotted) for dotted in occurrence.dotted) or _counts_equals(call)
        return "metric" if is_metric and not occurrence.in_forward else None

    def reports(self, call: ast.Call, occurrence: Occurrence) -> bool:
        """Printing or logging more than words."""
        prints = "builtins.print" in occurrence.dotted or any(d.startswith("logging.") for d in occurrence.dotted)
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        names = {n.id for a in given for n in ast.walk(a) if isinstance(n, ast.Name)}
        return self.is_evaluation and prints and bool(names & _numbers(occurrence))


def _counts_equals(call: ast.Call) -> bool:
    """`(found == wanted).sum()`, `found.eq(wanted).float().mean()`: how often two things are the same."""
    node: ast.AST = call
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "eq":
            return node is not call
        if node.func.attr not in COUNTING:
            return False
        node = node.func.value
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.Eq):
        return False
    return not any(_is_fixed(side) for side in (node.left, *node.comparators))


def _is_fixed(node: ast.expr) -> bool:
    """A number, or something that the object keeps: `ids == self.padding` counts one thing and compares no two."""
    base = node
    while isinstance(base, ast.Attribute):
        base = base.value
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Attribute) and getattr(base, "id", "") == "self")


def _numbers(occurrence: Occurrence) -> set[str]:
    """Names of the function that are computed: sums over batches, quotients, items of tensors."""
    found: set[str] = set()
    for node in occurrence.step.scope.nodes:
        is_computed = isinstance(node, ast.AugAssign) or (
            isinstance(node, ast.Assign)
            and any(isinstance(n, ast.BinOp) or getattr(n, "attr", "") == "item" for n in ast.walk(node.value))
        )
        targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
        found |= {t.id for t in targets if is_computed and isinstance(t, ast.Name)}
    return found
