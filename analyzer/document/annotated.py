"""The target's model code with a verified shape comment at the end of each line that binds a tensor.

LibCST finds where a simple statement ends, so that a comment never lands inside a string or a continued line. A file
that cannot be parsed, or that would not parse afterwards, is left out; nothing but comments is added.
"""

from __future__ import annotations

import ast

import libcst
from libcst.metadata import MetadataWrapper, PositionProvider

from analyzer.document.context import Context
from analyzer.document.listing import margin
from analyzer.records.document import ReportFile
from analyzer.records.source import SourceFile, Span
from analyzer.records.tensors import ShapeRow

MARK = "# ->"


def annotated_files(context: Context) -> tuple[ReportFile, ...]:
    """One listing per Python file in which a line of the main trace stands."""
    rows: dict[str, list[ShapeRow]] = {}
    for row in context.trace.rows if context.trace else ():
        if row.where.cell is None:
            rows.setdefault(row.where.path, []).append(row)
    found = []
    for path in sorted(set(rows) & set(context.files)):
        text = annotate(context.files[path], rows[path])
        if text is not None:
            found.append(ReportFile(f"annotated/{path}", text))
    return tuple(found)


def annotate(file: SourceFile, rows: list[ShapeRow]) -> str | None:
    """The text with comments, or None where no line can carry one."""
    ends = statement_ends(file.text)
    if ends is None:
        return None
    comments = margin(Span(file.path, 1, file.lines + 1), rows)
    lines = file.text.split("\n")
    written = False
    for first, comment in comments:
        last = ends.get(first)
        if last is not None and comment.isprintable():
            lines[last - 1] = _with_comment(lines[last - 1], comment)
            written = True
    text = "\n".join(lines)
    return text if written and _same_code(file.text, text) else None


def _with_comment(line: str, comment: str) -> str:
    ending = "\r" if line.endswith("\r") else ""
    return f"{line.removesuffix(ending)}  {MARK} {comment}{ending}"


def _same_code(before: str, after: str) -> bool:
    try:
        return ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))
    except (SyntaxError, ValueError):
        return False


def statement_ends(text: str) -> dict[int, int] | None:
    """Last line of each simple statement and of each function header, by its first line."""
    try:
        wrapper = MetadataWrapper(libcst.parse_module(text))
    except (libcst.ParserSyntaxError, RecursionError):
        return None
    finder = _Ends()
    wrapper.visit(finder)
    return finder.ends


class _Ends(libcst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.ends: dict[int, int] = {}

    def visit_SimpleStatementLine(self, node: libcst.SimpleStatementLine) -> None:
        place = self.get_metadata(PositionProvider, node)
        self.ends[place.start.line] = place.end.line

    def visit_FunctionDef(self, node: libcst.FunctionDef) -> None:
        """A header ends on the line before its body, where that line closes it."""
        name = self.get_metadata(PositionProvider, node.name)
        body = self.get_metadata(PositionProvider, node.body)
        if isinstance(node.body, libcst.IndentedBlock):
            header = self.get_metadata(PositionProvider, node.body.header)
            self.ends[name.start.line] = header.start.line
        else:
            self.ends[name.start.line] = body.end.line
