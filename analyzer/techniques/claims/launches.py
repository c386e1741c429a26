"""Commands that start several processes, against what stands above them (`on 4 gpus across 2 nodes`) and against the
division that the started file demands (`assert steps % world_size == 0`).
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.facts.documented_code import fenced_blocks
from analyzer.index import SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.bundles import Facts
from analyzer.records.formulas import number_of
from analyzer.records.source import Span
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.figures import Verdict, figure_of
from analyzer.techniques.claims.settings import Setting, defaults, of_preset, plain_name
from analyzer.techniques.claims.texts import comments, docstring_lines, documents

STARTS = re.compile(
    r"^(?P<prompt>[\s$>#*-]*)(?P<command>(?:[A-Z_]+=\S+\s+)*(?:torchrun|python3?\s+-m\s+torch\.distributed\.(?:launch|run))\s.*)$"
)
GPUS = re.compile(
    r"(?<![\w.])(?P<count>\d+)\s*(?:x\s*)?(?:[A-Z]\d{2,3}\w*\s+)?gpus?\b"
    r"(?:,?\s+(?:across|over|on|in)\s+(?P<nodes>\d+|one|a single)\s+(?:nodes?|machines?))?",
    re.IGNORECASE,
)
ACROSS = re.compile(r"\b(?:across|over|on)\s+(?P<nodes>\d+)\s+(?:nodes|machines)\b", re.IGNORECASE)
SIZE_CALLS = ("get_world_size",)
FARTHEST = 6
"""How many lines above a command its heading may stand."""


@dataclass(frozen=True)
class Launch:
    """A command that starts `nodes` times `each` processes of a file of the repository."""

    where: Span
    command: str
    target: str
    each: int
    nodes: int
    given: Mapping[str, float]
    files: tuple[str, ...]
    above: tuple[tuple[int, str], ...]
    """Lines of words above it, with their numbers."""

    @property
    def processes(self) -> int:
        return self.each * self.nodes


@dataclass(frozen=True)
class Division:
    """`name % world_size` must be nought at a line."""

    name: str
    where: Span
    line: int


def check_launches(index: SourceIndex, facts: Facts) -> Iterator[Claim]:
    """Claims about numbers of processes, and about what they must divide."""
    launches = list(_launches(index))
    demanded = {path: list(_divisions(index, path)) for path in sorted({launch.target for launch in launches})}
    for launch in launches:
        yield from _of_heading(index, launch)
        for division in demanded[launch.target]:
            yield from _of_division(index, facts, launch, division)


# ---- reading commands


def _launches(index: SourceIndex) -> Iterator[Launch]:
    for path, lines in _texts(index):
        numbers = sorted(lines)
        for number in numbers:
            match = STARTS.match(lines[number])
            if match is not None:
                text = _joined(lines, number, match.group("command"))
                launch = _launch(index, index.span(path, number), text, _above(lines, number))
                if launch is not None:
                    yield launch


def _texts(index: SourceIndex) -> Iterator[tuple[str, dict[int, str]]]:
    """Lines that may hold commands: code blocks of documents with what stands before them, docstrings, scripts,
    comments.
    """
    for path in documents(index):
        every = index.lines(path)
        for first, last, _ in fenced_blocks(every):
            start = max(first - 1 - FARTHEST, 1)
            yield path, {n: every[n - 1] for n in range(start, last + 1) if n != first - 1}
    docstrings: dict[str, dict[int, str]] = {}
    for line, _ in docstring_lines(index):
        docstrings.setdefault(line.path, {})[line.number] = line.text
    for comment in comments(index):
        if not comment.code:
            docstrings.setdefault(comment.path, {})[comment.number] = comment.text
    yield from docstrings.items()
    for path, file in index.files.items():
        if file.kind == "shell":
            yield path, dict(enumerate(index.lines(path), 1))


def _joined(lines: Mapping[int, str], number: int, command: str) -> str:
    while command.rstrip().endswith("\\") and number + 1 in lines:
        number += 1
        command = command.rstrip()[:-1] + " " + lines[number].strip()
    return command


def _above(lines: Mapping[int, str], number: int) -> tuple[tuple[int, str], ...]:
    """The lines of words of the same paragraph above a command, other commands left out."""
    found: list[tuple[int, str]] = []
    blank = 0
    for place in range(number - 1, number - 1 - FARTHEST, -1):
        text = lines.get(place, "").strip(" `~#*$>")
        blank += not text
        if STARTS.match(lines.get(place, "")) and not found:
            continue
        if blank > 1 or (not text and found) or STARTS.match(lines.get(place, "")):
            break
        if text:
            found.append((place, text))
    return tuple(reversed(found))


def _launch(index: SourceIndex, where: Span, text: str, above: tuple[tuple[int, str], ...]) -> Launch | None:
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        return None
    scripts = [place for place, word in enumerate(words) if word.endswith(".py")]
    if not scripts:
        return None
    before, behind = words[: scripts[0]], words[scripts[0] + 1 :]
    targets = [p for p in index.trees() if p == words[scripts[0]].removeprefix("./")]
    targets = targets or [p for p in index.trees() if p.rpartition("/")[2] == words[scripts[0]].rpartition("/")[2]]
    each, nodes = _option(before, "nproc_per_node"), _option(before, "nnodes")
    if len(targets) != 1 or not each.isdigit() or not (nodes or "1").isdigit():
        return None
    given = {name: f.value for name, value in _options(behind).items() if (f := figure_of(value)) is not None}
    files = tuple(word for word in behind if not word.startswith("-"))
    return Launch(where, text, targets[0], int(each), int(nodes or "1"), given, files, above)


def _option(words: list[str], name: str) -> str:
    return _options(words).get(name, "")


def _options(words: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, word in enumerate(words):
        if word.startswith("-") and "=" in word:
            found[plain_name(word.partition("=")[0])] = word.partition("=")[2]
        elif word.startswith("--") and place + 1 < len(words) and not words[place + 1].startswith("-"):
            found[plain_name(word)] = words[place + 1]
    return found


# ---- what stands above


def _of_heading(index: SourceIndex, launch: Launch) -> Iterator[Claim]:
    """`on 4 gpus across 2 nodes` says how many there are in all, or how many each node has."""
    found = [(number, text, match) for number, text in launch.above for match in GPUS.finditer(text)]
    if len(found) != 1 or not launch.above[-1][1].endswith((":", "：")):
        return
    number, text, match = found[0]
    where = index.span(launch.where.path, number)
    count, nodes = int(match.group("count")), match.group("nodes")
    derived = f"{launch.each} * {launch.nodes} = {launch.processes}" if launch.nodes > 1 else str(launch.processes)
    stated_nodes = int(nodes) if (nodes or "").isdigit() else 1 if nodes else None
    verdict: Verdict = "agree" if count in (launch.processes, launch.each) else "differ"
    if stated_nodes is not None and stated_nodes != launch.nodes:
        verdict = "differ"
    elif count == launch.each != launch.processes and stated_nodes is None:
        verdict = "unknown"
    reason = "subject_not_certain" if verdict == "unknown" else ""
    yield Claim(text, match.group().strip(), derived, verdict, where, (launch.where,), launch.target, reason)


# ---- what the processes must divide


def _divisions(index: SourceIndex, path: str) -> Iterator[Division]:
    tree = index.trees()[path]
    sizes = {
        target.id for node in ast.walk(tree) if isinstance(node, ast.Assign) and _is_world_size(node.value)
        for target in node.targets if isinstance(target, ast.Name)
    }  # fmt: skip
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assert):
            continue
        test = node.test
        if not isinstance(test, ast.Compare) or not isinstance(test.left, ast.BinOp) or not _is_nought(test):
            continue
        by = test.left.right
        is_size = _is_world_size(by) or (isinstance(by, ast.Name) and by.id in sizes)
        name = dotted_name(test.left.left)
        if isinstance(test.left.op, ast.Mod) and is_size and name:
            yield Division(name, index.span(path, node), node.lineno)


def _is_nought(test: ast.Compare) -> bool:
    right = test.comparators[0]
    return (
        len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq) and isinstance(right, ast.Constant) and right.value == 0
    )


def _is_world_size(node: ast.expr) -> bool:
    """`int(os.environ['WORLD_SIZE'])` or `dist.get_world_size()`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SIZE_CALLS:
        return True
    return any(
        isinstance(n, ast.Constant) and n.value == "WORLD_SIZE" for n in ast.walk(node)
    ) and "environ" in ast.unparse(node)


