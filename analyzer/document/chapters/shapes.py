"""Input and output shapes of everything: modules, every assignment of forward, the path along which sizes change."""

from __future__ import annotations

import re

from analyzer.document.blocks import bullets, folded, heading, note, paragraph, slug, table
from analyzer.document.chapters.absence import no_trace
from analyzer.document.context import Context, walk
from analyzer.document.facets import folded_path
from analyzer.document.inline import code, codes, input_text, join, number, numeric, ref, refs, shapes_text
from analyzer.document.instances import instances
from analyzer.document.statements import quoted
from analyzer.document.unlike_calls import call_shapes
from analyzer.records.document import Block, Chapter, Code, Line, Link, Plain
from analyzer.records.evidence import Condition
from analyzer.records.tensors import ModuleNode, ShapeRow, ShapeTarget, TensorSpec, Trace

LONGEST_OPEN = 24
"""Tables of more rows are folded."""
MOST_STEPS = 30
SOLVER = re.compile(r"\b[A-Z]\w*\(")
"""Calls such as `Eq(TruncToInt(…), …)`, in which no reader recognises the code."""


def build(context: Context) -> Chapter:
    trace = context.trace
    blocks: list[Block] = []
    if trace is None:
        blocks += no_trace(context)
    else:
        blocks += [
            *_inputs(context, trace),
            *_path(context, trace),
            *_modules(context),
            *_lines(context, trace),
            *_conditions(context, trace),
        ]
        blocks += _gaps(context, trace)
    return Chapter("shapes", context.words.line("shapes.title"), tuple(blocks))


def _inputs(context: Context, trace: Trace) -> tuple[Block, ...]:
    words, model = context.words, context.model
    variables = model.variables if model else ()
    names = (
        words.line("shapes.names", names=words.listed([code(f"{name} = {size}") for name, size in variables]))
        if variables
        else ()
    )
    rows = [
        (
            code(input_text(item)),
            code(numeric(item.value)) if isinstance(item.value, TensorSpec) else (),
            words.reason(item.reason),
            ref(item.where),
        )
        for item in trace.inputs
    ]
    mode = words.line(f"shapes.mode_{trace.mode}")
    opening = paragraph(
        words,
        "shapes.opening",
        call=Code(f"{model.class_name if model else ''}.{trace.method}"),
        mode=mode,
        names=names,
    )
    return (opening, *table(words, "inputs", "input numeric reason where", rows))


def root_rows(trace: Trace) -> list[ShapeRow]:
    """Rows of the model's own method, in the order in which they ran."""
    return [row for row in trace.rows if row.module == "" and row.targets]


def _path(context: Context, trace: Trace) -> tuple[Block, ...]:
    """The key changes of shape: rows of the model's own forward at which a tensor's shape is a new one."""
    words = context.words
    steps = changes(trace)
    title = heading(words, "shapes.path", "shape-path")
    rows = [
        (code(name), code(shapes_text(specs)), code(shapes_text(specs, numbers=True)), *quoted(context, row))
        for row, name, specs in steps[:MOST_STEPS]
    ]
    return (
        (title, *context.drawing("tensor_shapes"), *table(words, "shape_path", "name shape numeric code where", rows))
        if rows
        else ()
    )


def changes(trace: Trace) -> list[tuple[ShapeRow, str, tuple[TensorSpec, ...]]]:
    """(row, target, its shapes) where they differ from those before."""
    found: list[tuple[ShapeRow, str, tuple[TensorSpec, ...]]] = []
    for row in root_rows(trace):
        for target in (target for target in row.targets if target.tensors):
            if not found or shapes_text(found[-1][2]) != shapes_text(target.tensors):
                found.append((row, target.name, target.tensors))
    return found


def _modules(context: Context) -> tuple[Block, ...]:
    """Module → input → output, identical modules folded."""
    words = context.words
    times = instances(context)
    nodes = walk(context.model.tree if context.model else None)
    rows = [row for node in nodes for row in _module_row(context, node, times[node.path])]
    title = heading(words, "shapes.modules", "module-shapes")
    found = table(words, "module_shapes", "module class instances input_shape output_shape where", rows)
    if not found:
        return (title, note(words, "info", "shapes.no_calls"))
    opening = paragraph(words, "shapes.modules_opening")
    if len(rows) <= LONGEST_OPEN:
        return (title, opening, *found)
    return (title, opening, *folded(words, "shapes.module_rows", found, count=number(len(rows))))


def _module_row(context: Context, node: ModuleNode, times: str) -> list[tuple[Line, ...]]:
    record = context.records.get(node.paths[0] if node.paths else node.path)
    if record is None or not record.calls:
        return []
    name = folded_path(node, context.is_open(node)) if node.path else context.words.line("shapes.whole_model")
    inputs, outputs = call_shapes(
        context.records[path] for path in node.paths or (node.path,) if path in context.records
    )
    return [
        (
            name,
            code(node.class_name),
            (Plain(times),),
            inputs,
            outputs,
            ref(node.defined_at or node.created_at),
        )
    ]


