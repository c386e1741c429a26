"""Shapes that comments in the documents' own code examples state (`preds = v(img) # (1, 1000)`), against the evaluated
output of the very model that the example builds.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from analyzer.facts.documented_code import PythonExample, document_examples
from analyzer.index import SourceIndex
from analyzer.records.bundles import Shapes
from analyzer.records.source import Span
from analyzer.records.techniques import Claim
from analyzer.records.tensors import Dim, ModelShapes, TensorSpec, Trace
from analyzer.techniques.claims.shape_comments import stated_shape

COMMENT = re.compile(r"#\s*(?P<text>[^#'\"]*)$")
FREE = re.compile(r"^[A-Z]$")
"""Sizes of the input, which an example chooses for itself."""


def check_examples(index: SourceIndex, shapes: Shapes) -> Iterator[Claim]:
    """One claim per stated output of a model that is built and called in the same example."""
    models = [m for m in (*shapes.models, *shapes.presets) if m.build_where is not None]
    for example in document_examples(index):
        here = [m for m in models if m.build_where is not None and m.build_where.path == example.path]
        built = dict(_built(example, here)) if here else {}
        for statement in example.tree.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call) and built:
                yield from _of_statement(index, example, statement, statement.value, built)


def _built(example: PythonExample, models: list[ModelShapes]) -> Iterator[tuple[str, ModelShapes]]:
    """Names of the example with the model that was built from the lines of their one assignment."""
    assigned = [s for s in ast.walk(example.tree) if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name)]
    for statement in assigned:
        name = statement.targets[0].id if isinstance(statement.targets[0], ast.Name) else ""
        first = example.first_line + statement.lineno - 1
        last = example.first_line + (statement.end_lineno or statement.lineno) - 1
        own = [
            m for m in models if m.build_where and first <= m.build_where.first_line <= m.build_where.last_line <= last
        ]
        once = sum(isinstance(s.targets[0], ast.Name) and s.targets[0].id == name for s in assigned) == 1
        if len(own) == 1 and once:
            yield name, own[0]


def _of_statement(
    index: SourceIndex,
    example: PythonExample,
    statement: ast.Assign,
    call: ast.Call,
    built: Mapping[str, ModelShapes],
) -> Iterator[Claim]:
    model = built.get(call.func.id) if isinstance(call.func, ast.Name) else None
    line = example.first_line + (statement.end_lineno or statement.lineno) - 1
    match = COMMENT.search(index.lines(example.path)[line - 1])
    stated = stated_shape(match.group("text").strip()) if match is not None else None
    if model is None or stated is None or match is None or not isinstance(statement.targets[0], ast.Name):
        return
    given = len(call.args) + len(call.keywords)
    specs = {str(t.output[0]): (t, t.output[0]) for t in model.traces if len(t.output) == 1 and len(t.inputs) == given}
    if len(specs) != 1:
        return
    trace, spec = next(iter(specs.values()))
    verdict = _compared(stated, spec)
    if verdict is None or model.build_where is None:
        return
    where = index.span(example.path, line)
    text = index.lines(example.path)[line - 1].strip()
    claimed = "(" + ", ".join(stated) + ")"
    places = (_output_place(trace, model),)
    derived = f"{spec} = [{', '.join(_size(dim) for dim in spec.shape)}]"
    yield Claim(text, claimed, derived, "agree" if verdict else "differ", where, places, model.class_name)


def _output_place(trace: Trace, model: ModelShapes) -> Span:
    """Where the last line returns what was compared, else where the model is defined."""
    returns = [row.where for row in trace.rows if not row.module and any(t.name == "return" for t in row.targets)]
    return returns[-1] if returns else model.where


def _size(dim: Dim) -> str:
    if dim.expression is not None and FREE.match(dim.expression):
        return dim.expression
    return "?" if dim.value is None else str(dim.value)


def _compared(stated: tuple[str, ...], spec: TensorSpec) -> bool | None:
    """Sizes that are not the input's own must be the stated ones; None where nothing of them is known."""
    if len(stated) != len(spec.shape):
        return None if any(not part.isdigit() for part in stated) else False
    fixed = [(part, dim) for part, dim in zip(stated, spec.shape, strict=True) if not FREE.match(dim.expression or "")]
    known = [(int(part), dim) for part, dim in fixed if part.isdigit() and dim.value is not None]
    if not known:
        return None
    if all(part == dim.value for part, dim in known):
        return True
    depends = any(re.search(r"\b[A-Z]\b", dim.expression or "") for part, dim in known if part != dim.value)
    return None if depends else False
