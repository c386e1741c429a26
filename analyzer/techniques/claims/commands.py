"""Commands of README, scripts and Makefiles against the parser of the file that they start: every option that a
command gives must be one that the parser knows, and its value one of the choices that it offers.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Sequence

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts
from analyzer.records.configuration import ConfigTable
from analyzer.records.source import Span
from analyzer.records.structure import EntryPoint
from analyzer.records.techniques import Claim

MOST_OPTIONS = 12
"""How many of the parser's own options stand beside one that it does not know."""
SHELL = re.compile(r"[|;&<>`]|\$\(")
PLACE_HOLDER = re.compile(r"^[A-Z_]+$|[<>{}$\[\]]|^\.\.\.|^/path|^N$")
"""What stands for a value that the reader is to fill in."""


def check_commands(index: SourceIndex, facts: Facts) -> tuple[Claim, ...]:
    """One claim per option that the started file's own parser does not define or whose value it rejects, and one per
    command that it accepts. Files without a parser of their own, or with more than one source of options, are left
    alone.
    """
    found = [claim for entry in facts.structure.entry_points for claim in _of_entry(index, facts, entry)]
    return tuple(sorted(dict.fromkeys(found), key=lambda claim: (claim.where, claim.claimed)))


def _of_entry(index: SourceIndex, facts: Facts, entry: EntryPoint) -> Iterator[Claim]:
    table = _parser_of(facts, entry.target)
    if table is None or entry.command is None or entry.target is None:
        return
    options = _options(entry.command, entry.target)
    is_closed = _is_closed(index, entry.target)
    unknown = [option for option, _ in options if not _defined(table, option)] if is_closed else []
    for option in unknown:
        offered = " ".join(f"--{value.name}" for value in table.values[:MOST_OPTIONS])
        yield Claim(entry.command, f"--{option}", offered, "differ", entry.where, (table.where,), entry.target)
    rejected = list(_rejected(index, entry, options))
    yield from rejected
    if options and not rejected and all(_defined(table, option) for option, _ in options):
        given = " ".join(dict.fromkeys(f"--{option}" for option, _ in options))
        places = [place for option, _ in options if (place := _defined(table, option)) is not None]
        where = tuple(dict.fromkeys(places))
        yield Claim(entry.command, given, given, "agree", entry.where, where, entry.target)


def _is_closed(index: SourceIndex, path: str) -> bool:
    """The file's parser takes nothing but what stands in the file: no unknown options, no parents, and it is handed to
    no other function that may add to it.
    """
    tree = index.trees().get(path)
    if tree is None or re.search(r"parse_known_args|add_subparsers|\bparents\s*=", index.text(path)):
        return False
    assigned = [n for n in ast.walk(tree) if isinstance(n, ast.Assign) and isinstance(n.value, ast.Call)]
    parsers = {
        target.id for node in assigned for target in node.targets
        if isinstance(target, ast.Name) and ast.unparse(node.value).partition("(")[0].endswith("ArgumentParser")
    }  # fmt: skip
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    handed = (argument for call in calls for argument in (*call.args, *(k.value for k in call.keywords)))
    return not any(isinstance(argument, ast.Name) and argument.id in parsers for argument in handed)


def _defined(table: ConfigTable, option: str) -> Span | None:
    """Where the parser defines an option, which may be given shortened."""
    plain = option.replace("-", "_")
    if plain == "help":
        return table.where
    named = {value.name.replace("-", "_"): value.where for value in table.values}
    exact = named.get(plain) or named.get(plain.removeprefix("no_"))
    return exact or next((where for name, where in named.items() if name.startswith(plain)), None)


def _rejected(index: SourceIndex, entry: EntryPoint, options: Sequence[tuple[str, str | None]]) -> Iterator[Claim]:
    choices = dict(_choices(index, entry.target or ""))
    for option, value in options:
        offered = choices.get(option.replace("-", "_"))
        if offered is None or value is None or PLACE_HOLDER.search(value) or value in offered[0]:
            continue
        derived = " | ".join(sorted(offered[0]))
        yield Claim(entry.command or "", f"--{option} {value}", derived, "differ", entry.where, (offered[1],), option)


def _choices(index: SourceIndex, path: str) -> Iterator[tuple[str, tuple[frozenset[str], Span]]]:
    """Options whose choices stand in the call as literals."""
    calls = (
        (node for node in ast.walk(index.trees()[path]) if isinstance(node, ast.Call)) if path in index.trees() else ()
    )
    for call in calls:
        if not isinstance(call.func, ast.Attribute) or call.func.attr != "add_argument":
            continue
        keywords = {k.arg: k.value for k in call.keywords if k.arg is not None}
        names = [a.value for a in call.args if isinstance(a, ast.Constant) and str(a.value).startswith("--")]
        values = _literals(keywords.get("choices"))
        if values and names and len(keywords) == len(call.keywords) and _converts_plainly(keywords.get("type")):
            name = str(names[0]).lstrip("-").replace("-", "_")
            yield name, (values, index.span(path, call))


def _literals(node: ast.expr | None) -> frozenset[str]:
    items = node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else []
    values = [
        str(item.value) for item in items if isinstance(item, ast.Constant) and isinstance(item.value, (str, int))
    ]
    return frozenset(values) if len(values) == len(items) else frozenset()


def _converts_plainly(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Name) and node.id in ("str", "int"))


def _parser_of(facts: Facts, target: str | None) -> ConfigTable | None:
    """The only argparse table of the started file."""
    tables = [t for t in facts.configuration.tables if t.format == "argparse" and t.where.path == target]
    return tables[0] if len(tables) == 1 and tables[0].values else None


def _options(command: str, target: str) -> list[tuple[str, str | None]]:
    """Long options behind the name of the started file, each with the one value that follows it, if any."""
    if SHELL.search(command):
        return []
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        return []
    name = target.rpartition("/")[2]
    start = next((i for i, word in enumerate(words) if word.rpartition("/")[2] == name), None)
    behind = words[start + 1 :] if start is not None else []
    found: list[tuple[str, str | None]] = []
    for place, word in enumerate(behind):
        if re.match(r"^--[A-Za-z][\w-]*(=|$)", word):
            option, sign, value = word[2:].partition("=")
            following = behind[place + 1] if place + 1 < len(behind) and not behind[place + 1].startswith("-") else None
            found.append((option, value if sign else following))
    return found
