"""The one view of the repository that all later layers read: texts, syntax trees, spans, symbols.

It knows files and syntax, not what they mean. It holds no open files and never runs what it reads.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cached_property

from analyzer.index.module_paths import ModulePaths
from analyzer.index.notebooks import cell_of
from analyzer.index.parse import broken_cells, parse_python
from analyzer.index.search_paths import added_directories, may_add
from analyzer.index.symbols import SymbolTable
from analyzer.records.evidence import Gap, Unknown
from analyzer.records.source import Repository, SourceFile, Span, digest_of

PYTHON_KINDS = ("python", "notebook")


class SourceIndex:
    """Files of one repository by POSIX path, in sorted order.

    `files` holds every file that was read, also those of packages named with `--with-package` (their `package`
    is set); what was skipped stands in `gaps` with its reason.
    """

    def __init__(self, repository: Repository, files: Mapping[str, SourceFile], gaps: Sequence[Gap] = ()) -> None:
        self.repository = repository
        self.files = dict(sorted(files.items()))
        self.read_gaps = tuple(gaps)
        self._trees: dict[str, ast.Module | Unknown] = {}
        self._lines: dict[str, list[str]] = {}

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """Files that were skipped or only partly read, and files and notebook cells that do not parse."""
        return (*self.read_gaps, *(gap for path in self.python_paths() for gap in self._parse_gaps(path)))

    def _parse_gaps(self, path: str) -> tuple[Gap, ...]:
        tree = self.tree(path)
        if isinstance(tree, Unknown):
            return (Gap(str(tree.where or path), tree.reason, tree.arguments),)
        if self.files[path].kind == "notebook":
            return tuple(gap for _, gap in broken_cells(self.files[path]))
        return ()

    def text(self, path: str) -> str:
        """Text of a file; KeyError where it is not in the index."""
        return self.files[path].text

    def lines(self, path: str) -> list[str]:
        """Lines of a file without line ends."""
        if path not in self._lines:
            self._lines[path] = self.text(path).split("\n")
        return self._lines[path]

    def python_paths(self) -> tuple[str, ...]:
        """The repository's own files that hold Python: modules and notebooks (their code cells joined)."""
        own = (file for file in self.files.values() if file.package is None)
        return tuple(file.path for file in own if file.kind in PYTHON_KINDS)

    def tree(self, path: str) -> ast.Module | Unknown:
        """Syntax tree of a Python file, or why there is none. Line numbers are those of `text`."""
        if path not in self._trees:
            self._trees[path] = parse_python(self.files[path])
        return self._trees[path]

    def trees(self) -> dict[str, ast.Module]:
        """Every Python file of the repository itself that parses, by path."""
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
        digest = digest_of(self.quote(path, first, last))
        if self.files[path].kind != "notebook":
            return Span(path, first, last, digest)
        return Span(path, first, last, digest, *cell_of(self.lines(path), first))

    def quote(self, path: str, first: int, last: int) -> str:
        """The lines `first` to `last` as they stand, without a final newline."""
        return "\n".join(self.lines(path)[first - 1 : last])

    def segment(self, path: str, node: ast.AST) -> str:
        """Source text of a node as written."""
        first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        start, end = getattr(node, "col_offset", None), getattr(node, "end_col_offset", None)
        if first is None or last is None or start is None or end is None:
            return ast.unparse(node)
        lines = self.lines(path)[first - 1 : last]
        if len(lines) != last - first + 1:
            return ast.unparse(node)
        lines[-1] = _until(lines[-1], end)
        lines[0] = _from(lines[0], start)
        return "\n".join(lines)

    @cached_property
    def symbols(self) -> SymbolTable:
        """Definitions and imports of all files, resolved across files."""
        return SymbolTable(self.python_paths(), self._module_paths, self._parsed)

    @cached_property
    def _module_paths(self) -> ModulePaths:
        """Where imports lead. Only files that name the search path are parsed for it, so that one import in a
        repository of thousands of files costs no more than it needs.
        """
        named = ((path, self.tree(path)) for path in self.python_paths() if may_add(self.text(path)))
        added = {path: added_directories(path, tree) for path, tree in named if isinstance(tree, ast.Module)}
        return ModulePaths(added, tuple(self.files), self.repository.name)

    def _parsed(self, path: str) -> ast.Module | None:
        """Tree of a file of the repository or of a package named with `--with-package`, parsed when it is asked for."""
        file = self.files.get(path)
        tree = self.tree(path) if file is not None and file.kind in PYTHON_KINDS else None
        return tree if isinstance(tree, ast.Module) else None

    def resolve_module(self, path: str, dotted: str, level: int = 0) -> str | None:
        """Repository path of the module that `import dotted` in file `path` means, or None if it is foreign."""
        return self._module_paths.resolve(path, dotted, level)


def _first_line(node: ast.AST) -> int:
    """A decorated definition starts at its first decorator."""
    lines = [getattr(node, "lineno", 1)]
    lines += [decorator.lineno for decorator in getattr(node, "decorator_list", ())]
    return min(lines)


def _from(line: str, offset: int) -> str:
    """Columns of syntax trees count bytes of UTF-8."""
    return (
        line[offset:] if line.isascii() else line.encode("utf-8", "surrogatepass")[offset:].decode("utf-8", "replace")
    )


def _until(line: str, offset: int) -> str:
    return (
        line[:offset] if line.isascii() else line.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "replace")
    )
