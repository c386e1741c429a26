"""Builds of scripts as the repository's own commands start them: `python train.py --config configs/base.json`.

They stand behind the same builds without a command, whose options have their defaults: a command is needed where those
do not suffice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.facts.commands import Command, find_commands
from analyzer.facts.entry_points import command_target
from analyzer.index import SourceIndex
from analyzer.shapes.entry_points import BuildPlan

MOST_COMMANDS = 3
"""Commands of one script that are tried."""
READERS = ("parse_args", "parse_known_args", "sys.argv", "from_cli")
ENDS = ("&", ">", ">>", "<", "2>&1", "\\")


def find_commanded_builds(index: SourceIndex, plans: Sequence[BuildPlan]) -> tuple[BuildPlan, ...]:
    """The plans that evaluate what reads a command line, once for each command that starts their file."""
    found: list[BuildPlan] = []
    for plan in plans:
        if plan.origin == "training_script" and any(reader in index.text(plan.path) for reader in READERS):
            for command, words in _commands_of(index, plan.path):
                text = f"import sys\nsys.argv[1:] = {words!r}\n{plan.expression}"
                found.append(replace(plan, expression=text, where=command.where, name=str(command.where)))
    return tuple(found)


def _commands_of(index: SourceIndex, path: str) -> list[tuple[Command, list[str]]]:
    """The first commands that start the file with options that stand there in full, each once."""
    found: dict[tuple[str, ...], tuple[Command, list[str]]] = {}
    for command in find_commands(index):
        if command_target(index, command) == path:
            for words in _options(command, path):
                found.setdefault(tuple(words), (command, words))
    return list(found.values())[:MOST_COMMANDS]


def _options(command: Command, path: str) -> Iterator[list[str]]:
    """What stands behind the file in the command."""
    name, module = path.rpartition("/")[2], path.removesuffix(".py").removesuffix("/__main__").replace("/", ".")
    for words in command.simple_commands():
        at = next((n for n, word in enumerate(words) if word.rpartition("/")[2] == name or word == module), None)
        if at is None:
            continue
        end = next((n for n, word in enumerate(words) if n > at and word in ENDS), len(words))
        options = list(words[at + 1 : end])
        if options and not any("$" in word or "<" in word for word in options):
            yield options
