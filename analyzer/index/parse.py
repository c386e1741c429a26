"""Python text to syntax tree, with the reason where there is none."""

from __future__ import annotations

import ast
import sys
import warnings

from analyzer.index.notebooks import cell_texts, without_cells, without_magics
from analyzer.records.evidence import Gap, Unknown
from analyzer.records.source import SourceFile, Span


def parse_python(file: SourceFile) -> ast.Module | Unknown:
    """Syntax tree of a Python file or notebook, or Unknown with line and message.

    The reason is `newer_syntax` where another version of Python would parse the file. Of a notebook the cells
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
        line = min(error.lineno or 1, max(1, file.lines))
        reason = "newer_syntax" if _is_newer_syntax(text) else "syntax_error"
        version = ".".join(map(str, sys.version_info[:2]))
        return Unknown(reason, (("message", str(error.msg)), ("python", version)), Span(file.path, line, line))
    except (ValueError, RecursionError, MemoryError) as error:
        return Unknown("unparsable", (("message", type(error).__name__),), Span(file.path, 1, 1))


def parse_text(text: str) -> ast.Module:
    """Syntax tree of Python text without the warnings that its own spelling may cause."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _is_newer_syntax(text: str) -> bool:
    """LibCST's own grammar knows syntax that the running Python may not; it is asked only after a failure."""
    import libcst

    try:
        libcst.parse_module(text)
    except (libcst.ParserSyntaxError, libcst.CSTValidationError, RecursionError):
        return False
    return True
