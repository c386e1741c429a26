"""Which role each file plays, by what its code does and who calls it; file names and own identifiers decide nothing.

A file may play several roles; each comes with the lines that decided it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.behaviour import Behaviour, Unit
from analyzer.facts.configuration_sources import find_configuration, find_configuration_file
from analyzer.facts.entry_points import entry_spans, is_build_script
from analyzer.facts.foreign_calls import DATASET_BASES, TOKENIZER_BASES, matches
from analyzer.facts.instances import Instances
from analyzer.index import Definition
from analyzer.records.evidence import Evidence
from analyzer.records.source import Span
from analyzer.records.structure import EntryPoint, Role, RoleAssignment

GRADIENTS = ("computes_gradients", "fits_trainer")
MOST_EVIDENCE = 8
"""Lines per rule and file that are kept."""


def derive_roles(instances: Instances, entry_points: tuple[EntryPoint, ...]) -> tuple[RoleAssignment, ...]:
    """Roles of all files, by role and path."""
    reader = _Roles(Behaviour(instances), entry_points)
    readers: tuple[tuple[Role, dict[str, list[Evidence]]], ...] = (
        ("config", reader.configuration()),
        ("model", reader.models()),
        ("training", reader.training()),
        ("inference", reader.inference()),
        ("data", reader.data()),
        ("preprocess", reader.preprocess()),
        ("entry_point", reader.entries()),
    )
    return tuple(
        RoleAssignment(role, path, _distinct(evidence))
        for role, found in readers
        for path, evidence in sorted(found.items())
        if evidence
    )


class _Roles:
    def __init__(self, behaviour: Behaviour, entry_points: tuple[EntryPoint, ...]) -> None:
        self._behaviour = behaviour
        self._index = behaviour.instances.index
        self._entry_points = entry_points
        self._scripts = {e.target for e in entry_points if e.target}
        self._training = frozenset(key for key, unit in behaviour.units.items() if self._trains(unit))

    def configuration(self) -> dict[str, list[Evidence]]:
        found: dict[str, list[Evidence]] = {}
        for path in self._index.trees():
            if not is_build_script(self._index, path):
                found[path] = list(find_configuration(self._behaviour, path, path in self._scripts))
        for path, file in self._index.files.items():
            if file.kind == "config":
                found[path] = list(find_configuration_file(self._index, path))
        return found

    def models(self) -> dict[str, list[Evidence]]:
        found: dict[str, list[Evidence]] = {}
        for definition in self._index.symbols.classes():
            if self._behaviour.instances.hierarchy.is_module(definition):
                self._add(found, definition.path, definition.node, "defines_module", definition.name)
        return found

    def entries(self) -> dict[str, list[Evidence]]:
        found: dict[str, list[Evidence]] = {}
        for path in sorted(self._scripts):
            spans = entry_spans(self._entry_points, path)
            found[path] = [Evidence(span, "is_started") for span in spans]
        return found

    # training

    def _trains(self, unit: Unit) -> bool:
        """It computes gradients or hands over to a trainer, again and again or called from somewhere."""
        if unit.does("fits_trainer") or self._is_training_step(unit):
            return True
        if not unit.does("computes_gradients"):
            return False
        in_loop = any(_in_loop(unit.root, node) for node in unit.actions["computes_gradients"])
        return in_loop or unit.does("steps_optimizer") or bool(self._behaviour.callers.get(unit.key))

    def _is_training_step(self, unit: Unit) -> bool:
        owner = self._behaviour.owner(unit)
        if owner is None or not unit.scope.endswith(".training_step"):
            return False
        return any("LightningModule" in base for base in self._behaviour.instances.hierarchy.foreign_bases(owner))

    def training(self) -> dict[str, list[Evidence]]:
        found: dict[str, list[Evidence]] = {}
        for key in self._behaviour.units:
            unit = self._behaviour.units[key]
            if key in self._training:
                for action in (*GRADIENTS, "steps_optimizer", "schedules_rate"):
                    for node in unit.actions.get(action, ()):
                        self._add(found, unit.path, node, action)
                if self._is_training_step(unit):
                    self._add(found, unit.path, unit.root, "defines_training_step")
            elif unit.path in self._scripts:
                self._add_reached(found, unit, self._training, "calls_training")
        return found

    def _add_reached(
        self, found: dict[str, list[Evidence]], unit: Unit, wanted: frozenset[tuple[str, str]], rule: str
    ) -> None:
        for key, node in self._behaviour.reached_from(unit.key).items():
            if key in wanted and (key[0] != unit.path or rule not in ("calls_training",)):
                self._add(found, unit.path, node, rule, key[1] or key[0])

    # inference

    def inference(self) -> dict[str, list[Evidence]]:
        inferring = self._inferring(evaluation=False)
        rule = "runs_without_gradients"
        if not inferring:
            inferring, rule = self._inferring(evaluation=True), "evaluates_without_gradients"
        found: dict[str, list[Evidence]] = {}
        for key in self._behaviour.units:
            unit = self._behaviour.units[key]
            if key in inferring:
                self._add_inference(found, unit, rule)
            elif unit.path in self._scripts and not self._reaches_training(unit):
                self._add_reached(found, unit, inferring, "calls_inference")
        return found

    def _inferring(self, evaluation: bool) -> frozenset[tuple[str, str]]:
        units = self._behaviour.units.values()
        return frozenset(unit.key for unit in units if self._infers(unit) and evaluation == self._is_evaluation(unit))

    def _infers(self, unit: Unit) -> bool:
        """It runs a model with gradients off or in evaluation mode, and trains nothing."""
        runs = unit.does("runs_model", "runs_foreign_model")
        frozen = unit.does("turns_gradients_off", "sets_evaluation_mode")
        return runs and frozen and not self._reaches_training(unit)

    def _reaches_training(self, unit: Unit) -> bool:
        return unit.key in self._training or any(
            key in self._training for key in self._behaviour.reached_from(unit.key)
        )

    def _is_evaluation(self, unit: Unit) -> bool:
        """A function of a training program that looks at the model in between."""
        if self._behaviour.is_model_method(unit):
            return False
        callers = self._behaviour.callers.get(unit.key, ())
        return bool(callers) and all(self._reaches_training(self._behaviour.units[caller]) for caller in callers)

    def _add_inference(self, found: dict[str, list[Evidence]], unit: Unit, rule: str) -> None:
        for action in ("turns_gradients_off", "sets_evaluation_mode"):
            for node in unit.actions.get(action, ()):
                self._add(found, unit.path, node, action)
        for action in ("runs_model", "runs_foreign_model"):
            for node in unit.actions.get(action, ()):
                self._add(found, unit.path, node, rule)

    # data and preprocessing

    def data(self) -> dict[str, list[Evidence]]:
        found: dict[str, list[Evidence]] = {}
        for definition in self._index.symbols.classes():
            if self._has_base(definition, DATASET_BASES):
                self._add(found, definition.path, definition.node, "defines_dataset", definition.name)
        for unit in self._behaviour.units.values():
            for node in unit.actions.get("loads_data", ()):
                self._add(found, unit.path, node, "loads_data")
            if unit.does("reads_arrays") and unit.does("makes_tensors"):
                self._add(found, unit.path, unit.actions["reads_arrays"][0], "builds_batches")
        return found

    def preprocess(self) -> dict[str, list[Evidence]]:
        found: dict[str, list[Evidence]] = {}
        for definition in self._index.symbols.classes():
            if self._has_base(definition, TOKENIZER_BASES):
                self._add(found, definition.path, definition.node, "defines_tokenizer", definition.name)
        for unit in self._behaviour.units.values():
            for action in ("applies_transforms", "writes_arrays", "extracts_features"):
                for node in unit.actions.get(action, ()):
                    self._add(found, unit.path, node, action)
            if unit.does("tokenises") and self._is_preparation(unit):
                for node in unit.actions["tokenises"]:
                    self._add(found, unit.path, node, "tokenises")
        return found

    def _is_preparation(self, unit: Unit) -> bool:
        """Tokenising is a role where it is not one step of a training or inference program."""
        owner = self._behaviour.owner(unit)
        if owner is not None and self._has_base(owner, DATASET_BASES):
            return True
        units = [other for other in self._behaviour.units.values() if other.path == unit.path]
        return not any(self._reaches_training(other) or self._infers(other) for other in units)

    def _has_base(self, definition: Definition, patterns: tuple[str, ...]) -> bool:
        return any(matches(base, patterns) for base in self._behaviour.instances.hierarchy.foreign_bases(definition))

    def _add(self, found: dict[str, list[Evidence]], path: str, node: ast.AST, rule: str, name: str = "") -> None:
        arguments = (("name", name),) if name else ()
        found.setdefault(path, []).append(Evidence(self._place(path, node), rule, arguments))

    def _place(self, path: str, node: ast.AST) -> Span:
        """A definition is shown by its header line, an expression in full."""
        if hasattr(node, "body") and isinstance(node, ast.stmt):
            return self._index.span(path, node.lineno)
        return self._index.span(path, node)


def _in_loop(root: ast.AST, node: ast.AST) -> bool:
    loops = (n for n in ast.walk(root) if isinstance(n, (ast.For, ast.While, ast.AsyncFor)))
    return any(node in ast.walk(loop) for loop in loops)


def _distinct(evidence: list[Evidence]) -> tuple[Evidence, ...]:
    kept: Iterator[Evidence] = iter(dict.fromkeys(sorted(evidence, key=lambda e: (e.where, e.rule, e.arguments))))
    counts: dict[str, int] = {}
    found = []
    for item in kept:
        counts[item.rule] = counts.get(item.rule, 0) + 1
        if counts[item.rule] <= MOST_EVIDENCE:
            found.append(item)
    return tuple(found)
