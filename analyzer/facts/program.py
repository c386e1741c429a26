"""One program of the repository: an entry point and everything it runs, with the questions asked of it.

`Flow` holds what all programs of a repository share.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from analyzer.facts.argument_values import ArgumentValues
from analyzer.facts.evaluation_calls import find_evaluation_calls, is_eval
from analyzer.facts.flow import Container, Foreign, Function, Inference, Instance, Klass, Type
from analyzer.facts.flow.foreign import WRAPPERS
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.steps import Body, Step, Target
from analyzer.facts.flow.trace import Occurrence, is_forward, occurrences
from analyzer.facts.flow.walk import Walker
from analyzer.facts.interfaces import NO_GRAD, generates, stage_of
from analyzer.index import SourceIndex
from analyzer.records.processes import Start
from analyzer.records.source import Span

DATA_BASES = ("torch.utils.data.", "torchvision.datasets.", "pytorch_lightning.LightningDataModule")
LOADER = re.compile(r"torch\.utils\.data\.(\w+\.)*\w*DataLoader\(\)|torchdata\..*DataLoader\(\)")
ITERATING = WRAPPERS | {"builtins.enumerate", "builtins.zip"}
MAX_DEPTH = 3
OPTIMIZER_BASES = ("torch.optim.Optimizer", "torch.optim.optimizer.Optimizer")


@dataclass
class Flow:
    """The repository's objects and bodies of code, and the values of expressions in them."""

    index: SourceIndex
    inference: Inference
    walker: Walker
    values: ArgumentValues
    _kinds: dict[Body, frozenset[str]] = field(default_factory=dict)
    _occurrences: dict[Body, list[Occurrence]] = field(default_factory=dict)

    @cached_property
    def callers(self) -> dict[str, set[str]]:
        """Functions that call a function of the repository, by the names of both."""
        found: dict[str, set[str]] = {}
        for scope in self.inference.scopes.by_key.values():
            for node in scope.nodes if scope.is_function else ():
                for target in self.inference.types(node.func, scope) if isinstance(node, ast.Call) else ():
                    if isinstance(target, Function):
                        found.setdefault(target.name, set()).add(scope.key)
        return found

    @cached_property
    def named(self) -> frozenset[str]:
        """Last parts of all names that code reads: what is not among them nothing here calls."""
        nodes = (node for tree in self.index.trees().values() for node in ast.walk(tree))
        return frozenset(str(getattr(node, "attr", None) or getattr(node, "id", "")) for node in nodes)

    def occurrences(self, body: Body) -> list[Occurrence]:
        """All steps below a body in order; the same for every program that starts there, whatever its values."""
        if body not in self._occurrences:
            self._occurrences[body] = occurrences(self.inference, body)
        return self._occurrences[body]

    def kinds(self, body: Body) -> frozenset[str]:
        """What a body does, its calls included: stage kinds of foreign calls, `forward`, `eval`, `print`."""
        known = self._kinds.get(body)
        if known is not None:
            return known
        self._kinds[body] = frozenset()
        found: set[str] = set()
        for step in body.steps:
            found |= self._step_kinds(step)
            for target in step.targets:
                if target.body is not None and not target.note:
                    found |= self.kinds(target.body)
        self._kinds[body] = frozenset(found)
        return self._kinds[body]

    def _step_kinds(self, step: Step) -> set[str]:
        found: set[str] = {kind for dotted in step.foreign if (kind := stage_of(dotted))}
        if step.act is not None and step.act.kind is not None:
            found.add(step.act.kind)
        found |= {"forward" for target in step.targets if is_forward(self.inference, target)}
        found |= {"forward" for dotted in step.foreign if generates(dotted)}
        if is_unresolved_backward(step):
            found.add("backward")
        if is_unresolved_update(step):
            found.add("step")
        if "mode" in found and is_eval(step):
            found.add("eval")
        found |= {name for name in ("print",) if f"builtins.{name}" in step.foreign}
        return found


def is_unresolved_backward(step: Step) -> bool:
    """`x.backward()` where nothing is known of x: the name belongs to torch's interface."""
    return _calls_unknown(step, "backward")


def is_unresolved_update(step: Step) -> bool:
    """`x.step()` where nothing is known of x but that its gradients are cleared here: `x.zero_grad()`."""
    node = step.node
    if not _calls_unknown(step, "step") or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    owner = ast.unparse(node.func.value)
    return any(
        isinstance(n, ast.Attribute) and n.attr == "zero_grad" and ast.unparse(n.value) == owner
        for n in step.scope.nodes
    )


def is_unresolved_clearing(step: Step) -> bool:
    """`x.zero_grad()` where nothing is known of x: the name belongs to torch's interface."""
    return _calls_unknown(step, "zero_grad")


def _calls_unknown(step: Step, method: str) -> bool:
    """A method is called on something of which at most the foreign owner is known."""
    node = step.node
    is_named = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method
    return is_named and all(
        t.dotted and stage_of(t.dotted) is None and not t.dotted.startswith("torch.autograd.") for t in step.targets
    )