def _of_division(index: SourceIndex, facts: Facts, launch: Launch, division: Division) -> Iterator[Claim]:
    name = plain_name(division.name)
    found = _value(index, facts, launch, division.name)
    if found is None or _is_changed(index, launch.target, division):
        return
    value, where = found
    if not float(value).is_integer():
        return
    rest = int(value) % launch.processes
    derived = f"{name} % world_size = {int(value)} % {launch.processes} = {rest}"
    verdict: Verdict = "differ" if rest else "agree"
    stated = f"--nproc_per_node={launch.each}" + (f" --nnodes={launch.nodes}" if launch.nodes > 1 else "")
    yield Claim(launch.command, stated, derived, verdict, launch.where, (division.where, where), division.name)


def _value(index: SourceIndex, facts: Facts, launch: Launch, dotted: str) -> tuple[float, Span] | None:
    """From the command, the configuration files that it names, the defaults of the started file."""
    name = plain_name(dotted)
    if name in launch.given:
        return launch.given[name], launch.where
    named = [s for p in facts.configuration.presets if p.name in launch.files for s in of_preset(p)]
    if any(word.endswith((".py", ".yaml", ".yml", ".json", ".toml")) for word in launch.files) and not named:
        return None
    for settings in (named, [s for s in defaults(facts) if s.where.path == launch.target]):
        own: list[Setting] = [s for s in settings if s.name == name and s.number is not None]
        if own:
            return (own[0].number or 0.0, own[0].where) if len({s.number for s in own}) == 1 else None
    return _assigned(index, launch.target, dotted)


def _assigned(index: SourceIndex, path: str, name: str) -> tuple[float, Span] | None:
    """The number that the one statement of the file's top level gives to a name."""
    given = [
        statement for statement in index.trees()[path].body
        if isinstance(statement, ast.Assign) and any(dotted_name(target) == name for target in statement.targets)
    ]  # fmt: skip
    value = number_of(ast.unparse(given[0].value), lambda name: None) if len(given) == 1 else None
    return (value, index.span(path, given[0])) if value is not None else None


def _is_changed(index: SourceIndex, path: str, division: Division) -> bool:
    """More than one statement above the demand sets what is divided."""
    statements = (n for n in ast.walk(index.trees()[path]) if isinstance(n, (ast.Assign, ast.AugAssign, ast.AnnAssign)))
    above = [statement for statement in statements if statement.lineno < division.line]
    targets = [t for s in above for t in (s.targets if isinstance(s, ast.Assign) else [s.target])]
    sets = sum(dotted_name(target) == division.name for target in targets)
    return sets > (0 if "." in division.name else 1)
