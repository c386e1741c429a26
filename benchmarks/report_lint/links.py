"""Links inside the report land on a file and an anchor; links to a file of the target land on lines that it has."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from benchmarks.report_lint.finding import Finding, MarkdownFile, WrittenReport

ANCHOR = re.compile(r'<a id="([^"]+)"')
LINES = re.compile(r"L(\d+)(?:-L(\d+))?$")
REMOTE = re.compile(r"https://[^/]+/[^/]+/[^/]+/blob/[0-9a-f]{7,40}/([^#?]+)(?:\?plain=1)?#(L\d+(?:-L\d+)?)$")


def link_findings(report: WrittenReport, repository: Path | None) -> Iterator[Finding]:
    """Every link of every Markdown file."""
    anchors = {name: set(ANCHOR.findall(file.text)) for name, file in report.texts.items()}
    lengths: dict[Path, int] = {}
    for file in report.texts.values():
        for line, link in targets(file):
            problem = _problem(report, file, link, anchors, repository, lengths)
            if problem:
                yield file.finding("broken_link", line, f"{link}: {problem}")


def targets(file: MarkdownFile) -> Iterator[tuple[int, str]]:
    """Targets of links and pictures with their line."""
    for token in file.tokens:
        for part in token.children or []:
            link = str(part.attrGet("href") or part.attrGet("src") or "")
            if link:
                yield (token.map[0] + 1 if token.map else 0), link


def _problem(
    report: WrittenReport, file: MarkdownFile, link: str, anchors: Mapping[str, set[str]], repository: Path | None,
    lengths: dict[Path, int],
) -> str | None:  # fmt: skip
    remote = REMOTE.match(link)
    if remote:
        return _lines(repository / unquote(remote[1]), remote[2], lengths) if repository else None
    if "://" in link:
        return None
    path, _, anchor = link.partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(file.name), unquote(path))) if path else file.name
    if not (report.directory / target).is_file():
        return "no such file"
    if LINES.match(anchor):
        return _lines(report.directory / target, anchor, lengths)
    return f"no anchor {anchor}" if anchor and target in anchors and unquote(anchor) not in anchors[target] else None


def _lines(path: Path, fragment: str, lengths: dict[Path, int]) -> str | None:
    """Whether a file has the lines that a link names; a notebook's lines are those of the file itself."""
    if not path.is_file():
        return "no such file in the repository"
    if path not in lengths:
        lengths[path] = len(path.read_text("utf-8", errors="replace").split("\n"))
    found = LINES.match(fragment)
    last = int(found[2] or found[1]) if found else 0
    return None if 0 < last <= lengths[path] else f"the file has {lengths[path]} lines"


def linked_lines(report: WrittenReport, file: MarkdownFile, link: str, repository: Path | None) -> list[str] | None:
    """The lines of source that a link names; None where it names none that can be read here."""
    remote = REMOTE.match(link)
    path, _, fragment = link.partition("#")
    if remote:
        place = repository / unquote(remote[1]) if repository else None
        fragment = remote[2]
    else:
        place = report.directory / posixpath.normpath(posixpath.join(posixpath.dirname(file.name), unquote(path)))
    found = LINES.match(fragment)
    if place is None or found is None or not place.is_file():
        return None
    first, last = int(found[1]), int(found[2] or found[1])
    return place.read_text("utf-8", errors="replace").split("\n")[first - 1 : last]
