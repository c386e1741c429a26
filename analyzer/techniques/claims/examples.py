"""Shapes that comments in the documents' own code examples state (`preds = v(img) # (1, 1000)`), against the evaluated
output of the very model that the example builds.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from analyzer.facts.documented_code import PythonExample, document_examples
from analyzer.index import SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.bundles import Shapes
from analyzer.records.source import Span
from analyzer.records.techniques import Claim
from analyzer.records.tensors import ModelShapes, TensorSpec, Trace
from analyzer.techniques.claims.figures import Verdict
from analyzer.techniques.claims.shape_comments import stated_shape

COMMENT = re.compile(r"#\s*(?P<text>[^#'\"]*)$")
MAKERS = frozenset({"torch.randn", "torch.rand", "torch.zeros", "torch.ones"})


def check_examples(index: SourceIndex, shapes: Shapes) -> Iterator[Claim]:
    """One claim per stated output of a model that is built and called in the same example."""
    models = [m for m in (*shapes.models, *shapes.presets) if m.build_where is not None]
    for example in document_examples(index):
        here = [m for m in models if m.build_where is not None and m.build_where.path == example.path]
        built = dict(_built(example, here)) if here else {}
        for statement in example.tree.body:
            if isinstance(statement, (ast.Assign, ast.Expr)) and isinstance(statement.value, ast.Call) and built:
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
    statement: ast.Assign | ast.Expr,
    call: ast.Call,
    built: Mapping[str, ModelShapes],
) -> Iterator[Claim]:
    model = built.get(call.func.id) if isinstance(call.func, ast.Name) else None
    line = example.first_line + (statement.end_lineno or statement.lineno) - 1
    stated = _stated(index.lines(example.path)[line - 1])
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    traces = [t for t in model.traces if len(t.output) == 1 and len(t.inputs) == 1] if model is not None else []
    is_plain = len(call.args) == 1 and not call.keywords and all(isinstance(target, ast.Name) for target in targets)
    if model is None or not stated or not is_plain or len({str(trace.output[0]) for trace in traces}) != 1:
        return
    told = _told(stated, traces[0], _given(example, call.args[0]))
    if told is not None:
        text = index.lines(example.path)[line - 1].strip()
        where, places = index.span(example.path, line), (_output_place(traces[0], model),)
        claimed = "(" + ", ".join(map(str, stated)) + ")"
        yield Claim(text, claimed, told[1], told[0], where, places, model.class_name)


def _stated(line: str) -> tuple[int, ...]:
    """The sizes that the comment behind a line gives, all of them numbers."""
    match = COMMENT.search(line)
    parts = stated_shape(match.group("text").strip()) if match is not None else None
    return tuple(int(part) for part in parts) if parts is not None and all(p.isdigit() for p in parts) else ()


def _told(stated: tuple[int, ...], trace: Trace, given: tuple[int, ...]) -> tuple[Verdict, str] | None:
    """The verdict and what was derived; None where the example's input cannot be told and the sizes are others."""
    spec, taken = trace.output[0], trace.inputs[0].value
    expected = _expected(spec, taken, given) if isinstance(taken, TensorSpec) else ()
    if expected:
        return ("agree" if stated == expected else "differ"), f"{list(expected)} for {list(given)}"
    return ("agree", str(spec)) if stated == tuple(dim.value for dim in spec.shape) else None


def _output_place(trace: Trace, model: ModelShapes) -> Span:
    """Where the last line returns what was compared, else where the model is defined."""
    returns = [row.where for row in trace.rows if not row.module and any(t.name == "return" for t in row.targets)]
    return returns[-1] if returns else model.where


def _expected(spec: TensorSpec, taken: TensorSpec, given: tuple[int, ...]) -> tuple[int, ...]:
    """The output for the example's input, where that is the evaluated one but for its first size, which evaluation
    chooses for itself; empty where that cannot be told.
    """
    output, evaluated = (tuple(dim.value for dim in shape) for shape in (spec.shape, taken.shape))
    known = tuple(size for size in output if size is not None)
    if len(known) != len(output) or not given or len(given) != len(evaluated) or given[1:] != evaluated[1:]:
        return ()
    if output and output[0] == evaluated[0]:
        return (given[0], *known[1:])
    return known if given[0] == evaluated[0] else ()


def _given(example: PythonExample, argument: ast.expr) -> tuple[int, ...]:
    """Sizes of `torch.randn(1, 3, 256, 256)`, given at once or under a name that is assigned once."""
    if isinstance(argument, ast.Name):
        assigned = [
            s.value for s in ast.walk(example.tree)
            if isinstance(s, ast.Assign) and any(isinstance(t, ast.Name) and t.id == argument.id for t in s.targets)
        ]  # fmt: skip
        return _given(example, assigned[0]) if len(assigned) == 1 and not isinstance(assigned[0], ast.Name) else ()
    if not isinstance(argument, ast.Call) or dotted_name(argument.func) not in MAKERS:
        return ()
    sizes = argument.args[0].elts if argument.args and isinstance(argument.args[0], ast.Tuple) else argument.args
    values = [size.value for size in sizes if isinstance(size, ast.Constant) and isinstance(size.value, int)]
    return tuple(values) if len(values) == len(sizes) else ()
