"""Loss terms of a training program: function, reduction, ignored index, label smoothing, label shift."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from analyzer.facts.data import find_shift
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.interfaces import stage_of
from analyzer.facts.loss_choices import choices
from analyzer.facts.loss_slices import REDUCTIONS
from analyzer.facts.loss_terms import returned_terms
from analyzer.facts.loss_weights import LossWeights
from analyzer.facts.program import Program
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Loss, Stage
from analyzer.records.source import Span

TOKEN_LOSSES = ("cross_entropy", "CrossEntropyLoss", "nll_loss", "NLLLoss")


def find_losses(program: Program, stages: Sequence[tuple[Stage, Occurrence]]) -> tuple[Loss, ...]:
    """Losses that take part in training, in order."""
    found: dict[int | tuple[int, str], Loss] = {}
    weights = LossWeights(program)
    for stage, occurrence in stages:
        if stage.framework is not None and stage.kind == "loss":
            built = _framework_loss(program, stage, occurrence)
            found |= {id(occurrence.step): built} if built is not None else {}
        elif stage.kind == "loss" and occurrence.call is not None:
            for loss in _losses_of_call(program, occurrence, occurrence.call):
                given = weights.value_of(occurrence)
                loss = replace(loss, weight=weights.of(occurrence), weight_value=given)  # noqa: PLW2901
                if loss.label_shift is None and any(word in loss.function for word in TOKEN_LOSSES):
                    loss = replace(loss, label_shift=find_shift(program, stages))  # noqa: PLW2901
                found.setdefault((id(occurrence.call), loss.function), loss)
    named = {loss.where for loss in found.values()}
    return (*found.values(), *(term for term in returned_terms(program) if found and term.where not in named))


def _losses_of_call(program: Program, occurrence: Occurrence, call: ast.Call) -> tuple[Loss, ...]:
    """One loss, or each of those that the branches choose from; what contains a library's loss shows that one."""
    outer = occurrence.around.conditions
    reached = _chosen_on_the_way(program, occurrence) or (outer[-1] if outer else None)
    kept = [c for c in choices(program, occurrence.step) if not _contains_loss(program, occurrence, c.function)]
    if not kept:
        return (replace(_loss(program, occurrence, call, None), condition=reached),)
    losses = [(_loss(program, occurrence, call, choice.maker), choice) for choice in kept]
    return tuple(replace(loss, function=c.function, condition=c.condition or reached) for loss, c in losses)


def _chosen_on_the_way(program: Program, occurrence: Occurrence) -> str | None:
    """The condition under which a call on the way here runs this code, and not another loss."""
    for step, target in reversed(occurrence.stack):
        names = (getattr(target.type, "name", ""), getattr(target.type, "owner", ""))
        for choice in choices(program, step):
            if choice.function in names:
                return choice.condition
    return None


def _contains_loss(program: Program, occurrence: Occurrence, function: str) -> bool:
    bodies = (t.body for t in occurrence.step.targets if getattr(t.type, "name", None) == function)
    return any("loss" in program.flow.kinds(body) for body in bodies if body is not None)


def _loss(program: Program, occurrence: Occurrence, call: ast.Call, maker: ast.Call | None) -> Loss:
    scope, index = occurrence.step.scope, program.flow.index
    options = _options(program, occurrence, call, maker)
    reduction = options.get("reduction")
    text = reduction.value if isinstance(reduction, Known) and isinstance(reduction.value, str) else None
    written_out = isinstance(call.func, ast.Attribute) and call.func.attr in REDUCTIONS and not _is_library(occurrence)
    return Loss(
        function=_name(occurrence, call),
        where=index.span(scope.path, call),
        code=index.segment(scope.path, call),
        reduction=call.func.attr if written_out and isinstance(call.func, ast.Attribute) else text,
        ignore_index=options.get("ignore_index"),
        label_smoothing=options.get("label_smoothing"),
        label_shift=_label_shift(program, scope, call),
    )


def _framework_loss(program: Program, stage: Stage, occurrence: Occurrence) -> Loss | None:
    """The loss that a library's own trainer computes; that of a library's model is its own."""
    driver = occurrence.step.driver
    calls = (d for o in program.occurrences if o.step.statement is occurrence.step.statement for d in o.dotted)
    name = next((d for d in calls if driver is not None and driver.call.fullmatch(d)), "")
    is_special = name.startswith("trl.") and not name.startswith("trl.SFTTrainer")
    return Loss(f"{name.removesuffix('().train')}.compute_loss", stage.where, stage.code) if is_special else None


def _is_library(occurrence: Occurrence) -> bool:
    return any(stage_of(dotted) == "loss" for dotted in occurrence.dotted)


def _name(occurrence: Occurrence, call: ast.Call) -> str:
    for target in occurrence.step.targets:
        if stage_of(target.dotted) == "loss":
            return target.dotted.removesuffix("()")
    for target in occurrence.step.targets:
        if target.body is not None:
            return target.body.scope.key
    return ast.unparse(call.func)


def _options(
    program: Program, occurrence: Occurrence, call: ast.Call, maker: ast.Call | None
) -> dict[str, Known[object] | Unknown]:
    """Keywords of the call, and of the construction where the loss is an object."""
    found = {
        k.arg: program.flow.values.value(k.value, occurrence.step.scope, occurrence.stack)
        for k in call.keywords
        if k.arg
    }
    for other in program.occurrences:
        made = other.call
        is_maker = made is not None and any(f"{dotted}()" in occurrence.dotted for dotted in other.dotted)
        is_maker = is_maker and (maker is None or made is maker)
        if is_maker and made is not None:
            for keyword in made.keywords:
                if keyword.arg:
                    found.setdefault(
                        keyword.arg, program.flow.values.value(keyword.value, other.step.scope, other.stack)
                    )
    return found


def _label_shift(program: Program, scope: CodeScope, call: ast.Call) -> Span | None:
    """The statement that drops the last position of one tensor and the first of the other."""
    for node in scope.nodes:
        if isinstance(node, ast.Assign) and _shifts(node.value):
            return program.flow.index.span(scope.path, node)
    return program.flow.index.span(scope.path, call) if _shifts(call) else None


def _shifts(node: ast.AST) -> bool:
    """Both `x[..., :-1]` and `y[..., 1:]` stand in it."""
    slices = [ast.unparse(s) for n in ast.walk(node) if isinstance(n, ast.Subscript) for s in _slices(n.slice)]
    return ":-1" in slices and "1:" in slices


def _slices(node: ast.expr) -> list[ast.expr]:
    return [part for part in (node.elts if isinstance(node, ast.Tuple) else [node]) if isinstance(part, ast.Slice)]
