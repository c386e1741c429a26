"""Python text to syntax tree, with the reason where there is none."""

from __future__ import annotations

import ast
import re
import sys
import warnings

from analyzer.index.notebooks import cell_texts, without_cells, without_magics
from analyzer.records.evidence import Gap, Unknown
from analyzer.records.source import SourceFile, Span


def parse_python(file: SourceFile) -> ast.Module | Unknown:
    """Syntax tree of a Python file or notebook, or Unknown with line and message.

    The reason is `newer_syntax` where the line that fails looks like syntax of a later Python. Of a notebook the cells
    that parse are kept (see `broken_cells`).
    """
    if file.kind != "notebook":
        return _parse(file, file.text)
    text = without_magics(file.text)
    found = _parse(file, text)
    dropped = broken_cells(file) if isinstance(found, Unknown) else ()
    return _parse(file, without_cells(file.text, {cell for cell, _ in dropped})) if dropped else found


def broken_cells(file: SourceFile) -> tuple[tuple[int, Gap], ...]:
    """Cells of a notebook that do not parse by themselves."""
    found = []
    for cell, text in cell_texts(file.text).items():
        problem = _parse(file, text)
        if isinstance(problem, Unknown):
            found.append((cell, Gap(f"{file.path}[{cell}]", problem.reason, problem.arguments)))
    return tuple(found)


def _parse(file: SourceFile, text: str) -> ast.Module | Unknown:
    try:
        return parse_text(text)
    except SyntaxError as error:
        lines = text.split("\n")
        line = min(error.lineno or 1, len(lines))
        newer = _newer_version(lines[line - 1], str(error.msg))
        known = (("message", str(error.msg)),)
        arguments = known if newer is None else (*known, ("python", newer))
        return Unknown("newer_syntax" if newer else "syntax_error", arguments, Span(file.path, line, line))
    except (ValueError, RecursionError, MemoryError) as error:
        return Unknown("unparsable", (("message", type(error).__name__),), Span(file.path, 1, 1))


def parse_text(text: str) -> ast.Module:
    """Syntax tree of Python text without the warnings that its own spelling may cause."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


NEWER_SYNTAX: tuple[tuple[tuple[int, int], str], ...] = (
    ((3, 11), r"^\s*except\s*\*|\w\[\s*\*\w"),
    ((3, 12), r"^\s*type\s+\w+\s*(\[.*\])?\s*=|^\s*(async\s+)?def\s+\w+\s*\[|^\s*class\s+\w+\s*\["),
    ((3, 13), r"^\s*(type|class|def)\b.*\[.*=.*\]"),
    ((3, 14), r"\b[rR]?[tT][rR]?[\"']|except\s+[\w.]+\s*,\s*[\w.]+.*:"),
)
"""Version of Python with what its new syntax looks like in a line; a native parser of all versions is not asked,
because hostile nesting brings it down with the whole process.
"""


def _newer_version(line: str, message: str) -> str | None:
    """The first later version of Python that might accept the line."""
    if message.startswith("f-string") and sys.version_info < (3, 12):
        return "3.12"
    for version, pattern in NEWER_SYNTAX:
        if version > sys.version_info[:2] and re.search(pattern, line):
            return ".".join(map(str, version))
    return None
