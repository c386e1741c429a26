"""How the repository's own documents say it is used: commands and code blocks, quoted, with their purpose."""

from __future__ import annotations

from typing import Literal

from analyzer.facts.commands import (
    SHELL_LANGUAGES,
    CodeBlock,
    Command,
    find_code_blocks,
    find_commands,
)
from analyzer.facts.documented_code import PYTHON_LANGUAGES
from analyzer.facts.entry_points import command_target
from analyzer.index import SourceIndex
from analyzer.records.processes import Usage
from analyzer.records.structure import RoleAssignment

Purpose = Literal["install", "data", "train", "infer", "evaluate", "run", "api", "other"]
INSTALLERS = frozenset(
    {"pip", "pip3", "conda", "mamba", "git", "uv", "poetry", "apt", "apt-get", "brew", "choco", "scoop"}
)
FETCHERS = frozenset({"wget", "curl", "huggingface-cli", "modelscope", "gdown", "aria2c"})


def find_usages(index: SourceIndex, roles: tuple[RoleAssignment, ...]) -> tuple[Usage, ...]:
    """Usages in document order; a block of commands is quoted command by command."""
    commands = [c for c in find_commands(index) if index.files[c.where.path].kind == "markdown"]
    found = [
        Usage(command.text, "bash", command.where, _purpose(index, command, roles))
        for command in commands
        if _is_command(index, command)
    ]
    blocks = [block for block in find_code_blocks(index) if block.language in PYTHON_LANGUAGES]
    found += [Usage(block.text, "python", block.where, "api") for block in blocks]
    return tuple(sorted(found, key=lambda u: (u.where.path.count("/"), u.where)))


def _is_command(index: SourceIndex, command: Command) -> bool:
    """An unlabelled block may hold output or a drawing: there a known program must start the line."""
    words = next((w for w in command.simple_commands() if w), ())
    if not words:
        return False
    return words[0] in INSTALLERS | FETCHERS | {"cd", "python", "python3", "torchrun", "make", "bash", "sh"} or (
        command_target(index, command) is not None
    )


def _purpose(index: SourceIndex, command: Command, roles: tuple[RoleAssignment, ...]) -> Purpose:
    target = command_target(index, command)
    if target is not None:
        played = {role.role for role in roles if role.path == target}
        order: tuple[tuple[str, Purpose], ...] = (
            ("training", "train"), ("inference", "infer"), ("preprocess", "data"), ("data", "data"),
        )  # fmt: skip
        return next((purpose for role, purpose in order if role in played), "run")
    programs = {words[0] for words in command.simple_commands() if words}
    if "pip" in command.text.split() or programs & INSTALLERS:
        return "install"
    return "data" if programs & FETCHERS else "other"


__all__ = ["SHELL_LANGUAGES", "CodeBlock", "find_usages"]
