"""What the code can do, each with its line, and what it depends on."""

from __future__ import annotations

from analyzer.document.blocks import heading, note, table
from analyzer.document.context import Context
from analyzer.document.inline import code, codes, number, ref, refs
from analyzer.document.pipeline_rows import feature_name
from analyzer.records.document import Block, Chapter, Code, Line, Plain
from analyzer.records.source import Span
from analyzer.records.structure import Dependency

MOST_DEPENDENCIES = 40


def build(context: Context) -> Chapter:
    words = context.words
    rows = _capabilities(context)
    blocks: tuple[Block, ...] = (heading(words, "capabilities.abilities", "abilities"),)
    blocks += table(words, "capabilities", "capability evidence where", rows) or (
        note(words, "gap", "capabilities.none"),
    )
    blocks += (
        note(words, "info", "capabilities.no_scores"),
        heading(words, "capabilities.dependencies", "dependencies"),
    )
    found = context.analysis.facts.structure.dependencies
    ranked = sorted(found, key=lambda item: (item.optional, -len(item.imported_at), item.name))
    rows = [_dependency(context, item) for item in ranked[:MOST_DEPENDENCIES]]
    blocks += table(words, "dependencies", "package version imported_at declared_at note", rows) or (
        note(words, "info", "capabilities.no_dependencies", files=number(len(context.files))),
    )
    return Chapter("capabilities", words.line("capabilities.title"), blocks)


def _capabilities(context: Context) -> list[tuple[Line, ...]]:
    """Pipelines first, then features of both, each once."""
    words = context.words
    rows: list[tuple[Line, ...]] = []
    for key, pipelines in (
        ("trains", context.analysis.facts.processes.training),
        ("runs", context.analysis.facts.processes.inference),
    ):
        for item in [one for one in pipelines if one.start != "forward"][:4]:
            rows.append((words.line(f"capabilities.{key}"), (Code(item.entry_name),), ref(item.entry)))
    seen: dict[str, Span] = {}
    evidence: dict[str, str] = {}
    for pipeline in (*context.analysis.facts.processes.training, *context.analysis.facts.processes.inference):
        for feature in pipeline.features:
            seen.setdefault(feature.id, feature.where)
            evidence.setdefault(feature.id, feature.code)
    return rows + [(feature_name(context, name), code(evidence[name], 72), ref(where)) for name, where in seen.items()]


def _dependency(context: Context, item: Dependency) -> tuple[Line, ...]:
    words = context.words
    remark = words.line("capabilities.optional") if item.optional else ()
    if not item.declared_at and not item.optional:
        remark = words.line("capabilities.documented" if item.documented_at else "capabilities.undeclared")
    version = code(item.version) if item.version else ()
    name: Line = (
        codes([item.distribution])
        if item.distribution == item.name
        else (Code(item.distribution), Plain(" ("), Code(item.name), Plain(")"))
    )
    return (name, version, refs(item.imported_at, 3), refs(item.declared_at or item.documented_at, 2), remark)