def _lines(context: Context, trace: Trace) -> tuple[Block, ...]:
    """One table per function: the shape after every assignment."""
    words = context.words
    title = heading(words, "shapes.lines", "line-shapes")
    groups: dict[tuple[str, str], list[ShapeRow]] = {}
    for row in trace.rows:
        groups.setdefault(_function_of(row), []).append(row)
    count = len({(row.where.path, row.function) for row in trace.rows})
    blocks: list[Block] = [
        title,
        paragraph(words, "shapes.lines_opening", rows=number(len(trace.rows)), functions=number(count)),
    ]
    for (name, caller), rows in groups.items():
        key = f"lines_{slug(f'{caller}.{name}' if caller else name)}"
        found = table(words, key, "line code tensors numeric times", [line_row(context, row) for row in rows])
        said = words.line("shapes.called_in", name=Code(name), caller=Code(caller)) if caller else (Code(name),)
        blocks += folded(words, "shapes.function", found, name=said, count=number(len(rows)), where=ref(rows[0].where))
    return tuple(blocks)


def _function_of(row: ShapeRow) -> tuple[str, str]:
    """A method by the class of its object; a function of no class by its name, and the class that calls it."""
    if row.class_name and "." not in row.function:
        return (row.function, row.class_name)
    return (f"{row.class_name}.{row.function.rsplit('.', 1)[-1]}".lstrip("."), "")


def line_row(context: Context, row: ShapeRow) -> tuple[Line, ...]:
    """One executed line: place, code, symbolic shapes, numbers, how often it ran."""
    symbolic = join(
        [(Code(f"{target.name}: {shapes_text(target.tensors)}"),) for target in row.targets if target.tensors],
        "; ",
    )
    numbers = codes((shapes_text(target.tensors, numbers=True) for target in row.targets if target.tensors), "; ")
    text, place = quoted(context, row)
    return (place, text, symbolic, numbers, _times(context, row))


def _times(context: Context, row: ShapeRow) -> Line:
    """How often the line ran with these shapes; where it had others too, of how many they are one."""
    variants = context.variants(row)
    times = Plain(context.times(row))
    return (times,) if variants < 2 else context.words.line("shapes.one_of", times=times, count=number(variants))


def _conditions(context: Context, trace: Trace) -> tuple[Block, ...]:
    """Branches that sizes decided; another size may take the other branch."""
    unique: dict[tuple[str, str], Condition] = {(item.text, str(item.where)): item for item in trace.conditions}
    rows = [
        (_condition(context, item), context.words.line("common.yes" if item.decided else "common.no"), ref(item.where))
        for item in unique.values()
    ]
    found = table(context.words, "conditions", "condition value where", rows)
    return (paragraph(context.words, "shapes.conditions"), *found) if found else ()


def _condition(context: Context, item: Condition) -> Line:
    """The condition over names of sizes; the statement itself where the names only stand in calls of a solver."""
    return code(context.quote(item.where).strip() if SOLVER.search(item.text) else item.text)


def _gaps(context: Context, trace: Trace) -> tuple[Block, ...]:
    words = context.words
    items = [(*words.reason(gap.reason, gap.arguments), Plain(" "), Code(gap.where)) for gap in trace.gaps[:12]]
    return (paragraph(words, "shapes.gaps", count=number(len(trace.gaps))), *bullets(items)) if items else ()


def shape_flow(context: Context, trace: Trace, name: str, whole: bool = False) -> tuple[Block, ...]:
    """The shape flow of one mode: inputs, the model's own assignments that have other shapes than in the call that the
    chapter on shapes tells in full, the result; `whole` for a document without that chapter.
    """
    words = context.words
    rows: list[tuple[Line, ...]] = [
        (
            words.line("shapes.step_input"),
            code(item.name),
            code(f"{item.value.dtype}{item.value}"),
            code(numeric(item.value)),
            refs([item.where] if item.where else []),
        )
        for item in trace.inputs
        if isinstance(item.value, TensorSpec)
    ]
    told = _told(context.trace) if context.trace and not whole else set()
    for row in root_rows(trace)[:MOST_STEPS]:
        rows += [_flow_row(context, row, target) for target in _tensors(row) if _identity(row, target) not in told]
    rows += [
        (words.line("shapes.step_output"), (), code(f"{spec.dtype}{spec}"), code(numeric(spec)), ())
        for spec in trace.output[:4]
    ]
    link = (Link(words.text("shapes.lines"), "#line-shapes"),)
    key = "shapes.flow_same" if trace is context.trace else "shapes.flow_other"
    pointer = (paragraph(words, key, link=link),) if told else ()
    return (*pointer, *table(words, name, "step name shape numeric where", rows))


def _tensors(row: ShapeRow) -> list[ShapeTarget]:
    return [target for target in row.targets if target.tensors and row.code.split()[0] != "def"]


def _identity(row: ShapeRow, target: ShapeTarget) -> tuple[str, int, str, str]:
    return (row.where.path, row.where.first_line, target.name, shapes_text(target.tensors))


def _told(trace: Trace) -> set[tuple[str, int, str, str]]:
    """Assignments of the model's own method whose shapes stand in the chapter on shapes."""
    return {_identity(row, target) for row in root_rows(trace) for target in _tensors(row)}


def _flow_row(context: Context, row: ShapeRow, target: ShapeTarget) -> tuple[Line, ...]:
    text, place = quoted(context, row, 72)
    symbolic, numbers = (code(shapes_text(target.tensors, numbers=shown)) for shown in (False, True))
    return (text, code(target.name), symbolic, numbers, place)
