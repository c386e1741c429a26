"""The figures that characterise a model at a glance, each with its place, taken from traces, tree and findings.

A facet that the records do not bear is absent; nothing is inferred from class or file names.
"""

from __future__ import annotations

import re

from analyzer.document.bindings import binding_line, binding_value, bound, built_with
from analyzer.document.context import Context, walk
from analyzer.document.cost_rows import counted_sizes
from analyzer.document.derived_facets import (
    image_facets,
    norm_facets,
    pooling_facets,
    position_facets,
    positions_of,
    scale_facets,
)
from analyzer.document.facet import Facet
from analyzer.document.family import embedding_size
from analyzer.document.inline import NOTHING, byte_size, code, join, number, numeric, refs, value
from analyzer.document.instances import blocks_like
from analyzer.document.layer_facets import activations, block_name, layers
from analyzer.document.program_builds import counted_builds
from analyzer.records.document import Code, Line, Plain
from analyzer.records.evidence import Known
from analyzer.records.source import Span
from analyzer.records.tensors import Dim, ModuleNode, ParameterCounts, ShapeRow, TensorSpec

HEAD_HOLES = ("n_heads", "heads", "n_head", "num_heads", "h", "H")
KV_HEAD_HOLES = ("g", "n_kv_heads", "kv_heads", "num_kv_heads", "n_kv_head")
HEAD_WIDTH_HOLES = ("head_dim", "d_k", "d_head", "d_h")
NUMBER_LIMIT = re.compile(r"[Tt]\s*(<=|>)\s*(\d+)")
LENGTH_LIMIT = re.compile(r"[Tt]\s*<=\s*(?:\w+\.)*(\w+)")


def counts(context: Context) -> ParameterCounts | None:
    parameters = context.model.parameters if context.model else None
    return parameters.value if isinstance(parameters, Known) else None


def repeated_block(context: Context) -> ModuleNode | None:
    """The repeated node that holds most parameters and has parts of its own."""
    nodes = [node for node in walk(context.model.tree if context.model else None) if node.repeats > 1 and node.children]
    return max(nodes, key=lambda node: (node.parameters * node.repeats, -len(node.path)), default=None)


def facets(context: Context) -> tuple[Facet, ...]:
    """All rows of the fact sheet that this repository bears, in reading order."""
    found = [*_parameter_facets(context), *_call_facets(context), *_size_facets(context), *_technique_facets(context)]
    found[2:2] = [Facet("parameters_program", line, where) for line, where in counted_builds(context)]
    found += _cost_facets(context)
    return tuple(facet for facet in found if facet.value and facet.value != NOTHING)


def _call_facets(context: Context) -> list[Facet]:
    """What the traced call takes and gives, by name and in numbers; neither where it stopped before its result."""
    trace, model = context.trace, context.model
    if trace is None or model is None or (trace.gaps and not trace.output):
        return []
    taken = [(item.name, item.value) for item in trace.inputs if isinstance(item.value, TensorSpec)]
    inputs = join([_sized(f"{name}: {spec.dtype}{spec}", spec) for name, spec in taken[:4]])
    outputs = join([_sized(f"{spec.dtype}{spec}", spec) for spec in trace.output[:3]])
    return [Facet("input", inputs, _spans(model.where)), Facet("output", outputs, _spans(model.where))]


def _sized(text: str, spec: TensorSpec) -> Line:
    """A tensor with the numbers of the traced call where its shape has names."""
    return code(text) if numeric(spec) == str(spec) else (*code(text), Plain(" = "), *code(numeric(spec)))


def _parameter_facets(context: Context) -> list[Facet]:
    parameters, model = counts(context), context.model
    if model is None:
        return []
    where = (model.build_where or model.where,)
    if parameters is None:
        return [Facet("parameters_total", value(context.words, model.parameters), where)]
    rows = [
        Facet("parameters_total", (Plain(number(parameters.total)),), where),
        Facet("parameters_trainable", (Plain(number(parameters.trainable)),), where),
    ]
    if model.ties:
        ties = join([code(f"{left} = {right}") for left, right in model.ties[:2]])
        rows.append(
            Facet("parameters_tied", (Plain(f"{number(parameters.tied)} ("), *ties, Plain(")")), _tie_lines(context))
        )
    if parameters.active != parameters.total:
        rows.append(Facet("parameters_active", _active(context, parameters), where))
    if parameters.buffers and not parameters.unknown_buffers:
        rows.append(Facet("buffers", (Plain(number(parameters.buffers)),), where))
    return rows


def _active(context: Context, parameters: ParameterCounts) -> Line:
    active = parameters.active
    return (Plain(number(active)),) if isinstance(active, int) else value(context.words, active)


def _tie_lines(context: Context) -> tuple[Span, ...]:
    spans = [span for found in context.used_techniques if found.sheet_id == "weight_tying" for span in found.where]
    return tuple(spans[:1])


