"""Which calls of a training program evaluate what it trains: they run forwards, and neither gradients nor steps.

That alone is not enough, as targets and samples are computed so too. A call evaluates where it switches to evaluation
mode, where it runs the very code that trains with another argument (`train=False`), or where it goes through batches.
"""

from __future__ import annotations

import ast
from typing import Protocol

from analyzer.facts.flow.inference import Inference
from analyzer.facts.flow.steps import Body, Step
from analyzer.facts.flow.trace import Occurrence, is_construction, is_forward
from analyzer.facts.interfaces import NO_GRAD, stage_of

UPDATES = frozenset({"backward", "step"})


class Shared(Protocol):
    """What is asked of the flow that all programs share."""

    @property
    def inference(self) -> Inference: ...

    def kinds(self, body: Body) -> frozenset[str]: ...


class Walked(Protocol):
    """What is asked of a program."""

    @property
    def flow(self) -> Shared: ...

    @property
    def body(self) -> Body: ...

    @property
    def occurrences(self) -> list[Occurrence]: ...

    @property
    def kinds(self) -> frozenset[str]: ...

    def is_under_no_grad(self, occurrence: Occurrence) -> bool: ...

    def loader_of(self, node: ast.AST, scope_step: Step) -> str: ...


def find_evaluation_calls(program: Walked) -> frozenset[int]:
    """Identities of the steps that evaluate, those of a framework's loop included."""
    if "backward" not in program.kinds:
        return frozenset()
    found = {id(o.step) for o in program.occurrences if o.step.act is not None and o.step.act.kind == "evaluate"}
    search = _Search(program)
    for occurrence in program.occurrences:
        if any(search.evaluates(occurrence, body) for body in search.closed_bodies(occurrence)):
            found.add(id(occurrence.step))
    return frozenset(found)


def is_eval(step: Step) -> bool:
    """True for `.eval()` and `.train(False)`."""
    node = step.node
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    is_false = bool(node.args) and isinstance(node.args[0], ast.Constant) and node.args[0].value is False
    return node.func.attr == "eval" or (node.func.attr == "train" and is_false)


def bodies_below(body: Body) -> list[Body]:
    """A body and all that it may run."""
    found: dict[int, Body] = {}
    pending = [body]
    while pending:
        current = pending.pop()
        if id(current) not in found:
            found[id(current)] = current
            pending += [t.body for step in current.steps for t in step.targets if t.body is not None]
    return list(found.values())


class _Search:
    def __init__(self, program: Walked) -> None:
        self._program = program
        self._flow = program.flow
        self._switches = [o.step for o in program.occurrences if any(stage_of(d) == "mode" for d in o.dotted)]
        bodies = bodies_below(program.body)
        self._training = {body.scope.key for body in bodies if "backward" in self._flow.kinds(body)}

    def closed_bodies(self, occurrence: Occurrence) -> list[Body]:
        """Own code that a call runs, with forwards, without gradients and steps: no forward itself, no constructor."""
        found = []
        for target in occurrence.step.targets:
            is_own = target.body is not None and not is_forward(self._flow.inference, target)
            if is_own and target.body is not None and not is_construction(self._flow.inference, target):
                kinds = self._flow.kinds(target.body)
                found += [target.body] if "forward" in kinds and not kinds & UPDATES else []
        return found

    def evaluates(self, occurrence: Occurrence, body: Body) -> bool:
        """The function switches to eval mode itself and evaluates there, or stands under no_grad after a switch; or
        it is the training without its updates, or runs the model on each batch of a loader.
        """
        if self._is_training_without_updates(body) or self._goes_through_batches(body):
            return True
        if any(is_eval(step) and any(stage_of(d) == "mode" for d in step.foreign) for step in body.steps):
            return not any(self._is_inner_evaluation(step) for step in body.steps)
        before = [
            step
            for step in self._switches
            if step.scope is occurrence.step.scope and step.statement.lineno < occurrence.step.statement.lineno
        ]
        return bool(before) and is_eval(before[-1]) and self._program.is_under_no_grad(occurrence)

    def _is_training_without_updates(self, body: Body) -> bool:
        """Below the call the function runs that trains elsewhere in the program, here without gradients."""
        return any(inner.scope.key in self._training for inner in bodies_below(body))

    def _goes_through_batches(self, body: Body) -> bool:
        """A loop over a loader with a forward inside, by a function that hands no batch on."""
        loops = [step for step in body.steps if isinstance(step.node, (ast.For, ast.AsyncFor)) and step.kind == "loop"]
        places = [step.around.loops for step in loops if self._program.loader_of(step.node.iter, step)]  # type: ignore[attr-defined]
        if not places or any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in body.scope.nodes):
            return False
        inside = [step for step in body.steps if any(step.around.loops[: len(place)] == place for place in places)]
        return any(is_forward(self._flow.inference, target) for step in inside for target in step.targets)

    def _is_inner_evaluation(self, step: Step) -> bool:
        """A call under `with no_grad` of own code that runs forwards: the evaluation proper."""
        first = getattr(step.scope.node, "lineno", 0)  # a decorator's guard stands around the whole function
        inside = [context for context in step.around.contexts if context.line >= first]
        is_guarded = any(NO_GRAD.fullmatch(dotted) for context in inside for dotted in context.dotted)
        bodies = [t.body for t in step.targets if t.body is not None and not is_forward(self._flow.inference, t)]
        return is_guarded and any("forward" in self._flow.kinds(body) for body in bodies)
