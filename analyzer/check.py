"""Does a written report still agree with the source? Re-reads every quotation and re-parses every read value.

Rests on `facts.json` alone: each `source` in it carries the digest of the lines that it quotes.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from analyzer.analyze import BUNDLED, AnalyzeOptions, analyze, location_of
from analyzer.index import SourceIndex, open_repository
from analyzer.records.errors import UserError
from analyzer.records.source import digest_of

EXECUTED = "executions"
"""What the target's own code did; checking never runs it."""


@dataclass(frozen=True)
class StaleFact:
    """A fact of the report that the source no longer bears; `fact` is its place in facts.json."""

    fact: str
    where: str
    problem: str


@dataclass(frozen=True)
class CheckResult:
    """How many quotations and values were checked, and which failed."""

    spans: int
    values: int
    stale: tuple[StaleFact, ...]

    def to_json(self) -> dict[str, object]:
        stale = [asdict(fact) for fact in self.stale]
        return {"schema": "deepdive/check/1", "spans": self.spans, "values": self.values, "stale": stale}

    def to_text(self) -> str:
        lines = [f"{fact.where}: {fact.problem} ({fact.fact})" for fact in self.stale]
        lines.append(f"{self.spans} quotations and {self.values} values checked, {len(self.stale)} stale")
        return "\n".join(lines)


def check_report(directory: Path, repository: str | None, *, rederive: bool = False) -> CheckResult:
    """Check the report in `directory` against `repository` (the bundled model where None)."""
    facts = read_facts(directory)
    name = facts.get("repository", {}).get("name")
    if repository is None and name != BUNDLED:
        raise UserError(f"the report describes {name!r}, not the bundled model", str(directory), "name it with --repo")
    index = open_repository(location_of(repository))
    spans, values, stale = 0, 0, []
    for place, node in _nodes(facts, ""):
        if _is_source(node):
            spans += 1
            stale += _check_span(index, place, node)
        elif node.get("how") == "read" and "expression" in node and "value" in node:
            values += 1
            stale += _check_value(place, node)
    if rederive:
        stale += _check_rederived(facts, repository)
    return CheckResult(spans, values, tuple(dict.fromkeys(stale)))


def read_facts(directory: Path) -> dict[str, dict[str, object]]:
    """facts.json of a report; UserError where there is none or it is not ours."""
    path = directory / "facts.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError("no report here", str(directory), "name the directory of a written report") from error
    except ValueError as error:
        raise UserError("facts.json is not JSON", str(path), "write the report anew") from error
    if not isinstance(data, dict) or not str(data.get("schema", "")).startswith("deepdive/facts/"):
        raise UserError("facts.json is not a report of deepdive", str(path), "write the report anew")
    return data


def _nodes(value: object, place: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    if isinstance(value, dict):
        yield place, value
        for key, inner in value.items():
            yield from _nodes(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _nodes(inner, f"{place}[{number}]")


def _is_source(node: Mapping[str, object]) -> bool:
    return {"path", "line", "end_line", "sha256"} <= node.keys() and bool(node["sha256"])


def _check_span(index: SourceIndex, place: str, node: Mapping[str, object]) -> list[StaleFact]:
    path, first, last = str(node["path"]), int(str(node["line"])), int(str(node["end_line"]))
    where = f"{path}:{first}" if first == last else f"{path}:{first}-{last}"
    if path not in index.files:
        return [StaleFact(place, where, "the file is gone")]
    quoted = index.quote(path, first, last)
    return [] if digest_of(quoted) == node["sha256"] else [StaleFact(place, where, "the quoted lines have changed")]


def _check_value(place: str, node: Mapping[str, object]) -> list[StaleFact]:
    """A value that was read is a literal: its expression must still give it."""
    try:
        value = ast.literal_eval(str(node["expression"]))
    except (ValueError, SyntaxError):
        return []
    same = json.loads(json.dumps(value, default=list)) == node["value"]
    where = str(node.get("name", place))
    return [] if same else [StaleFact(place, where, f"{node['expression']} is not {node['value']!r}")]


def _check_rederived(facts: dict[str, dict[str, object]], repository: str | None) -> list[StaleFact]:
    from analyzer.render import facts_json

    anew = json.loads(json.dumps(facts_json(analyze(AnalyzeOptions(repository)))))
    keys = sorted((set(facts) | set(anew)) - {EXECUTED})
    return [StaleFact(key, key, "differs when derived anew") for key in keys if facts.get(key) != anew.get(key)]