def _size_facets(context: Context) -> list[Facet]:
    rows = []
    block = repeated_block(context)
    if block:
        times, (first, last) = blocks_like(context, block)
        ends = (Code(first),) if context.is_open(block) else (Code(first), Plain(" … "), Code(last))
        stacked = (Plain(f"{times} × "), *block_name(context, block), Plain(" ("), *ends, Plain(")"))
        rows.append(Facet("stack", stacked, _spans(block.created_at)))
    rows += [Facet("layers", layers(context), _spans(context.model.where if context.model else None))]
    rows += [facet for facet in (_width(context, block), *_head_facets(context)) if facet]
    return (
        rows
        + scale_facets(context, _head_width(rows))
        + image_facets(context)
        + pooling_facets(context)
        + _vocabulary(context)
    )


def _head_width(rows: list[Facet]) -> int | None:
    """The number at the end of the row on the width of a head."""
    line = next((row.value for row in rows if row.key == "head_dim"), ())
    text = "".join(getattr(part, "text", "") for part in line).rpartition("= ")[2].replace(",", "")
    return int(text) if text.isdigit() else None


def folded_path(node: ModuleNode, is_open: bool = False) -> Line:
    """The path of a node, of a repeated one the first and the last: `h.0` … `11`; the first where the last is open."""
    if node.repeats == 1 or is_open:
        return (Code(node.path),)
    return (Code(node.paths[0]), Plain(" … "), Code(node.paths[-1].rsplit(".", 1)[-1]))


def _width(context: Context, block: ModuleNode | None) -> Facet | None:
    """Last size of what the repeated block returns, where it is one tensor of rank three."""
    outputs = _outputs_of(context, block) if block else ()
    if len(outputs) < 1 or len(outputs[0].shape) != 3 or block is None:
        return None
    return Facet("width", dim_line(outputs[0].shape[-1]), _spans(block.defined_at))


def _outputs_of(context: Context, block: ModuleNode) -> tuple[TensorSpec, ...]:
    """What a block returns; of a list of modules, which is never called itself, its last part."""
    for node in (block, *reversed(block.children)):
        record = context.records.get(node.paths[0])
        if record and record.calls:
            return record.calls[0].outputs
    return ()


def dim_line(dim: Dim) -> Line:
    """A size with its name: `n_embd` = 768."""
    if dim.expression and dim.value is not None and dim.expression != str(dim.value):
        return (Code(dim.expression), Plain(f" = {number(dim.value)}"))
    if dim.value is None:
        return (Code(dim.expression),) if dim.expression else (Plain("?"),)
    return (Plain(number(dim.value)),)


def _head_facets(context: Context) -> list[Facet]:
    wanted = (("heads", HEAD_HOLES), ("kv_heads", KV_HEAD_HOLES), ("head_dim", HEAD_WIDTH_HOLES))
    found = [(key, bound(context, holes, "attention")) for key, holes in wanted]
    rows = [Facet(key, binding_line(context, item), (item.where,)) for key, item in found if item]
    missing = [(key, holes) for key, holes in wanted[:2] if not any(row.key == key for row in rows)]
    rows += [facet for key, holes in missing if (facet := _traced_heads(context, key, holes))]
    if not any(row.key == "head_dim" for row in rows):
        rows += _traced_head_width(context)
    return rows


def _traced_heads(context: Context, key: str, holes: tuple[str, ...]) -> Facet | None:
    """The size of a tensor of rank four that is neither batch, length nor width of a head, at the line that binds the
    number of heads; None where length and heads cannot be told apart.
    """
    for found in context.techniques_of("attention"):
        for binding in found.bindings:
            if binding.hole in holes:
                dim = _dim_between(context, binding.where)
                if dim is not None:
                    return Facet(key, (Code(binding.code), Plain(" = "), *dim_line(dim)), (binding.where,))
    return None


def _dim_between(context: Context, where: Span) -> Dim | None:
    row = next(
        (row for row in _rows_of(context) if row.where.path == where.path and row.where.first_line == where.first_line),
        None,
    )
    lengths = {
        str(spec.shape[1])
        for item in _rows_of(context)
        if row and item.module == row.module
        for target in item.targets
        for spec in target.tensors
        if len(spec.shape) == 3
    }
    specs = [spec for target in (row.targets if row else ()) for spec in target.tensors if len(spec.shape) == 4]
    between = [dim for spec in specs[:1] for dim in spec.shape[1:3] if str(dim) not in lengths]
    return between[0] if len(between) == 1 else None


def _rows_of(context: Context) -> tuple[ShapeRow, ...]:
    return context.trace.rows if context.trace else ()


def _traced_head_width(context: Context) -> list[Facet]:
    """The last size of a tensor of rank four in the class that attends, whose second size is the number of heads."""
    heads = _number_of_heads(context)
    owners = {name for found in context.techniques_of("attention") for name in found.models}
    for row in context.trace.rows if context.trace else ():
        inside = any(name.endswith(f":{row.class_name}") for name in owners)
        for target in row.targets if inside and isinstance(heads, int) else ():
            for spec in target.tensors:
                if len(spec.shape) == 4 and spec.shape[1].value == heads:
                    return [Facet("head_dim", dim_line(spec.shape[3]), (row.where,))]
    return []


