"""Optimizers with their arguments and parameter groups."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from analyzer.facts.configuration.dict_literals import pairs_of
from analyzer.facts.filled_lists import filled_by_loop
from analyzer.facts.flow import Klass
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.interfaces import is_optimizer
from analyzer.facts.optimizer_choices import Choice, beside_known, choices_at, condition_of
from analyzer.facts.program import OPTIMIZER_BASES, Program
from analyzer.facts.spread_arguments import spread_arguments
from analyzer.facts.trial_steps import trial_scopes
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Optimizer, OptimizerGroup

Value = Known[object] | Unknown
POSITIONAL = {
    "optimizer": ("params", "lr"),
    "create_optimizer": ("args", "model"),
    "create_optimizer_v2": ("model_or_params", "opt", "lr", "weight_decay", "momentum"),
    "CosineAnnealingLR": ("optimizer", "T_max", "eta_min"),
    "StepLR": ("optimizer", "step_size", "gamma"),
    "MultiStepLR": ("optimizer", "milestones", "gamma"),
    "ExponentialLR": ("optimizer", "gamma"),
    "LinearLR": ("optimizer", "start_factor", "end_factor", "total_iters"),
    "PolynomialLR": ("optimizer", "total_iters", "power"),
    "LambdaLR": ("optimizer", "lr_lambda"),
    "get_linear_schedule_with_warmup": ("optimizer", "num_warmup_steps", "num_training_steps"),
    "get_cosine_schedule_with_warmup": ("optimizer", "num_warmup_steps", "num_training_steps", "num_cycles"),
    "get_constant_schedule_with_warmup": ("optimizer", "num_warmup_steps"),
    "get_cosine_with_min_lr_schedule_with_warmup": (
        "optimizer", "num_warmup_steps", "num_training_steps", "num_cycles", "last_epoch", "min_lr", "min_lr_rate",
    ),
}  # fmt: skip
TRAINED = ("params", "model_or_params", "model")
"""Arguments that hold what is optimised."""


def find_optimizers(program: Program) -> tuple[Optimizer, ...]:
    """Every optimizer that the program trains with, in order; what a default run does not build comes last."""
    found: dict[object, tuple[Optimizer, Occurrence]] = {}
    trials = trial_scopes(program)
    for occurrence in program.occurrences:
        call = occurrence.call if occurrence.step.scope.key not in trials else None
        for choice in _choices(program, occurrence) if call is not None else ():
            optimizer = _optimizer(program, occurrence, call, choice.name)  # type: ignore[arg-type]
            optimizer = replace(optimizer, condition=choice.condition, effective=choice.effective)
            found.setdefault((optimizer.where, choice.name), (optimizer, occurrence))
    for occurrence, dotted in beside_known(program, [place for _, place in found.values()]):
        optimizer = _optimizer(program, occurrence, occurrence.call, dotted)  # type: ignore[arg-type]
        condition, effective = condition_of(program, occurrence)
        optimizer = replace(optimizer, condition=condition, effective=effective)
        found.setdefault((optimizer.where, dotted), (optimizer, occurrence))
    told = [_behind_others(program, one, place, found.values()) for one, place in found.values()]
    return tuple(sorted(told, key=lambda one: one.effective is False))


def _behind_others(
    program: Program, one: Optimizer, place: Occurrence, others: Iterable[tuple[Optimizer, Occurrence]]
) -> Optimizer:
    """`if a: return SGD(…)`, `return Adam(…)`: what comes last stands under the opposite of what left before."""
    left = {other.condition: other.effective for other, at in others if at.step.scope is place.step.scope}
    texts = [text for text in place.step.around.unless if text in left] if one.condition is None else []
    if not texts:
        return one
    came = [left[text] for text in texts]
    effective = False if True in came else None if None in came else program.holds(place)
    return replace(one, condition=f"not ({texts[-1]})", effective=effective)


def _choices(program: Program, occurrence: Occurrence) -> tuple[Choice, ...]:
    """The one optimizer that a call names, or those that it chooses from."""
    chosen = choices_at(program, occurrence)
    name = _optimizer_name(program, occurrence) if not chosen else ""
    return (Choice(name, *condition_of(program, occurrence)),) if name else chosen


def _optimizer_name(program: Program, occurrence: Occurrence) -> str:
    for target in occurrence.step.targets:
        if target.dotted and is_optimizer(target.dotted):
            return target.dotted
        if isinstance(target.type, Klass) and program.is_own_class(target.type, OPTIMIZER_BASES):
            return target.type.owner
    return ""


def _optimizer(program: Program, occurrence: Occurrence, call: ast.Call, name: str) -> Optimizer:
    arguments = list(named_arguments(call, POSITIONAL.get(name.rpartition(".")[2], POSITIONAL["optimizer"])))
    values = tuple(
        (key, _text(program, occurrence, node), _value(program, occurrence, node))
        for key, node in arguments
        if key not in TRAINED
    )
    values += tuple(spread_arguments(program, occurrence, call))
    parameters = next((node for key, node in arguments if key in TRAINED), None)
    groups = tuple(_groups(program, occurrence, parameters)) if parameters is not None else ()
    return Optimizer(name, values, groups, program.flow.index.span(occurrence.step.scope.path, call))


def named_arguments(call: ast.Call, names: Sequence[str]) -> Iterator[tuple[str, ast.expr]]:
    """Arguments of a call by name, positional ones by the interface's order; `**` and `*` are left out."""
    for place, node in enumerate(call.args):
        if place < len(names) and not isinstance(node, ast.Starred):
            yield names[place], node
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg, keyword.value