@dataclass(eq=False)
class Program:
    """An entry point with its steps in order."""

    flow: Flow
    name: str
    """Path of the script, or qualified name of the function or method."""
    body: Body
    entry: Span
    script: str = ""
    """Path of the script, where the program is one of several that it chooses from."""
    before: tuple[Occurrence, ...] = ()
    """What a script has done for the function that the program is, where only the script calls it."""
    start: Start = "program"
    trained_by: Program | None = None
    """Of an evaluation the training that calls it."""

    @cached_property
    def occurrences(self) -> list[Occurrence]:
        return [*self.before, *self.flow.occurrences(self.body)]

    @cached_property
    def kinds(self) -> frozenset[str]:
        return self.flow.kinds(self.body)

    @cached_property
    def calls_of(self) -> dict[str, list[tuple[Step, Target]]]:
        """Calls of this program that run a function, by the function's name; each line once."""
        found: dict[str, dict[int, tuple[Step, Target]]] = {}
        for occurrence in self.occurrences:
            for target in occurrence.step.targets:
                if target.body is not None and occurrence.call is not None:
                    places = found.setdefault(target.body.scope.key, {})
                    places.setdefault(id(occurrence.call), (occurrence.step, target))
        return {key: list(places.values()) for key, places in found.items()}

    @cached_property
    def evaluation_calls(self) -> frozenset[int]:
        """Calls (by identity of the step) that evaluate what this program trains."""
        return find_evaluation_calls(self)

    def in_evaluation(self, occurrence: Occurrence) -> bool:
        """Inside a call that evaluates."""
        return any(id(step) in self.evaluation_calls for step, _ in occurrence.stack)

    def is_under_no_grad(self, occurrence: Occurrence) -> bool:
        return any(NO_GRAD.fullmatch(dotted) for c in occurrence.around.contexts for dotted in c.dotted)

    def holds(self, occurrence: Occurrence) -> bool | None:
        """Whether a default run comes here: False where a condition rules it out, None where one is undecided."""
        places = [(occurrence.step, occurrence.stack)]
        places += [(step, occurrence.stack[:place]) for place, (step, _) in enumerate(occurrence.stack)]
        verdicts = [self._truth(text, step, stack) for step, stack in places for text in step.around.conditions]
        return False if False in verdicts else None if None in verdicts else True

    def _truth(self, text: str, step: Step, stack: tuple[tuple[Step, Target], ...]) -> bool | None:
        try:
            node = ast.parse(text, mode="eval").body
        except SyntaxError:
            return None
        return self.flow.values.truth(node, step.scope, stack)

    def is_own_class(self, owner: Instance | Klass, bases: tuple[str, ...]) -> bool:
        """True where a class of the repository stands below one of these foreign bases."""
        definition = self.flow.index.symbols.definition(owner.owner)
        foreign = self.flow.inference.hierarchy.foreign_bases(definition) if definition else ()
        return any(dotted.startswith(bases) for dotted in foreign)

    def loader_of(self, node: ast.AST, scope_step: Step) -> str:
        """Dotted name of a data loader that an expression iterates over, empty where there is none."""
        return self._loader_in(node, scope_step.scope)

    def _loader_in(self, node: ast.AST, scope: CodeScope, depth: int = 0) -> str:
        for part in ast.walk(node):
            if isinstance(part, (ast.Name, ast.Attribute, ast.Call)):
                for found in sorted(self.flow.inference.types(part, scope), key=repr):
                    if name := self._loader_behind(found, depth):
                        return name
            for value in self._wound_up(part, scope) if isinstance(part, ast.Name) and depth < MAX_DEPTH else ():
                if name := self._loader_in(value, scope, depth + 1):
                    return name
        return ""

    def _wound_up(self, name: ast.Name, scope: CodeScope) -> Iterator[ast.Call]:
        """`batches = tqdm(enumerate(loader))`: what a name goes through, where the function itself binds it so."""
        for node in scope.nodes:
            is_binding = isinstance(node, ast.Assign) and [getattr(t, "id", "") for t in node.targets] == [name.id]
            if isinstance(node, ast.Assign) and is_binding and isinstance(node.value, ast.Call):
                found = self.flow.inference.types(node.value.func, scope)
                if any(isinstance(one, Foreign) and one.dotted in ITERATING for one in found):
                    yield node.value

    def _loader_behind(self, found: Type, depth: int) -> str:
        """A loader itself, or a generator of the repository that hands on the batches of one."""
        if isinstance(found, Container):
            site = found.site.removesuffix("<yield>")
            generator = self.flow.inference.scopes.by_key.get(site) if site != found.site and depth < 3 else None
            if generator is None:
                return ""
            loops = [n for n in generator.nodes if isinstance(n, (ast.For, ast.AsyncFor))]
            return next((name for n in loops if (name := self._loader_in(n.iter, generator, depth + 1))), "")
        is_loader = isinstance(found, Foreign) and "DataLoader()" in found.dotted and not found.dotted.endswith("[]")
        return found.dotted if is_loader and isinstance(found, Foreign) else ""