def _number_of_heads(context: Context) -> object | None:
    """By the value of the name that the code splits by, else by the size that was traced at its line."""
    binding = bound(context, HEAD_HOLES, "attention")
    if binding is not None:
        return binding_value(context, binding)
    names = [item for found in context.techniques_of("attention") for item in found.bindings if item.hole in HEAD_HOLES]
    dims = [dim for item in names if (dim := _dim_between(context, item.where)) is not None]
    return dims[0].value if dims else None


def _vocabulary(context: Context) -> list[Facet]:
    model, trace = context.model, context.trace
    rows = _context_length(context)
    sizes = embedding_size(model) if model else None
    if model and sizes and context.family in ("language_model", "text_model", "speech", "image_text"):
        module = next(item for item in model.modules if item.class_name == "Embedding" and item.detail)
        rows.append(Facet("vocabulary", (Plain(number(sizes[0])),), _spans(module.created_at)))
    if trace and context.family == "image_classifier" and trace.output:
        rows.append(Facet("classes", dim_line(trace.output[0].shape[-1]), _spans(model.where if model else None)))
    return rows


def _context_length(context: Context) -> list[Facet]:
    """The number of learned positions, or the limit that a condition of the traced call compares the length with."""
    binding = bound(context, ("n",), "position")
    if binding:
        return [Facet("context", binding_line(context, binding), (binding.where,))]
    for condition in context.trace.conditions if context.trace else ():
        match = LENGTH_LIMIT.fullmatch(condition.text.strip())
        amount = built_with(context, match[1]) if match else None
        if match and amount is not None:
            return [Facet("context", (Code(match[1]), Plain(f" = {amount}")), (condition.where,))]
        most = NUMBER_LIMIT.fullmatch(condition.text.strip())
        if most and condition.decided == (most[1] == "<=") and _refuses(context, condition.where):
            return [Facet("context", (Plain(number(int(most[2]))),), (condition.where,))]
    table = positions_of(context) if context.family in ("language_model", "text_model", "image_text") else None
    return [Facet("context", (Plain(number(table[0])),), (table[1],))] if table else []


def _refuses(context: Context, where: Span) -> bool:
    """An assertion, or a condition whose branch raises first."""
    first = context.quote(context.part(where, where.first_line, where.first_line)).strip()
    after = context.quote(context.part(where, where.first_line + 1, where.first_line + 1)).strip()
    return first.startswith("assert") or (first.startswith("if") and after.startswith("raise"))


def _technique_facets(context: Context) -> list[Facet]:
    rows = []
    for key, categories in (
        ("attention", ("attention",)), (_positions_key(context), ("position",)), ("normalisation", ("norm",)),
        ("activation", ("activation", "feed_forward", "ffn")), ("convolution", ("convolution",)),
    ):  # fmt: skip
        found = context.distinct(context.techniques_of(*categories))
        names = join([context.technique_name(item.sheet_id) for item in found])
        shown = {item.sheet_id for item in found}
        everywhere = context.techniques_of(*categories) if key.startswith("positions") else found
        places = (item.where[0] for item in everywhere if item.where and item.sheet_id in shown)
        spans = tuple(dict.fromkeys(places))
        if found:
            rows.append(Facet(key, names, spans))
        rows += _details(context, key)
    functions, spans = activations(context)
    return [*rows, Facet("activations", functions, spans)]


def _details(context: Context, key: str) -> list[Facet]:
    """What stands below the row of a category."""
    if key == "normalisation":
        return norm_facets(context)
    return position_facets(context) if key.startswith("positions") else []


def _positions_key(context: Context) -> str:
    """In a diffusion model the same sines may encode a time step; the row says no more than was recognised."""
    return "positions_or_steps" if context.family == "diffusion" else "positions"


def _cost_facets(context: Context) -> list[Facet]:
    rows = []
    for name, cost in context.model.costs if context.model else ():
        if name in ("kv_bytes_per_token", "flops") and isinstance(cost.value, Known) and cost.value.value:
            text = byte_size(cost.value.value) if name.startswith("kv") else number(cost.value.value)
            formula = (Plain(" = "), Code(cost.formula)) if cost.formula else ()
            call = (Plain(" "), *counted_sizes(context)) if name == "flops" else ()
            rows.append(Facet(name, (Plain(text), *formula, *call), cost.value.where[:1]))
    return rows


def facet_row(context: Context, facet: Facet) -> tuple[Line, Line, Line]:
    return context.words.line(f"overview.{facet.key}"), facet.value, refs(facet.where)


def call_signature(specs: tuple[TensorSpec, ...]) -> Line:
    return join([code(f"{spec.dtype}{spec}") for spec in specs])


def _spans(span: Span | None) -> tuple[Span, ...]:
    return (span,) if span else ()