def _text(program: Program, occurrence: Occurrence, node: ast.expr) -> str:
    return program.flow.index.segment(occurrence.step.scope.path, node)


def _value(program: Program, occurrence: Occurrence, node: ast.expr) -> Value:
    return program.flow.values.value(node, occurrence.step.scope, occurrence.stack)


def _groups(program: Program, occurrence: Occurrence, node: ast.expr) -> Iterator[OptimizerGroup]:
    """One group per dictionary of the list that the optimizer is given; else all that it is given."""
    scope = occurrence.step.scope
    written = _written_out(node, scope)
    made = _made_groups(program, occurrence, written)
    if made is not None:
        occurrence, written = made
        scope = occurrence.step.scope
    if not isinstance(written, ast.List) or not all(pairs_of(item) for item in written.elts):
        yield OptimizerGroup(_text(program, occurrence, node), (), program.flow.index.span(scope.path, node))
        return
    for item in written.elts:
        pairs = pairs_of(item)
        options = tuple((key, _value(program, occurrence, value)) for key, value in pairs if key != "params")
        chosen = next((value for key, value in pairs if key == "params"), item)
        filling = filled_by_loop(chosen.id, scope) if isinstance(chosen, ast.Name) else None
        rule = filling.statement if filling is not None else _written_out(chosen, scope)
        where = program.flow.index.span(scope.path, rule)
        text = filling.rule if filling is not None else program.flow.index.segment(scope.path, rule)
        yield OptimizerGroup(text, options, where)


def _made_groups(program: Program, occurrence: Occurrence, node: ast.expr) -> tuple[Occurrence, ast.expr] | None:
    """The one list that an own function returns, with the way into that function."""
    for call in program.occurrences if isinstance(node, ast.Call) else ():
        if call.step.node is node:
            bodies = [(t, t.body) for t in call.step.targets if t.body is not None and not t.note]
            target, body = bodies[0] if len(bodies) == 1 else (None, None)
            returned = [n.value for n in body.scope.nodes if isinstance(n, ast.Return)] if body is not None else []
            value = returned[0] if len(returned) == 1 else None
            if body is not None and target is not None and value is not None:
                listed = _written_out(value, body.scope)
                step = replace(call.step, scope=body.scope)
                if isinstance(listed, ast.List) and all(pairs_of(item) for item in listed.elts):
                    return replace(call, step=step, stack=(*call.stack, (call.step, target))), listed
    return None


def _written_out(node: ast.expr, scope: CodeScope) -> ast.expr:
    """What a name stands for where its scope binds it once."""
    if isinstance(node, ast.Name):
        bound = [
            n
            for n in scope.nodes
            if isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == node.id for t in n.targets)
        ]
        if len(bound) == 1:
            return bound[0].value
    return node
