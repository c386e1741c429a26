"""Commands and code blocks that the repository's own documents quote: README, Makefile, shell scripts, notebooks.

Gives text, place and language as they stand; a command is split into words, never run.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.facts.documented_code import documents, fenced_blocks
from analyzer.index import SourceIndex
from analyzer.index.notebooks import shell_lines
from analyzer.records.source import Span

SHELL_LANGUAGES = frozenset({"", "bash", "sh", "shell", "console", "zsh", "shell-session", "bat", "powershell", "cmd"})
PROMPT = re.compile(r"^\s*(?:\$|>|%|\(\w+\)\s*\$)\s+")
VARIABLE = re.compile(r"^[A-Za-z_]\w*=")


@dataclass(frozen=True)
class CodeBlock:
    """A fenced or indented block of a document; `first_line` is the first line of its content."""

    text: str
    language: str
    where: Span


@dataclass(frozen=True)
class Command:
    """A command line, continuation lines joined; `directory` is where an earlier `cd` of its block leads."""

    text: str
    where: Span
    directory: str = ""

    def simple_commands(self) -> tuple[tuple[str, ...], ...]:
        """Words of each command of the line, without leading variable assignments."""
        found = []
        for part in re.split(r"&&|\|\||;|\|", self.text):
            try:
                words = shlex.split(part, comments=True)
            except ValueError:
                words = part.split()
            while words and (VARIABLE.match(words[0]) or words[0] in ("sudo", "nohup", "time", "env", "exec")):
                words = words[1:]
            found.append(tuple(words))
        return tuple(found)


def find_code_blocks(index: SourceIndex) -> tuple[CodeBlock, ...]:
    """Fenced blocks of all documents, in order; documents near the root first."""
    return tuple(block for path in documents(index) for block in _blocks(index, path))


def _blocks(index: SourceIndex, path: str) -> Iterator[CodeBlock]:
    for first, last, language in fenced_blocks(index.lines(path)):
        yield CodeBlock(index.quote(path, first, last), language, index.span(path, first, last))


def find_commands(index: SourceIndex) -> tuple[Command, ...]:
    """Command lines of documents, shell scripts, Makefiles and notebooks' shell lines."""
    found: list[Command] = []
    for block in find_code_blocks(index):
        if block.language in SHELL_LANGUAGES:
            found += _lines(index, block.where.path, block.where.first_line, block.where.last_line)
    for path, file in index.files.items():
        if file.kind == "shell":
            found += _lines(index, path, 1, file.lines)
        elif file.kind == "makefile":
            found += _recipes(index, path)
        elif file.kind == "notebook":
            found += [Command(text, index.span(path, line)) for line, text in shell_lines(index.text(path))]
    return tuple(found)


def _lines(index: SourceIndex, path: str, first: int, last: int) -> Iterator[Command]:
    """Command lines between two lines; a line that ends in a backslash goes on in the next."""
    directory = ""
    start, parts = first, list[str]()
    for number in range(first, last + 1):
        line = index.quote(path, number, number)
        if not parts:
            start = number
        text = PROMPT.sub("", line)
        if text.rstrip().endswith("\\"):
            parts.append(text.rstrip()[:-1].strip())
            continue
        command = " ".join([*parts, text.strip()]).strip()
        parts = []
        if not command or command.startswith("#"):
            continue
        yield Command(command, index.span(path, start, number), directory)
        directory = changed_directory(command, directory)


def changed_directory(command: str, directory: str) -> str:
    """Where a `cd` leads from a directory of the repository; any other command stays."""
    match = re.match(r"cd\s+([\w./-]+)\s*(?:$|&&|;)", command)
    if match is None or match.group(1).startswith(("/", "~")):
        return directory
    joined = posixpath.normpath(posixpath.join(directory, match.group(1)))
    return "" if joined == "." or joined.startswith("..") else joined


def _recipes(index: SourceIndex, path: str) -> Iterator[Command]:
    for command in _lines(index, path, 1, index.files[path].lines):
        if index.quote(path, command.where.first_line, command.where.first_line).startswith("\t"):
            yield Command(command.text.lstrip("@-+ "), command.where, command.directory)
