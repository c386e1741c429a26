"""Builds of scripts as the repository's own commands start them: `python train.py --config configs/base.json`.

They stand behind the same builds without a command, whose options have their defaults: a command is needed where those
do not suffice. Where no command stands either, an option that must be given takes the first of its choices, and one
that names a configuration file each of the repository's first such files.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from analyzer.evaluator.probes import last_name
from analyzer.facts.commands import Command, find_commands
from analyzer.facts.documented_code import documents
from analyzer.facts.entry_points import command_target
from analyzer.facts.testing import is_test_file
from analyzer.index import SourceIndex
from analyzer.shapes.entry_points import BuildPlan

MOST_COMMANDS = 3
"""Commands of one script that are tried."""
READERS = ("parse_args", "parse_known_args", "sys.argv", "from_cli")
EMPTY = ("None", "''", "list()", "[]")
TEXTS = ("str", "Path", "pathlib.Path")
SETTINGS = (".yaml", ".yml", ".json")
OF_TOOLS = re.compile(r"(^|/)(\.|package|environment|conda|mkdocs|docker|compose|codecov|requirements|tokenizer|vocab)")
"""Files of settings that are other programs'."""
LOADS = re.compile(r"\b\w*(load|open)\w*\(\w+\)")
MOST_FILES = 3
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
    """The plans of files whose parser demands options, each with the first of its choices, or asks for a configuration
    file, with some of the repository's; none where a demanded one has neither.
    """
    found: list[BuildPlan] = []
    for plan in plans:
        for words in _chosen_words(index, plan.path) if plan.origin == "training_script" else ():
            text = f"import sys\nsys.argv[1:] = {words!r}\n{plan.expression}"
            found.append(replace(plan, expression=text, name=" ".join(words)))
    return tuple(found)


@dataclass(frozen=True)
class _Option:
    """An option or positional argument of a parser, as its command line gives it."""

    flags: tuple[str, ...]
    destination: str
    demanded: bool
    choices: tuple[str, ...]
    may_be_file: bool
    """It holds a text, or a list of them, and has no default but an empty one."""


@lru_cache(maxsize=64)
def _chosen_words(index: SourceIndex, path: str) -> tuple[list[str], ...]:
    """Command lines that give every demanded option one of what it admits; those of files once for each file."""
    options = list(_options_of(index, path))
    wanted = [one for one in options if one.demanded or (one.may_be_file and _reads_file(index, one.destination))]
    values = [one.choices[:1] or _files_for(index, one) for one in wanted]
    found = []
    for number in range(max(map(len, values))) if wanted and all(values) else ():
        chosen = (choices[min(number, len(choices) - 1)] for choices in values)
        found.append([word for one, value in zip(wanted, chosen, strict=True) for word in (*one.flags[-1:], value)])
    return tuple(found)


def _options_of(index: SourceIndex, path: str) -> Iterator[_Option]:
    for call in (node for node in ast.walk(index.trees()[path]) if isinstance(node, ast.Call)):
        names = [value.value for value in call.args if isinstance(value, ast.Constant) and isinstance(value.value, str)]
        if last_name(call.func) != "add_argument" or not names:
            continue
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        optional = names[0].startswith("-")
        required = given.get("required", ast.Constant(False)) if optional else ast.Constant("nargs" not in given)
        destination = given.get("dest", ast.Constant(names[-1].lstrip("-").replace("-", "_")))
        default = ast.unparse(given.get("default", ast.Constant(None)))
        yield _Option(
            tuple(names) if optional else (),
            str(getattr(destination, "value", "")),
            isinstance(required, ast.Constant) and required.value is True,
            tuple(map(str, _literals(given.get("choices")))),
            default in EMPTY and ast.unparse(given.get("type", ast.Name("str"))) in TEXTS and "action" not in given,
        )


def _files_for(index: SourceIndex, option: _Option) -> tuple[str, ...]:
    """Files of the repository that may hold a configuration, those that the documents name first."""
    if not option.may_be_file or not _reads_file(index, option.destination):
        return ()
    told = "\n".join(index.text(path) for path in documents(index))
    files = [path for path in index.files if path.endswith(SETTINGS) and not OF_TOOLS.search(path)]
    files = [path for path in files if not is_test_file(index, path)]
    return tuple(sorted(files, key=lambda path: (path not in told, path))[:MOST_FILES])


@lru_cache(maxsize=64)
def _reads_file(index: SourceIndex, destination: str) -> bool:
    """Whether a call that reads a file is given this attribute of a command line: `safe_load(open(args.config))`."""
    read = re.compile(rf"(?i)\b[\w.]*(?:open|load|from_?file|read|parse|config)\w*\(\s*\w+\.{re.escape(destination)}\b")
    looped = re.compile(rf"\bin \w+\.{re.escape(destination)}\b")
    texts = (index.text(path) for path in index.python_paths())
    return any(read.search(text) or (looped.search(text) and LOADS.search(text)) for text in texts)


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
