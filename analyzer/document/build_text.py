"""The code that a model was built by, as a reader wants to see it, and whether it is only an example in a docstring."""

from __future__ import annotations

import ast
from functools import lru_cache

from analyzer.document.context import Context
from analyzer.document.inline import code
from analyzer.records.document import Line
from analyzer.records.source import Span
from analyzer.records.tensors import ModelShapes

LONGEST = 320
"""Statements before the call are shown with it up to this many characters."""


def build_text(context: Context, model: ModelShapes, longest: int = LONGEST) -> Line:
    """The expression that names the class, with what its arguments need; where a program was run up to its line, the
    line itself; of a function that makes the model its call.
    """
    whole = "; ".join(line.strip() for line in model.shown_expression.strip().splitlines() if _tells(line))
    if model.class_name in model.build_call or model.build_where is None:
        return code(whole if len(whole) <= longest else model.build_call, longest)
    line = " ".join(context.quote(model.build_where).split())
    is_definition = line.startswith(("def ", "async def ", "@"))
    shown = line if model.class_name in line and not is_definition else model.build_call
    return code(shown, min(longest, LONGEST))


def _tells(line: str) -> bool:
    """Imports say nothing of how a model is built."""
    return bool(line.strip()) and not line.strip().startswith(("import ", "from ", "#"))


def is_in_docstring(context: Context, where: Span) -> bool:
    """Whether lines of a Python file stand in a text and are not run."""
    file = context.files.get(where.path)
    spans = _docstrings(file.text) if file is not None and file.kind == "python" else ()
    return any(first <= where.first_line and where.last_line <= last for first, last in spans)


@lru_cache(maxsize=64)
def _docstrings(text: str) -> tuple[tuple[int, int], ...]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    texts = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    )
    return tuple((node.lineno, node.end_lineno or node.lineno) for node in texts)
