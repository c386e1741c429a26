"""The one view of the repository that all later layers read: texts, syntax trees, spans, symbols.

It knows files and syntax, not what they mean. It holds no open files and never runs what it reads.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cached_property

from analyzer.index.parse import parse_python
from analyzer.index.symbols import SymbolTable
from analyzer.records.evidence import Gap, Unknown
from analyzer.records.source import Repository, SourceFile, Span, digest_of


class SourceIndex:
    """Files of one repository by POSIX path, in sorted order.

    `files` holds every file that was read, the skipped ones stand in `gaps` with their reason.
    """

    def __init__(self, repository: Repository, files: Mapping[str, SourceFile], gaps: Sequence[Gap] = ()) -> None:
        self.repository = repository
        self.files = dict(sorted(files.items()))
        self.gaps = tuple(gaps)
        self._trees: dict[str, ast.Module | Unknown] = {}
        self._lines: dict[str, list[str]] = {}

    def text(self, path: str) -> str:
        """Text of a file; KeyError where it is not in the index."""
        return self.files[path].text

    def lines(self, path: str) -> list[str]:
        """Lines of a file without line ends."""
        if path not in self._lines:
            self._lines[path] = self.text(path).split("\n")
        return self._lines[path]

    def python_paths(self) -> tuple[str, ...]:
        """Paths of all files that hold Python: modules and notebooks (their code cells joined)."""
        return tuple(path for path, file in self.files.items() if file.kind in ("python", "notebook"))

    def tree(self, path: str) -> ast.Module | Unknown:
        """Syntax tree of a Python file, or why there is none. Line numbers are those of the file."""
        if path not in self._trees:
            self._trees[path] = parse_python(self.files[path])
        return self._trees[path]

    def trees(self) -> dict[str, ast.Module]:
        """Every Python file that parses, by path."""
        found = ((path, self.tree(path)) for path in self.python_paths())
        return {path: tree for path, tree in found if isinstance(tree, ast.Module)}

    def span(self, path: str, place: ast.AST | int, last: int | None = None) -> Span:
        """Span of a node, or of the lines `place` to `last`, with the digest of the quoted text."""
        if isinstance(place, ast.AST):
            first = _first_line(place)
            last = getattr(place, "end_lineno", None) or first
        else:
            first = place
            last = last or first
        return Span(path, first, last, digest_of(self.quote(path, first, last)))

    def quote(self, path: str, first: int, last: int) -> str:
        """The lines `first` to `last` as they stand, without a final newline."""
        return "\n".join(self.lines(path)[first - 1 : last])

    def segment(self, path: str, node: ast.AST) -> str:
        """Source text of a node as written."""
        return ast.get_source_segment(self.text(path), node) or ast.unparse(node)

    @cached_property
    def symbols(self) -> SymbolTable:
        """Definitions and imports of all files, resolved across files."""
        return SymbolTable(self.trees(), tuple(self.files))

    def resolve_module(self, path: str, dotted: str, level: int = 0) -> str | None:
        """Repository path of the module that `import dotted` in file `path` means, or None if it is foreign."""
        return self.symbols.resolve_module(path, dotted, level)


def _first_line(node: ast.AST) -> int:
    """A decorated definition starts at its first decorator."""
    lines = [getattr(node, "lineno", 1)]
    lines += [decorator.lineno for decorator in getattr(node, "decorator_list", ())]
    return min(lines)
