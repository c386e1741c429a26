"""All configuration of a repository that has more of it than its article shows."""

from __future__ import annotations

from analyzer.document.chapters.configuration import DOCUMENT, article_tables, config_table
from analyzer.document.context import Context
from analyzer.document.inline import number
from analyzer.records.configuration import ConfigTable
from analyzer.records.document import Block, Chapter, Document


def build(context: Context) -> tuple[Document, ...]:
    """One document with every table by file, or none where the article holds them all."""
    words = context.words
    shown, left = article_tables(context)
    if not left:
        return ()
    tables = sorted((*shown, *left), key=lambda item: (item.where.path, item.where.first_line))
    chapters = [
        Chapter(f"file-{at}", words.line("configuration_document.file", path=path), _tables(context, found))
        for at, (path, found) in enumerate(_by_file(tables).items(), 1)
    ]
    title = words.line("configuration_document.title", name=context.name, tables=number(len(tables)))
    return (Document(DOCUMENT, words.language, title, tuple(chapters)),)


def _by_file(tables: list[ConfigTable]) -> dict[str, list[ConfigTable]]:
    found: dict[str, list[ConfigTable]] = {}
    for item in tables:
        found.setdefault(item.where.path, []).append(item)
    return found


def _tables(context: Context, tables: list[ConfigTable]) -> tuple[Block, ...]:
    return tuple(block for item in tables for block in config_table(context, item, True))
