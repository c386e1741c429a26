"""Which places a document cites, and verbatim copies of their files where no web address shows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from analyzer.records.bundles import Analysis
from analyzer.records.document import Report
from analyzer.records.source import Span
from analyzer.render.links import SOURCES, is_linked_to_web


def cited_sources(analysis: Analysis, report: Report) -> dict[str, bytes]:
    """`sources/<path>` with the bytes that were read, for every cited file that a link inside the report needs."""
    on_the_web = is_linked_to_web(analysis.facts.repository)
    cited = {span.path for span in spans_of(report)}
    return {
        f"{SOURCES}/{file.path}": file.text.encode("utf-8", "surrogateescape")
        for file in analysis.facts.files
        if file.path in cited and not (on_the_web and file.package is None)
    }


def spans_of(node: object) -> Iterator[Span]:
    """Every span in a tree of records."""
    if isinstance(node, Span):
        yield node
    elif isinstance(node, tuple):
        for item in node:
            yield from spans_of(item)
    elif is_dataclass(node) and not isinstance(node, type):
        for field in fields(node):
            yield from spans_of(getattr(node, field.name))
