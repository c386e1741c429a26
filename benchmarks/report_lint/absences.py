"""Sentences that call something absent, held against the rows of the same report that have it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from benchmarks.report_lint.finding import Finding, MarkdownFile, WrittenReport
from benchmarks.report_lint.tables import tables

ABSENT = re.compile(r"(?:Neither recognised nor named[^:]*: |既未识别出、也未提及：)(?P<names>.+)[.。]$")
SEPARATOR = re.compile(r", |、")
COMMAND = re.compile(r"^README command$|^README 命令$")
NO_COMMAND = re.compile(r"No document of the repository quotes a command|没有文档引用启动代码的命令")
DEFAULTS_ONLY = re.compile(r"keep the initialisation of their library\.|沿用库的默认初始化。")
CREATED = re.compile(r"nn\.Parameter\(|nn\.init\.")


def absence_findings(report: WrittenReport) -> Iterator[Finding]:
    """Techniques, commands and first values that one sentence denies and a row of the same article has."""
    for name, file in report.texts.items():
        if name.startswith("article."):
            yield from _article(file)


def _article(file: MarkdownFile) -> Iterator[Finding]:
    cells = [cell.strip("*`") for table in tables(file.tokens) for row in table[1:] for cell in row.cells[:1]]
    present = {cell.lower() for cell in cells}
    has_command = any(COMMAND.match(cell) for cell in cells)
    for number, line in enumerate(file.lines, 1):
        match = ABSENT.search(line)
        for name in SEPARATOR.split(match["names"]) if match else ():
            if name.lower() in present:
                yield file.finding("denied_and_told", number, name)
        if has_command and NO_COMMAND.search(line):
            yield file.finding("denied_and_told", number, line[:80])
        if DEFAULTS_ONLY.search(line) and "Every other" not in line and "其余" not in line and _creates(file):
            yield file.finding("denied_and_told", number, line[:80])


def _creates(file: MarkdownFile) -> bool:
    """Whether a quoted constructor of the article makes or fills a parameter."""
    return any(token.type == "fence" and CREATED.search(token.content) for token in file.tokens)
