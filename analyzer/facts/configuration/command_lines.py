"""Values that the repository's own commands give: scripts, Makefiles and documents that start a program with options.

Each command is a preset over the options of the program it starts, or over the Hydra configuration of that program.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analyzer.facts.commands import Command, find_commands
from analyzer.facts.configuration.hydra_groups import primaries
from analyzer.facts.configuration.mapping_tables import find_options
from analyzer.facts.configuration.placeholders import is_placeholder
from analyzer.facts.entry_points import command_target
from analyzer.index import SourceIndex
from analyzer.records.configuration import ConfigTable, ConfigValue, PlainValue, Preset
from analyzer.records.evidence import Known, Unknown
from analyzer.records.source import Span

OPTION_FORMATS = ("argparse", "click", "typer", "fire", "absl", "dataclass", "constants")
MOST = 40
"""Commands beyond this many are not told apart."""
ASSIGNED = re.compile(r"^\s*(?:export\s+|local\s+)?([A-Za-z_]\w*)=(\S*)\s*(?:#.*)?$")
VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")
PAIR = re.compile(r"^\+{0,2}([A-Za-z_][\w./@-]*)=(.*)$")
Value = Known[PlainValue] | Unknown


@dataclass(frozen=True)
class _Given:
    """An option as a command gives it; `text` is None for a switch."""

    name: str
    text: str | None


def find_commanded(index: SourceIndex, tables: Sequence[ConfigTable]) -> tuple[Preset, ...]:
    """One preset per command that gives at least one known option."""
    found: list[Preset] = []
    commands = list(find_commands(index))
    for command in commands:
        target = command_target(index, command)
        if target is not None and len(found) < MOST:
            found += _of_command(index, command, target, tables)
    counted = [preset.where.path for preset in found]
    return tuple(
        preset if counted.count(preset.where.path) > 1 else _named(preset, preset.where.path) for preset in found
    )


def _named(preset: Preset, name: str) -> Preset:
    return Preset(name, preset.table, preset.values, preset.where, preset.build, preset.layer)


def _of_command(index: SourceIndex, command: Command, target: str, tables: Sequence[ConfigTable]) -> Iterator[Preset]:
    variables = _variables(index, command.where)
    given = [item for words in command.simple_commands() for item in _given(_behind(words, target))]
    composed = next((p for p in primaries(index) if p.scope.partition(":")[0] == target), None)
    for table in tables:
        is_composed = composed is not None and table.name == composed.path
        is_parser = table.format in OPTION_FORMATS and _takes_options(index, table, target)
        if is_composed or is_parser:
            pairs = tuple(_pairs(index, table, given, variables, command.where))
            if pairs:
                yield Preset(str(command.where), table.name, pairs, command.where, layer="command_line")


def _pairs(
    index: SourceIndex, table: ConfigTable, given: Sequence[_Given], variables: Mapping[str, str], where: Span
) -> Iterator[tuple[str, Value]]:
    """What the command gives, each at its own line; a chosen option of a Hydra group gives all its values."""
    known = {value.name: value for value in table.values}
    groups = {preset.name: preset for preset in find_options(index) if preset.table == table.name}
    for item in given:
        chosen = groups.get(f"{item.name}={item.text}")
        name = _matching(item.name, known)
        if chosen is not None:
            yield from chosen.values
        elif name is not None and not is_placeholder(item.text or ""):
            yield name, _value(item.text, known[name], variables, _line_of(index, where, item.name))


def _line_of(index: SourceIndex, where: Span, name: str) -> Span:
    """The line of the command that gives the option."""
    option = re.compile(rf"(?<![\w./-])[-+]*{re.escape(name)}(?=[\s=]|$)")
    for number in range(where.first_line, where.last_line + 1):
        if option.search(index.quote(where.path, number, number)):
            return index.span(where.path, number)
    return where


def _takes_options(index: SourceIndex, table: ConfigTable, target: str) -> bool:
    """The table is the options of the started file: its own parser, or classes that it hands to one."""
    if table.format in ("argparse", "click", "typer", "fire", "absl"):
        return table.where.path == target
    if table.format == "constants":
        return table.where.path == target and "exec(open(" in index.text(target)
    reads_classes = any(word in index.text(target) for word in ("HfArgumentParser", "tyro.cli", "simple_parsing"))
    return reads_classes and re.search(rf"\b{re.escape(table.name)}\b", index.text(target)) is not None


def _behind(words: Sequence[str], target: str) -> Sequence[str]:
    """The words behind the started file."""
    name = target.rpartition("/")[2]
    module = target.removesuffix(".py").removesuffix("/__main__").replace("/", ".")
    for place, word in enumerate(words):
        if word.rpartition("/")[2] == name or word == module:
            return words[place + 1 :]
    return words[1:] if words and not words[0].startswith(("python", "cd")) else ()


def _given(words: Sequence[str]) -> Iterator[_Given]:
    for place, word in enumerate(words):
        pair = PAIR.match(word.lstrip("-") if word.startswith("--") else word)
        if pair is not None:
            yield _Given(pair.group(1), pair.group(2))
        elif re.match(r"^--?[A-Za-z][\w.-]*$", word):
            values = list(_until_option(words[place + 1 :]))
            yield _Given(word.lstrip("-"), " ".join(values) if values else None)


def _until_option(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        if re.match(r"^--?[A-Za-z]", word):
            return
        yield word


def _matching(name: str, known: Mapping[str, ConfigValue]) -> str | None:
    """The option's own name; dashes and underscores mean the same."""
    plain = name.replace("-", "_")
    return name if name in known else plain if plain in known else None


def _variables(index: SourceIndex, where: Span) -> dict[str, str]:
    """What the script itself assigns before the command; a name assigned twice has no one value."""
    if index.files[where.path].kind != "shell":
        return {}
    found: dict[str, str] = {}
    repeated: set[str] = set()
    for number in range(1, where.first_line):
        match = ASSIGNED.match(index.quote(where.path, number, number))
        if match is not None:
            repeated |= {match.group(1)} & set(found)
            found[match.group(1)] = match.group(2).strip("\"'")
    return {name: text for name, text in found.items() if name not in repeated and "$" not in text}


def _value(text: str | None, option: ConfigValue, variables: Mapping[str, str], where: Span) -> Value:
    """What the program makes of the text: a number where the option is one."""
    if text is None:
        is_switch = isinstance(option.value, Known) and option.value.value in (True, False)
        return Known(not option.value.value, (where,), "read") if is_switch else Known(True, (where,), "read")  # type: ignore[union-attr]
    filled = VARIABLE.sub(lambda m: variables.get(m.group(1) or m.group(2), m.group(0)), text)
    if "$" in filled:
        return Unknown("shell_variable", (("expression", text),), where)
    return Known(_read(filled, option), (where,), "read")


def _read(text: str, option: ConfigValue) -> PlainValue:
    if option.annotation in ("str", "string") or (
        isinstance(option.value, Known) and isinstance(option.value.value, str)
    ):
        return text
    parts = [_literal(word) for word in text.split()]
    return parts[0] if len(parts) == 1 else parts if parts else text


def _literal(text: str) -> PlainValue:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return value if isinstance(value, (bool, int, float, str, list, tuple)) else text
