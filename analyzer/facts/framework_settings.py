"""What the source gives to the frameworks that run its loop: arguments of their trainers and settings.

Only what is written counts; what a framework takes by itself is no fact of the repository.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from analyzer.facts.flow import Klass
from analyzer.facts.flow.frameworks import LIGHTNING, TRAINER_CLASS
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.optimization import named_arguments
from analyzer.facts.program import Program
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import FrameworkName, FrameworkSettings

LIGHTNING_MAKER = re.compile(rf"{LIGHTNING}(Trainer|LightningCLI|Fabric)")
SETTINGS_CLASS = re.compile(
    r"(transformers|sentence_transformers)\.(\w+\.)*\w*TrainingArguments|trl\.(\w+\.)*\w+Config"
)
LEFT_OUT = frozenset({
    "model", "ref_model", "tokenizer", "processing_class", "args", "train_dataset", "eval_dataset", "data_collator",
    "compute_metrics", "callbacks", "logger", "plugins", "model_init", "optimizers", "reward_funcs", "reward_model",
    "peft_config", "preprocess_logits_for_metrics", "profiler", "loss",
})  # fmt: skip
"""Objects that a trainer is given and that are no settings."""


@dataclass(frozen=True)
class Given:
    """One setting as the source gives it."""

    name: str
    node: ast.expr
    value: Known[object] | Unknown
    path: str


def given_settings(program: Program) -> Iterator[Given]:
    """Every setting that the source gives to a framework, in order."""
    for occurrence, _, _ in _constructions(program):
        path, call = occurrence.step.scope.path, occurrence.step.node
        for name, node in named_arguments(call, ()) if isinstance(call, ast.Call) else ():
            yield Given(name, node, program.flow.values.value(node, occurrence.step.scope, occurrence.stack), path)


def find_settings(program: Program) -> tuple[FrameworkSettings, ...]:
    """Each construction of a trainer or of its settings, in order, once."""
    found: dict[object, FrameworkSettings] = {}
    for occurrence, framework, made in _constructions(program):
        settings = _settings(program, occurrence, framework, made)
        found.setdefault(settings.where, settings)
    return tuple(found.values())


def _constructions(program: Program) -> Iterator[tuple[Occurrence, FrameworkName, str]]:
    """Constructions of trainers and their settings in a program that hands control to a framework."""
    is_driven = any(occurrence.step.driver for occurrence in program.occurrences)
    for occurrence in program.occurrences:
        for framework, made in _made(program, occurrence) if occurrence.call is not None else ():
            if is_driven or made.endswith("Fabric"):
                yield occurrence, framework, made


def _made(program: Program, occurrence: Occurrence) -> Iterator[tuple[FrameworkName, str]]:
    for target in occurrence.step.targets:
        names = [target.dotted]
        if isinstance(target.type, Klass):
            definition = program.flow.index.symbols.definition(target.type.owner)
            names = list(program.flow.inference.hierarchy.foreign_bases(definition)) if definition else []
        for name in names:
            framework = _framework(name)
            if framework is not None:
                yield framework, name


@lru_cache(maxsize=8192)
def _framework(dotted: str) -> FrameworkName | None:
    if LIGHTNING_MAKER.fullmatch(dotted):
        return "lightning"
    return "transformers" if SETTINGS_CLASS.fullmatch(dotted) or TRAINER_CLASS.fullmatch(dotted) else None


def _settings(program: Program, occurrence: Occurrence, framework: FrameworkName, made: str) -> FrameworkSettings:
    step, index = occurrence.step, program.flow.index
    call = step.node
    values = tuple(
        (name, index.segment(step.scope.path, node), program.flow.values.value(node, step.scope, occurrence.stack))
        for name, node in (named_arguments(call, ()) if isinstance(call, ast.Call) else ())
        if name not in LEFT_OUT
    )
    return FrameworkSettings(framework, made, values, index.span(step.scope.path, call))


def setting(program: Program, name: str) -> Known[object] | Unknown | None:
    """The value that the source gives to a setting, None where it gives none."""
    return next((given.value for given in given_settings(program) if given.name == name), None)
