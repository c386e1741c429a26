"""Python text to syntax tree, with the reason where there is none."""

from __future__ import annotations

import ast
import json
import warnings

from analyzer.records.evidence import Unknown
from analyzer.records.source import SourceFile, Span


def parse_python(file: SourceFile) -> ast.Module | Unknown:
    """Syntax tree of a Python file, or Unknown `syntax_error` with line and message."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(file.text, filename=file.path)
    except SyntaxError as error:
        line = error.lineno or 1
        return Unknown("syntax_error", (("message", str(error.msg)),), Span(file.path, line, line))
    except (ValueError, RecursionError, MemoryError) as error:
        return Unknown("unparsable", (("message", type(error).__name__),), Span(file.path, 1, 1))


def notebook_source(text: str) -> str:
    """Code cells of a notebook joined as one Python text; magics and shell lines become comments.

    Each cell is preceded by a line `# %% [cell N]`, so that lines can be told back to cells.
    """
    cells = json.loads(text).get("cells", [])
    parts: list[str] = []
    for number, cell in enumerate(cells):
        if cell.get("cell_type") == "code":
            source = cell.get("source", "")
            body = source if isinstance(source, str) else "".join(source)
            parts.append(f"# %% [cell {number}]")
            parts += ["# " + line if line.lstrip().startswith(("%", "!", "?")) else line for line in body.split("\n")]
    return "\n".join(parts) + "\n"
