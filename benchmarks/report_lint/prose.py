"""Chapters with something in them, paragraphs that are said once, and both languages in their own words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from benchmarks.report_lint.finding import Finding, MarkdownFile, WrittenReport

SHORTEST_REPEAT = 160
MOST_REPEATS = 3
ENGLISH_RUN = re.compile(r"(?:[A-Za-z][a-z']+[ ,]+){4,}[A-Za-z][a-z']+")
CHINESE_RUN = re.compile(r"[一-鿿]{2,}")
QUOTED = re.compile(r"`+[^`]*`+|“[^”]*”|\[[^\]]*\]\([^)]*\)|<[^>]+>|\$[^$]*\$|https?://\S+")
CITED = re.compile(r"https://(?:arxiv\.org|doi\.org|papers\.nips\.cc)/")
"""Lines with such a link give the title of a paper as it is."""
RAW_NAME = re.compile(
    r"(?<![\w`./])(?:not_derived|needs_evaluation|entry_of_[a-z_]+|runs_main_model|unpacked)(?![\w`])"
)


def prose_findings(report: WrittenReport) -> Iterator[Finding]:
    for file in report.texts.values():
        yield from _empty(file)
        yield from _repeated(file)
        yield from _identifiers(file)
    for name, file in report.texts.items():
        if name.endswith(".en.md"):
            other = report.texts.get(name.removesuffix(".en.md") + ".zh.md")
            if other is not None:
                yield from _structure(file, other)
                yield from _untranslated(other)
                yield from _chinese_in_english(file)


def _empty(file: MarkdownFile) -> Iterator[Finding]:
    """Headings with nothing below them before the next heading of the same or a higher level."""
    tokens = [token for token in file.tokens if token.level == 0 and not _is_anchor(token)]
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            following = next(iter(tokens[at + 2 : at + 3]), None)
            if following is None or (following.type == "heading_open" and following.tag <= token.tag):
                yield file.finding("empty_section", _line(token), file.lines[_line(token) - 1])


def _is_anchor(token: object) -> bool:
    content = getattr(token, "content", "")
    return getattr(token, "type", "") == "html_block" and content.strip().startswith("<a id=")


def _repeated(file: MarkdownFile) -> Iterator[Finding]:
    """Long paragraphs that stand more often than a reader bears."""
    seen: dict[str, int] = {}
    for token in file.tokens:
        if token.type == "inline" and token.level <= 3 and len(token.content) >= SHORTEST_REPEAT:
            seen[token.content] = seen.get(token.content, 0) + 1
            if seen[token.content] == MOST_REPEATS + 1:
                yield file.finding("repeated_paragraph", _line(token), token.content[:80])


def _identifiers(file: MarkdownFile) -> Iterator[Finding]:
    """Identifiers of rules that have no sentence."""
    for number, line in _own_lines(file):
        for match in RAW_NAME.finditer(QUOTED.sub(" ", line)):
            yield file.finding("raw_identifier", number, match[0])


def _structure(english: MarkdownFile, chinese: MarkdownFile) -> Iterator[Finding]:
    """Block types and anchors in the same order."""
    left, right = _outline(english), _outline(chinese)
    if left != right:
        at = next((n for n, (one, two) in enumerate(zip(left, right, strict=False)) if one != two), len(left))
        yield english.finding(
            "languages_differ", 0, f"{left[at : at + 1]} here, {right[at : at + 1]} in {chinese.name}"
        )


def _outline(file: MarkdownFile) -> list[tuple[str, str]]:
    kinds = ("heading_open", "table_open", "tr_open", "fence", "bullet_list_open", "blockquote_open")
    found = [(t.type, t.tag) for t in file.tokens if t.type in kinds]
    return found + [("anchor", name) for name in re.findall(r'<a id="([^"]+)"', file.text)]


def _untranslated(file: MarkdownFile) -> Iterator[Finding]:
    """Runs of English words in Chinese prose, outside of code, quotations and titles."""
    for number, line in _own_lines(file):
        match = ENGLISH_RUN.search(QUOTED.sub(" ", line))
        if match:
            yield file.finding("untranslated", number, match[0][:80])


def _chinese_in_english(file: MarkdownFile) -> Iterator[Finding]:
    for number, line in _own_lines(file):
        match = CHINESE_RUN.search(QUOTED.sub(" ", line))
        if match:
            yield file.finding("chinese_in_english", number, match[0][:40])


def _own_lines(file: MarkdownFile) -> Iterator[tuple[int, str]]:
    """Lines of prose that are ours: no code, no front matter, no chapter that quotes."""
    fenced = {n for t in file.tokens if t.type in ("fence", "code_block") and t.map for n in range(*t.map)}
    for number, line in enumerate(file.lines):
        if number not in fenced and not CITED.search(line) and not re.match(r"\w+: \"", line):
            yield number + 1, line


def _line(token: object) -> int:
    place = getattr(token, "map", None)
    return place[0] + 1 if place else 0
