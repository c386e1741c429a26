"""Where a link leads from a given file of the report: to the pinned commit on the web, or to the copy in `sources/`.

No link leaves the report except to a web address that the document itself names.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from analyzer.records.bundles import Analysis
from analyzer.records.source import Repository, Span

SOURCES = "sources"
WEB_SCHEMES = ("https://", "http://", "mailto:")
RENDERED_ON_THE_WEB = (".md", ".markdown", ".rst", ".ipynb", ".csv")
"""Files whose lines a forge shows only when asked for the plain text."""


@dataclass(frozen=True)
class Links:
    """Links as seen from `place`, a path relative to the report's root. `renamed` maps a target to the one that this
    output has in its stead (`article.en.md` to `article.en.html`).
    """

    repository: Repository
    foreign: frozenset[str]
    """Paths of files that belong to installed packages and not to the repository."""
    place: str
    renamed: Mapping[str, str]

    def to_source(self, span: Span) -> str:
        if is_linked_to_web(self.repository) and span.path not in self.foreign:
            return web_address(self.repository, span)
        return self.inside(f"{SOURCES}/{span.path}") + _lines(span)

    def to(self, target: str) -> str:
        """A link target of a document: an address, `#anchor`, or a path from the report's root."""
        if target.startswith(WEB_SCHEMES) or target.startswith("#"):
            return target
        path, mark, anchor = target.partition("#")
        path = self.renamed.get(path, path)
        if path == self.place:
            return mark + anchor if mark else "#"
        return self.inside(path) + mark + anchor

    def inside(self, path: str) -> str:
        start = posixpath.dirname(self.place) or "."
        return quote(posixpath.relpath(path, start), safe="/.")


def links_for(analysis: Analysis, place: str, renamed: Mapping[str, str] | None = None) -> Links:
    foreign = frozenset(file.path for file in analysis.facts.files if file.package is not None)
    return Links(analysis.facts.repository, foreign, place, renamed or {})


def is_linked_to_web(repository: Repository) -> bool:
    """Only a clean work tree with a remote: else the web might show other lines than were read."""
    return bool(repository.commit and repository.remote and not repository.dirty)


def web_address(repository: Repository, span: Span) -> str:
    remote = (repository.remote or "").rstrip("/")
    host = remote.split("/")[2] if remote.count("/") > 1 else ""
    view = "-/blob" if "gitlab" in host else "blob"
    plain = "?plain=1" if span.path.endswith(RENDERED_ON_THE_WEB) else ""
    return f"{remote}/{view}/{repository.commit}/{quote(span.path)}{plain}{_lines(span)}"


def _lines(span: Span) -> str:
    """Lines of a notebook count inside its cells, and no forge links to those."""
    if span.cell is not None:
        return ""
    return f"#L{span.first_line}" if span.first_line == span.last_line else f"#L{span.first_line}-L{span.last_line}"
