"""Configuration as the repository states it: tables, values, overrides, presets, derived quantities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzer.records.evidence import Gap, Known, Unknown
from analyzer.records.source import Span

ConfigFormat = Literal[
    "dataclass", "class", "init_defaults", "argparse", "click", "typer", "fire", "absl", "constants", "yaml", "json",
    "huggingface_json", "toml", "pretrained_config", "call", "dict", "python_file", "function_defaults",
]  # fmt: skip
PlainValue = object
"""None, bool, int, float, str, or lists, tuples and dicts of them; a `Reference` where a value names an object."""


class Reference(str):
    """An object that a value stands for (a class, a function, what a call makes), by the text that names it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Override:
    """One step of the chain default → configuration file → command line → assignment in code."""

    layer: Literal["default", "config_file", "command_line", "assignment", "preset"]
    expression: str
    value: Known[PlainValue] | Unknown
    where: Span
    preset: str | None = None
    choice: bool = False
    """One of several of its layer that exclude each other: who starts the program chooses; no step after another."""
    condition: str = ""
    """Under which an assignment takes place, as written; empty where it always does."""


@dataclass(frozen=True)
class ConfigValue:
    """One hyper-parameter: as written, evaluated, annotated, and where it is consumed."""

    name: str
    expression: str
    value: Known[PlainValue] | Unknown
    where: Span
    annotation: str | None = None
    help: str | None = None
    """Help text or end-of-line comment that the source itself gives."""
    overrides: tuple[Override, ...] = ()
    effective: Known[PlainValue] | Unknown | None = None
    """The value that counts after all overrides of the default run; None where nothing overrides it."""
    used_at: tuple[Span, ...] = ()
    choices: str = ""
    """The values that an option admits, as written; empty where it states none."""


@dataclass(frozen=True)
class ConfigTable:
    """All values defined in one place: a dataclass, a parser, a module's constants, a file."""

    name: str
    format: ConfigFormat
    where: Span
    values: tuple[ConfigValue, ...]
    argument_loop: Span | None = None
    """The loop that applies files and options in the order in which the command line gives them."""


@dataclass(frozen=True)
class Preset:
    """A named set of values: a configuration file, a registry entry, a factory function."""

    name: str
    table: str
    """Name of the ConfigTable it overrides, or of the factory."""
    values: tuple[tuple[str, Known[PlainValue] | Unknown], ...]
    where: Span
    build: str | None = None
    """Expression that builds the model of this preset in the scope of `where.path`, if one is known."""
    layer: Literal["preset", "config_file", "command_line"] = "preset"
    """Step of the override chain at which its values come in."""


@dataclass(frozen=True)
class DerivedQuantity:
    """A quantity computed by the source from configuration values: `head_dim = n_embd // n_head = 64`."""

    name: str
    formula: str
    value: Known[PlainValue] | Unknown
    where: Span


@dataclass(frozen=True)
class Configuration:
    tables: tuple[ConfigTable, ...] = ()
    presets: tuple[Preset, ...] = ()
    derived: tuple[DerivedQuantity, ...] = ()
    unused: tuple[ConfigValue, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """Configuration files that could not be read."""
    program: str = ""
    """Entry of the program whose default run the effective values are of; empty where the code starts none."""
