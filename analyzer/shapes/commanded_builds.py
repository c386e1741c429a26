"""Builds of scripts as the repository's own commands start them: `python train.py --config configs/base.json`.

They stand behind the same builds without a command, whose options have their defaults: a command is needed where those
do not suffice. Where no command stands either, an option that must be given takes the first of its choices.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.evaluator.probes import last_name
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


def find_chosen_builds(index: SourceIndex, plans: Sequence[BuildPlan]) -> tuple[BuildPlan, ...]:
    """The plans of files whose parser demands options, each with the first of its choices; none where one has none."""
    found: list[BuildPlan] = []
    for plan in plans:
        demanded = _demanded_options(index, plan.path) if plan.origin == "training_script" else []
        if demanded and all(choices for _, choices in demanded):
            words = [word for option, choices in demanded for word in (*option, str(choices[0]))]
            text = f"import sys\nsys.argv[1:] = {words!r}\n{plan.expression}"
            found.append(replace(plan, expression=text, name=" ".join(words)))
    return tuple(found)


def _demanded_options(index: SourceIndex, path: str) -> list[tuple[list[str], list[object]]]:
    """Options and positional arguments that a command line must have, with their choices."""
    found: list[tuple[list[str], list[object]]] = []
    for call in (node for node in ast.walk(index.trees()[path]) if isinstance(node, ast.Call)):
        names = [value.value for value in call.args if isinstance(value, ast.Constant) and isinstance(value.value, str)]
        if last_name(call.func) != "add_argument" or not names:
            continue
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        optional = names[0].startswith("-")
        required = given.get("required", ast.Constant(False)) if optional else ast.Constant("nargs" not in given)
        if isinstance(required, ast.Constant) and required.value is True:
            found.append(([names[-1]] if optional else [], _literals(given.get("choices"))))
    return found


def _literals(node: ast.expr | None) -> list[object]:
    elements = node.elts if isinstance(node, (ast.List, ast.Tuple)) else []
    return [element.value for element in elements if isinstance(element, ast.Constant)]


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
