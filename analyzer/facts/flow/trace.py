"""The steps of a walk in one flat sequence, each with everything that stands around it on its way from the entry."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from analyzer.facts.flow.contexts import Contexts
from analyzer.facts.flow.decisions import Decisions
from analyzer.facts.flow.entrances import Entrances
from analyzer.facts.flow.inference import Inference
from analyzer.facts.flow.objects import Container, Foreign, Function, Instance, Klass
from analyzer.facts.flow.steps import Body, Step, Surrounding, Target

MAX_OCCURRENCES = 40_000
MAX_HELPER = 8
UPDATES = frozenset({"backward"})
GRADIENTS = frozenset({"backward", "manual_backward"})


@dataclass(eq=False, frozen=True)
class Occurrence:
    """A step with its surroundings from the entry on; `stack` holds the calls that lead to it."""

    step: Step
    around: Surrounding
    stack: tuple[tuple[Step, Target], ...] = ()
    in_forward: bool = False
    """Inside the forward of a module."""
    in_construction: bool = False
    """Inside the constructor of a module."""

    @property
    def dotted(self) -> tuple[str, ...]:
        return self.step.foreign

    @property
    def call(self) -> ast.Call | None:
        return self.step.node if isinstance(self.step.node, ast.Call) else None


def is_forward(inference: Inference, target: Target) -> bool:
    """True where a call runs the forward of a module: `model(x)`, `self.forward(x)`."""
    found = target.type
    if isinstance(found, Instance):
        return inference.is_module(found) and not trains_itself(inference, found)
    if isinstance(found, Function) and isinstance(found.receiver, Instance):
        is_named = found.name.rpartition(".")[2] == "forward" and inference.is_module(found.receiver)
        return is_named and not trains_itself(inference, found.receiver)
    return isinstance(found, (Foreign, Container)) and inference.is_module(found)


def is_construction(inference: Inference, target: Target) -> bool:
    """True where a call constructs a module of the repository."""
    made = Instance(target.type.owner) if isinstance(target.type, Klass) else None
    return made is not None and inference.is_module(made) and not trains_itself(inference, made)


def trains_itself(inference: Inference, found: Instance) -> bool:
    """A module whose own forward takes gradients: a trainer in the form of a module, and no part of the model."""
    forward = inference.calls.called_function(found)
    scope = inference.scopes.by_key.get(forward.name) if forward is not None else None
    return scope is not None and any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in GRADIENTS for n in scope.nodes
    )


def occurrences(inference: Inference, body: Body) -> list[Occurrence]:
    """All steps below a body in order; a body that was already seen in the same role is not entered again."""
    flattener = _Flattener(inference)
    flattener.count_callers(body)
    return list(flattener.of(body, Occurrence(_NO_STEP, Surrounding())))


_NO_STEP = Step("call", ast.Pass(), None, ast.Pass(), Surrounding())  # type: ignore[arg-type]


def is_update_helper(body: Body) -> bool:
    """A short function around a step of training (`def backwards(loss, …)`): each of its calls is one."""
    called = {
        n.func.attr for s in body.steps if isinstance(n := s.node, ast.Call) and isinstance(n.func, ast.Attribute)
    }
    return len(body.steps) <= MAX_HELPER and bool(called & UPDATES)


def helped_by(occurrence: Occurrence) -> int:
    """Which call of a short function around a step of training this step belongs to; 0 in all other code."""
    if not occurrence.stack:
        return 0
    step, target = occurrence.stack[-1]
    return id(step.node) if target.body is not None and is_update_helper(target.body) else 0


def imported_files(inference: Inference, path: str) -> frozenset[str]:
    """Files of the repository that a file imports, directly or through others, itself included."""
    symbols = inference.index.symbols
    found, pending = {path}, [path]
    while pending:
        current = pending.pop()
        named = _documented_files(inference, current) - found
        found |= named
        pending += sorted(named)
        for node in ast.walk(inference.scopes.by_key[current].node) if current in inference.scopes.by_key else ():
            for module in _modules(node):
                for dotted, level in module:
                    file = symbols.resolve_module(current, dotted, level)
                    if file is not None and file not in found:
                        found.add(file)
                        pending.append(file)
    return frozenset(found)


def _documented_files(inference: Inference, path: str) -> set[str]:
    """Where the classes are defined that docstrings of a file name for parameters: users hand such objects in."""
    named = (found for key, found in inference.documented.items() if key.partition(":")[0] == path)
    return {owner.partition(":")[0] for found in named for owner in found.values()}


def _modules(node: ast.AST) -> Iterator[list[tuple[str, int]]]:
    """Modules that an import may load: each package on the way, and names that may be modules."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            parts = alias.name.split(".")
            yield [(".".join(parts[:size]), 0) for size in range(1, len(parts) + 1)]
    elif isinstance(node, ast.ImportFrom):
        parts = node.module.split(".") if node.module else []
        found = [(".".join(parts[:size]), node.level) for size in range(1 if parts else 0, len(parts) + 1)]
        names = [".".join([*parts, alias.name]) for alias in node.names if alias.name != "*"]
        yield found + [(name, node.level) for name in names]


