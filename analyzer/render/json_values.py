"""The smallest pieces of facts.json: a source, a value with how it was found, an unknown with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite

from analyzer.records.evidence import Arguments, Evidence, Gap, Known, Unknown
from analyzer.records.source import Span
from analyzer.render.shapes_json import reason_text
from analyzer.render.text import clean

Json = object
Object = dict[str, Json]


def source(span: Span) -> Object:
    place: Object = {
        "path": span.path, "line": span.first_line, "end_line": span.last_line, "sha256": span.sha256,
    }  # fmt: skip
    return place if span.cell is None else place | {"cell": span.cell}


def sources(spans: Iterable[Span]) -> list[Json]:
    return [source(span) for span in spans]


def unknown(fact: Unknown) -> Object:
    """The first gap of the chain of causes is the reason; the later ones only rest on it."""
    root = fact.root()
    where = root.where or fact.where
    return {"unknown": reason_text(root.reason, root.arguments), "where": str(where) if where else ""}


def value(fact: Known[object] | Unknown) -> Json:
    """The bare value, where `how` and source stand beside it already."""
    return plain(fact.value) if isinstance(fact, Known) else unknown(fact)


def fact(fact: Known[object] | Unknown) -> Object:
    """The value with its own source."""
    if isinstance(fact, Unknown):
        return unknown(fact)
    return {"value": plain(fact.value), "how": fact.how, "source": sources(fact.where)}


def how(fact: Known[object] | Unknown) -> Object:
    return {"how": fact.how} if isinstance(fact, Known) else {}


def plain(value: object) -> Json:
    """JSON for a configuration value; what JSON has no form for is written as Python writes it."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return value if isfinite(value) else repr(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [plain(item) for item in value]
    return repr(value)


def evidence(items: Iterable[Evidence]) -> list[Json]:
    return [{"rule": item.rule, **arguments(item.arguments), "source": source(item.where)} for item in items]


def arguments(values: Arguments) -> Object:
    return {"arguments": {name: clean(text) for name, text in values}} if values else {}


def gap(item: Gap) -> Object:
    return {"where": item.where, "reason": reason_text(item.reason, item.arguments), "unlocks": item.unlocks}


def present(**entries: Json) -> Object:
    """The entries that say something: None is left out, because facts.json knows no null for what is not there."""
    return {key: entry for key, entry in entries.items() if entry is not None}
