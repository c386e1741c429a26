"""Commands of README, scripts and Makefiles against the parser of the file that they start: every option that a
command gives must be one that the parser knows.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from analyzer.records.bundles import Facts
from analyzer.records.configuration import ConfigTable
from analyzer.records.structure import EntryPoint
from analyzer.records.techniques import Claim

MOST_OPTIONS = 12
"""How many of the parser's own options stand beside one that it does not know."""
_SHELL = re.compile(r"[|;&<>`]|\$\(")


def check_commands(facts: Facts) -> tuple[Claim, ...]:
    """One claim per option that the started file's own parser does not define. Files without a parser of their
    own, or with more than one source of options, are left alone.
    """
    found = [claim for entry in facts.structure.entry_points for claim in _unknown_options(facts, entry)]
    return tuple(sorted(dict.fromkeys(found), key=lambda claim: (claim.where, claim.claimed)))


def _unknown_options(facts: Facts, entry: EntryPoint) -> Iterator[Claim]:
    table = _parser_of(facts, entry.target)
    if table is None or entry.command is None or entry.target is None:
        return
    known = {value.name.replace("-", "_") for value in table.values} | {"help"}
    for option in _options(entry.command, entry.target):
        if option.replace("-", "_") not in known and not any(
            name.startswith(option.replace("-", "_")) for name in known
        ):
            offered = " ".join(f"--{value.name}" for value in table.values[:MOST_OPTIONS])
            yield Claim(entry.command, f"--{option}", offered, "differ", entry.where, (table.where,), entry.target)


def _parser_of(facts: Facts, target: str | None) -> ConfigTable | None:
    """The only argparse table of the started file."""
    tables = [t for t in facts.configuration.tables if t.format == "argparse" and t.where.path == target]
    return tables[0] if len(tables) == 1 and tables[0].values else None


def _options(command: str, target: str) -> list[str]:
    """Long options behind the name of the started file."""
    if _SHELL.search(command):
        return []
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        return []
    name = target.rpartition("/")[2]
    start = next((i for i, word in enumerate(words) if word.rpartition("/")[2] == name), None)
    behind = words[start + 1 :] if start is not None else []
    return [word[2:].partition("=")[0] for word in behind if re.match(r"^--[A-Za-z][\w-]*(=|$)", word)]
