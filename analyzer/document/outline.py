"""The order of the article and of everything beside it: an analysis and its drawings in, the whole report out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analyzer.document.annotated import annotated_files
from analyzer.document.chapters import (
    architecture,
    capabilities,
    checks,
    configuration,
    core_modules,
    gaps,
    industry,
    inference,
    innovations,
    modes,
    overview,
    preface,
    reading_map,
    reference,
    references,
    shapes,
    summary,
    training,
    usage,
)
from analyzer.document.chinese import with_chinese_punctuation
from analyzer.document.companions import build_companions
from analyzer.document.companions.quiz import quiz_file
from analyzer.document.context import Context
from analyzer.document.unique_names import with_unique_names
from analyzer.document.wording import Words
from analyzer.records.bundles import Analysis
from analyzer.records.diagrams import Diagram
from analyzer.records.document import Chapter, Document, Language, Report

CHAPTERS: tuple[Callable[[Context], Chapter], ...] = (
    preface.build, industry.build, architecture.build, core_modules.build, shapes.build,
    innovations.build, training.build, inference.build, modes.build, configuration.build, usage.build,
    capabilities.build, reading_map.build, checks.build, reference.build, summary.build, references.build,
)  # fmt: skip


def build_report(analysis: Analysis, diagrams: tuple[Diagram, ...], languages: Sequence[Language]) -> Report:
    """All documents in the languages asked for, the annotated listings and the quiz."""
    contexts = [Context(analysis, Words(language), diagrams) for language in languages]
    documents = [one for context in contexts for one in (build_article(context), *build_companions(context))]
    finished = tuple(with_chinese_punctuation(with_unique_names(item)) for item in documents)
    return Report(finished, diagrams, (*annotated_files(contexts[0]), quiz_file(contexts)))


def build_article(context: Context) -> Document:
    """The article in one language."""
    chapters = tuple(build(context) for build in CHAPTERS)
    chapters = (*chapters, gaps.build(context, chapters))
    return Document(
        "article",
        context.words.language,
        overview.title(context),
        chapters,
        overview.build_lead(context),
        front_matter(context),
    )


def front_matter(context: Context) -> tuple[tuple[str, str], ...]:
    """What a machine wants to know about the file; no clock."""
    repository = context.analysis.facts.repository
    return (
        ("generator", f"deepdive {context.analysis.tool_version}".strip()),
        ("repository", repository.name),
        ("commit", repository.commit or ""),
        ("digest", repository.digest),
        ("language", context.words.language),
    )
