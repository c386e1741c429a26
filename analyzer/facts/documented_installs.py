"""Packages that install lines of documents name: `pip install torch numpy`.

Such a line tells a reader what to install; it declares nothing to a tool.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analyzer.facts.commands import find_commands
from analyzer.facts.project_metadata import REQUIREMENT, normalised
from analyzer.index import SourceIndex
from analyzer.records.source import Span

INSTALLERS = (("pip", "install"), ("pip3", "install"), ("conda", "install"), ("mamba", "install"), ("poetry", "add"))
WITH_VALUE = frozenset({
    "-r", "-c", "-f", "-i", "-t", "-e", "-n", "--requirement", "--constraint", "--find-links", "--index-url",
    "--target", "--extra-index-url", "--editable", "--name", "--channel", "--prefix", "--group",
})  # fmt: skip
PLAIN = re.compile(r"[A-Za-z0-9][\w.-]*(\[[\w,-]+\])?([<>=!~]=?[^/]*)?")


def documented_installs(index: SourceIndex) -> dict[str, tuple[Span, ...]]:
    """Lines by normalised distribution name."""
    found: dict[str, list[Span]] = {}
    for command in find_commands(index):
        if index.files[command.where.path].kind not in ("markdown", "notebook"):
            continue
        for words in command.simple_commands():
            for name in _named(list(words)):
                found.setdefault(normalised(name), []).append(command.where)
    return {name: tuple(dict.fromkeys(places)) for name, places in found.items()}


def _named(words: Sequence[str]) -> Iterator[str]:
    """Distributions behind `pip install`, options with their values and paths left out."""
    for place in range(len(words) - 1):
        if (words[place].rpartition("/")[2].lstrip("!%"), words[place + 1]) in INSTALLERS:
            rest = list(words[place + 2 :])
            while rest:
                word = rest.pop(0)
                if word in WITH_VALUE:
                    rest = rest[1:]
                elif PLAIN.fullmatch(word) and not word.startswith("-"):
                    match = REQUIREMENT.match(word)
                    yield from [match.group(1)] if match is not None else []
            return