class _Flattener:
    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._contexts = Contexts(inference)
        self._decisions = Decisions(inference, self._contexts)
        self._entrances = Entrances(self._decisions)
        self._seen: set[tuple[object, ...]] = set()
        self._count = 0
        self._callers: dict[str, int] = {}
        self._mentioned: set[str] = set()
        self._files: frozenset[str] = frozenset()
        self._own: dict[Step, tuple[Target, ...]] = {}

    def count_callers(self, body: Body) -> None:
        """From how many places each function is called."""
        self._files = imported_files(self._inference, body.scope.path)
        places: dict[str, set[int]] = {}
        pending, seen = [body], {id(body)}
        while pending:
            current = pending.pop()
            for step in current.steps:
                for inner in (t.body for t in step.targets if t.body is not None and not t.note):
                    places.setdefault(inner.scope.key, set()).add(id(step.node))
                    if id(inner) not in seen:
                        seen.add(id(inner))
                        pending.append(inner)
        self._callers = {key: len(found) for key, found in places.items()}
        self._mentioned = {
            name
            for key in {body.scope.key, *places}
            for node in self._inference.scopes.by_key[key].nodes
            if (name := getattr(node, "attr", None) or getattr(node, "id", None))
        }

    def of(self, body: Body, outer: Occurrence) -> Iterator[Occurrence]:
        verdicts: dict[str, bool | None] = {}
        for step in body.steps:
            self._count += 1
            if self._count > MAX_OCCURRENCES:
                return
            if self._is_ruled_out(step, outer.stack, verdicts):
                continue
            around = step.around.inside(outer.around)
            step = self._on_this_way(self._within_program(step), outer.stack)  # noqa: PLW2901
            here = Occurrence(step, around, outer.stack, outer.in_forward, outer.in_construction)
            yield here
            for target in step.targets:
                if target.body is not None and not target.note:
                    yield from self._inner(target, target.body, here)

    def _within_program(self, step: Step) -> Step:
        """The step without what other programs put into shared objects: code of files that this one never imports,
        and methods handed on as values that it never names.
        """
        if step not in self._own:
            self._own[step] = tuple(t for t in step.targets if self._is_own(t))
        kept = self._own[step]
        return step if len(kept) == len(step.targets) else replace(step, targets=kept)

    def _is_ruled_out(
        self, step: Step, stack: tuple[tuple[Step, Target], ...], verdicts: dict[str, bool | None]
    ) -> bool:
        """A condition around the step is false with what this way gives, or one before it has led away."""
        wanted = [*((text, False) for text in step.around.conditions), *((text, True) for text in step.around.unless)]
        for text, verdict in wanted:
            if text not in verdicts:
                verdicts[text] = self._decisions.truth_of(text, step.scope, stack)
            if verdicts[text] is verdict:
                return True
        return False

    def _on_this_way(self, step: Step, stack: tuple[tuple[Step, Target], ...]) -> Step:
        """The step without what only other callers of this code hand to it."""
        kept = tuple(t for t in step.targets if self._contexts.reaches(step, stack, t))
        return step if len(kept) == len(step.targets) else replace(step, targets=kept)

    def _is_own(self, target: Target) -> bool:
        if target.handed and target.handed not in self._mentioned:
            return False
        name = str(getattr(target.type, "owner", "") or getattr(target.type, "name", ""))
        path = name.partition(":")[0]
        return not path or path in self._files

    def _inner(self, target: Target, body: Body, here: Occurrence) -> Iterator[Occurrence]:
        in_forward = here.in_forward or is_forward(self._inference, target)
        in_construction = here.in_construction or is_construction(self._inference, target)
        contexts = tuple(sorted({c.text for c in here.around.contexts}))
        stack = (*here.stack, (here.step, target))
        given = self._contexts.given(body.scope, stack)
        place = id(here.step.node) if is_update_helper(body) else 0
        decided = self._entrances.verdicts(body, here.step.node, stack)
        key = (id(body), in_forward, in_construction, here.around.loops, contexts, given, place, decided)
        if key in self._seen:
            return
        self._seen.add(key)
        around = here.around
        if self._callers.get(body.scope.key, 0) > 1:
            around = Surrounding(around.loops, (), around.contexts)  # no one condition leads here
        yield from self.of(body, Occurrence(here.step, around, stack, in_forward, in_construction))
