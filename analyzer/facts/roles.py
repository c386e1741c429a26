"""Which role each file plays, by what its code does and who calls it; file names and own identifiers decide nothing.

A file may play several roles; each comes with the lines that decided it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.assignments import own_nodes
from analyzer.facts.behaviour import Behaviour, Key, Unit
from analyzer.facts.branches import alternatives, is_in
from analyzer.facts.class_hierarchy import FUNCTIONS
from analyzer.facts.configuration_sources import find_configuration, find_configuration_file
from analyzer.facts.entry_points import entry_spans, is_build_script
from analyzer.facts.foreign_calls import DATASET_BASES, TOKENIZER_BASES
from analyzer.facts.name_patterns import matches
from analyzer.facts.testing import is_test_file
from analyzer.facts.text_codecs import converts_text
from analyzer.index import Definition
from analyzer.records.evidence import Evidence
from analyzer.records.source import Span
from analyzer.records.structure import EntryPoint, Role, RoleAssignment

LOOPS = (ast.For, ast.While, ast.AsyncFor)
RUNS = ("runs_model", "runs_foreign_model")
FROZEN = ("turns_gradients_off", "sets_evaluation_mode")
STEPS = ("steps_optimizer", "steps_something")
GRADIENTS = ("computes_gradients", "fits_trainer")
MOST_EVIDENCE = 8
"""Lines per rule and file that are kept."""


def derive_roles(behaviour: Behaviour, entry_points: tuple[EntryPoint, ...]) -> tuple[RoleAssignment, ...]:
    """Roles of all files, by role and path."""
    reader = _Roles(behaviour, entry_points)
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
        self._units = [unit for unit in behaviour.units.values() if not is_test_file(self._index, unit.path)]
        self._training = frozenset(unit.key for unit in self._units if self._trains(unit))
        self._reaching = behaviour.leading_to(self._training)
        self._able = frozenset(unit.key for unit in self._units if self._infers(unit))
        programs = self._reaching | behaviour.leading_to(self._able)
        self._programs = frozenset(path for path, _ in programs)
        """Files with code that trains or runs a model, or comes to such code."""

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
            is_module = self._behaviour.instances.hierarchy.is_module(definition)
            if is_module and not is_test_file(self._index, definition.path):
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
        """It computes gradients that an optimizer uses, or hands over to a trainer."""
        if unit.does("fits_trainer") or self._is_training_step(unit):
            return True
        return unit.does("computes_gradients") and any(other.does(*STEPS) for other in self._around(unit))

    def _around(self, unit: Unit) -> Iterator[Unit]:
        """The unit, the others of its file, those it reaches, and those that reach it."""
        yield from (other for other in self._units if other.path == unit.path)
        keys = self._behaviour.coming_from([unit.key]) | self._behaviour.leading_to([unit.key])
        yield from (self._behaviour.units[key] for key in sorted(keys))

    def _is_training_step(self, unit: Unit) -> bool:
        owner = self._behaviour.owner(unit)
        if owner is None or not unit.scope.endswith(".training_step"):
            return False
        return any("LightningModule" in base for base in self._behaviour.instances.hierarchy.foreign_bases(owner))

    def training(self) -> dict[str, list[Evidence]]:
        found: dict[str, list[Evidence]] = {}
        for unit in self._units:
            if unit.key in self._training:
                self._add_actions(found, unit, (*GRADIENTS, "steps_optimizer", "schedules_rate"))
                if self._is_training_step(unit):
                    self._add(found, unit.path, unit.root, "defines_training_step")
            elif unit.path in self._scripts:
                self._add_reached(found, unit, self._training, "calls_training")
        return found

    def _add_actions(self, found: dict[str, list[Evidence]], unit: Unit, actions: tuple[str, ...]) -> None:
        for action in actions:
            for node in unit.actions.get(action, ()):
                self._add(found, unit.path, node, action)

    def _add_reached(self, found: dict[str, list[Evidence]], unit: Unit, wanted: frozenset[Key], rule: str) -> None:
        """Lines of a script that lead into another file."""
        reached = [(key, node) for key, node in self._behaviour.reached_from(unit.key).items() if key in wanted]
        direct = [(key, node) for key, node in reached if (key, node) in unit.calls]
        shown: set[ast.AST] = set()
        for key, node in direct + reached:
            if node not in shown and key[0] != unit.path:
                shown.add(node)
                self._add(found, unit.path, node, rule, key[1] or key[0])

    # inference

    def inference(self) -> dict[str, list[Evidence]]:
        """Programs that run a model and do not train it; where there are none, what training programs evaluate."""
        able = [unit for unit in self._units if unit.key in self._able]
        inferring = [unit for unit in able if not self._is_evaluation(unit)]
        rule = "runs_without_gradients" if inferring else "evaluates_without_gradients"
        chosen = inferring or able
        found: dict[str, list[Evidence]] = {}
        for unit in chosen:
            self._add_inference(found, unit, rule)
        keys = frozenset(unit.key for unit in chosen)
        for unit in self._units:
            if unit.path in self._scripts and unit.key not in keys:
                if not self._reaches_training(unit) and not self._is_evaluation(unit):
                    self._add_reached(found, unit, keys, "calls_inference")
                else:
                    self._add_afterwards(found, unit)
        return found or self._evaluation_blocks()

    def _evaluation_blocks(self) -> dict[str, list[Evidence]]:
        """Blocks without gradients in the middle of training code, where nothing else runs a model."""
        found: dict[str, list[Evidence]] = {}
        for unit in (unit for unit in self._units if unit.key in self._training):
            for block in unit.actions.get("frozen_block", ()):
                inside = set(ast.walk(block))
                for node in (node for action in RUNS for node in unit.actions.get(action, ()) if node in inside):
                    self._add(found, unit.path, node, "evaluates_without_gradients")
        return found

    def _infers(self, unit: Unit) -> bool:
        """It runs a model with gradients off or in evaluation mode, and trains nothing."""
        if self._reaches_training(unit) or self._is_plain_forward(unit):
            return False
        if unit.does(*RUNS):
            return unit.does(*FROZEN, "generates") or self._uses_frozen(unit)
        return unit.does("turns_gradients_off") and (unit.does("calls_argument") or bool(self._leads_to_runs(unit)))

    def _uses_frozen(self, unit: Unit) -> bool:
        """It gets its model from a function that sets evaluation mode."""
        reached = (self._behaviour.units[key] for key in self._behaviour.reached_from(unit.key))
        return any(u.does("sets_evaluation_mode") and not self._behaviour.is_model_method(u) for u in reached)

    def _is_plain_forward(self, unit: Unit) -> bool:
        """A forward serves training as well, also where it freezes a part."""
        decorated = set(getattr(unit.root, "decorator_list", ()))
        is_frozen = not decorated.isdisjoint(unit.actions.get("turns_gradients_off", ()))
        return self._behaviour.is_model_method(unit) and unit.scope.endswith(".forward") and not is_frozen

    def _leads_to_runs(self, unit: Unit) -> list[ast.AST]:
        """Calls of a unit by which a model comes to run further down."""
        reached = self._behaviour.reached_from(unit.key).items()
        return [node for key, node in reached if self._behaviour.units[key].does(*RUNS)]

    def _reaches_training(self, unit: Unit) -> bool:
        return unit.key in self._reaching

    def _is_evaluation(self, unit: Unit, seen: frozenset[Key] = frozenset()) -> bool:
        """A function that only training programs use, to look at the model in between."""
        if self._behaviour.is_model_method(unit) or self._is_other_choice(unit):
            return False
        callers = [key for key in self._behaviour.callers.get(unit.key, ()) if key not in seen]
        known = [self._behaviour.units[key] for key in callers]
        inner = seen | {unit.key}
        return bool(known) and all(self._reaches_training(u) or self._is_evaluation(u, inner) for u in known)

    def _is_other_choice(self, unit: Unit) -> bool:
        """A caller takes this function or one that trains, by a condition: `train` and `generate` of one script."""
        for key in self._behaviour.callers.get(unit.key, ()):
            caller = self._behaviour.units[key]
            training = [node for called, node in caller.calls if called in self._reaching]
            own = [node for called, node in caller.calls if called == unit.key]
            for _, branches in alternatives(caller.root) if training else ():
                chosen = [b for b in branches if any(is_in(b, node) for node in own)]
                trains = [b for b in branches if any(is_in(b, node) for node in training)]
                if chosen and trains and not any(b in trains for b in chosen):
                    return True
        return False

    def _add_inference(self, found: dict[str, list[Evidence]], unit: Unit, rule: str) -> None:
        self._add_actions(found, unit, FROZEN)
        nodes = [node for action in RUNS for node in unit.actions.get(action, ())]
        inside = {node for block in unit.actions.get("frozen_block", ()) for node in ast.walk(block)}
        nodes = [node for node in nodes if node in inside] or nodes
        for node in nodes or self._leads_to_runs(unit) or unit.actions.get("calls_argument", []):
            self._add(found, unit.path, node, rule)

    def _add_afterwards(self, found: dict[str, list[Evidence]], unit: Unit) -> None:
        """A training script that runs the model without gradients at its own level, outside of the training loop."""
        if unit.scope:
            return
        loops = [n for n in own_nodes(unit.root) if isinstance(n, LOOPS)]
        for node in own_nodes(unit.root):
            if isinstance(node, ast.With) and not any(node in ast.walk(loop) for loop in loops):
                inside = set(ast.walk(node))
                off = [n for n in unit.actions.get("turns_gradients_off", ()) if n in inside]
                runs = [n for n in unit.actions.get("runs_model", ()) if n in inside]
                if off and runs:
                    self._add(found, unit.path, off[0], "turns_gradients_off")
                    self._add(found, unit.path, runs[0], "runs_without_gradients")

    # data and preprocessing

    def data(self) -> dict[str, list[Evidence]]:
        found: dict[str, list[Evidence]] = {}
        for definition in self._index.symbols.classes():
            if self._has_base(definition, DATASET_BASES):
                self._add(found, definition.path, definition.node, "defines_dataset", definition.name)
        stacked = {unit.path for unit in self._units if unit.does("stacks_tensors")}
        for unit in self._units:
            self._add_actions(found, unit, ("loads_data",))
            if unit.does("reads_arrays") and unit.path in stacked and not self._behaviour.is_model_method(unit):
                self._add(found, unit.path, unit.actions["reads_arrays"][0], "builds_batches")
        return found

    def preprocess(self) -> dict[str, list[Evidence]]:
        found: dict[str, list[Evidence]] = {}
        for definition in self._index.symbols.classes():
            if self._has_base(definition, TOKENIZER_BASES):
                self._add(found, definition.path, definition.node, "defines_tokenizer", definition.name)
            elif converts_text(self._index, definition):
                self._add(found, definition.path, definition.node, "converts_text")
        for unit in self._units:
            self._add_actions(found, unit, ("applies_transforms", "extracts_features"))
            if self._is_preparation(unit):
                self._add_actions(found, unit, ("tokenises", "writes_arrays"))
        return found

    def _is_preparation(self, unit: Unit) -> bool:
        """Tokenising and writing arrays are a role where they are not one step of a training or inference program."""
        owner = self._behaviour.owner(unit)
        if owner is not None and self._has_base(owner, DATASET_BASES):
            return True
        return unit.path not in self._programs

    def _has_base(self, definition: Definition, patterns: tuple[str, ...]) -> bool:
        return any(matches(base, patterns) for base in self._behaviour.instances.hierarchy.foreign_bases(definition))

    def _add(self, found: dict[str, list[Evidence]], path: str, node: ast.AST, rule: str, name: str = "") -> None:
        arguments = (("name", name),) if name else ()
        found.setdefault(path, []).append(Evidence(self._place(path, node), rule, arguments))

    def _place(self, path: str, node: ast.AST) -> Span:
        """A definition is shown by its header line, an expression in full."""
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            return self._index.span(path, node.lineno)
        return self._index.span(path, node)


def _distinct(evidence: list[Evidence]) -> tuple[Evidence, ...]:
    kept: Iterator[Evidence] = iter(dict.fromkeys(sorted(evidence, key=lambda e: (e.where, e.rule, e.arguments))))
    counts: dict[str, int] = {}
    found = []
    for item in kept:
        counts[item.rule] = counts.get(item.rule, 0) + 1
        if counts[item.rule] <= MOST_EVIDENCE:
            found.append(item)
    return tuple(found)
