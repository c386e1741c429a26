"""Configuration files that hold a mapping: flattened to dotted names with the line of every leaf.

Shared by the readers of YAML, JSON and TOML; decides which files are configuration of the program and which
are data, vocabularies or settings of development tools.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from analyzer.index import SourceIndex
from analyzer.records.configuration import PlainValue

MAX_LEAVES = 400
MAX_BYTES = 1_000_000
MAX_LIST = 64
TOOL_FILES = frozenset(
    {
        "pyproject.toml", "package.json", "package-lock.json", "tsconfig.json", "poetry.lock", "Cargo.toml",
        "mkdocs.yml", "mkdocs.yaml", "docker-compose.yml", "docker-compose.yaml", "codecov.yml", "readthedocs.yml",
        "cog.yaml", "tokenizer.json", "vocab.json", "special_tokens_map.json", "added_tokens.json",
        "vercel.json", "renovate.json", "netlify.toml", "Pipfile", "environment.yml", "environment.yaml",
        "pixi.toml", "rustfmt.toml", "pyrightconfig.json",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Leaf:
    """A scalar, or a list of scalars, with its dotted name and lines."""

    name: str
    text: str
    value: PlainValue
    first_line: int
    last_line: int
    problem: str | None = None
    """Reason id where the value cannot be told (a custom tag)."""
    tag: str = ""
    """Name of the custom tag, without its mark."""


class TooLarge(Exception):
    """The file expands to more values than a configuration has."""


def candidates(index: SourceIndex, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Files of these suffixes that may configure the program: not hidden, not another tool's."""
    for path, file in index.files.items():
        pure = PurePosixPath(path)
        is_hidden = any(part.startswith(".") for part in pure.parts)
        is_wanted = file.kind == "config" and pure.suffix in suffixes and 0 < file.size <= MAX_BYTES
        if is_wanted and not is_hidden and pure.name not in TOOL_FILES:
            yield path


def is_configuration(leaves: list[Leaf]) -> bool:
    """Settings, not data: few leaves, and at least one number or truth value among them."""
    kinds = [leaf.value for leaf in leaves if leaf.problem is None]
    has_number = any(isinstance(item, (int, float)) for value in kinds for item in _items(value))
    names = {leaf.name.split(".")[0].split("[")[0] for leaf in leaves}
    is_conda = "dependencies" in names and bool(names & {"channels", "name"})
    return 0 < len(leaves) <= MAX_LEAVES and has_number and not is_conda


def _items(value: PlainValue) -> list[PlainValue]:
    return value if isinstance(value, list) else [value]
