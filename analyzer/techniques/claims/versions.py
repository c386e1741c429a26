"""The least version of Python or of a package that documents ask for (`Python 3.8+`, `PyTorch >= 1.12`), against what
the project declares. Only a document that promises an older one than is accepted differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts
from analyzer.records.source import Span
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.texts import plain, prose

PACKAGES = {"python": "python", "pytorch": "torch", "torch": "torch", "torchvision": "torchvision"}
VERSION = r"(?P<version>\d+(?:\.\d+){1,2})"
LEAST = re.compile(
    rf"(?<![\w/-])(?P<name>python|pytorch|torch|torchvision)\s*(?:(?:version\s*)?(?:>=|≥|=>)\s*{VERSION}(?!\w)"
    rf"|(?:version\s*)?v?{VERSION.replace('version', 'open')}\s*(?:\+|or (?:newer|later|higher|above|greater)))",
    re.IGNORECASE,
)
REQUIRED = re.compile(r"\b(?:requires-python|python_requires)\s*=\s*[\"']?(?P<spec>[^\"'\n]+)")
BOUND = re.compile(r"(?:>=|~=)\s*(?P<version>\d+(?:\.\d+)*)")
FILES = ("pyproject.toml", "setup.py", "setup.cfg")


def check_versions(index: SourceIndex, facts: Facts) -> Iterator[Claim]:
    """One claim per least version that a document states."""
    declared = _declared(index, facts)
    for line in prose(index):
        for match in LEAST.finditer(plain(line.text)):
            name = PACKAGES[match.group("name").lower()]
            stated = match.group("version") or match.group("open")
            where = index.span(line.path, line.number)
            found = declared.get(name)
            text = line.text.strip()
            if found is None:
                yield Claim(text, stated, "", "unknown", where, (), name, "values_left_open")
            elif _numbers(stated) == _numbers(found[0]):
                yield Claim(text, stated, f"{name} >= {found[0]}", "agree", where, (found[1],), name)
            elif _numbers(stated) < _numbers(found[0]) and not line.elsewhere:
                yield Claim(text, stated, f"{name} >= {found[0]}", "differ", where, (found[1],), name)
            else:
                yield Claim(text, stated, "", "unknown", where, (), name, "not_told")


def _declared(index: SourceIndex, facts: Facts) -> dict[str, tuple[str, Span]]:
    """The least version that is accepted, with its line; none for what is declared without one or several times."""
    found: dict[str, list[tuple[str, Span]]] = {}
    for path in (path for path in FILES if path in index.files):
        for number, text in enumerate(index.lines(path), 1):
            match = REQUIRED.search(text)
            bound = BOUND.search(match.group("spec")) if match is not None else None
            if bound is not None:
                found.setdefault("python", []).append((bound.group("version"), index.span(path, number)))
    for dependency in facts.structure.dependencies:
        bound = BOUND.search(dependency.version or "")
        if bound is not None and dependency.declared_at and not dependency.optional:
            found.setdefault(dependency.distribution, []).append((bound.group("version"), dependency.declared_at[0]))
    return {name: least[0] for name, least in found.items() if len({_numbers(version) for version, _ in least}) == 1}


def _numbers(version: str) -> tuple[int, ...]:
    """`3.8` and `3.8.0` are one."""
    parts = [int(part) for part in version.split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)
