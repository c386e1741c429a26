"""The two documents of formulas: what the code computes, and what follows from it (dimensions, counts, gradients)."""

from __future__ import annotations

from typing import Any

from analyzer.document.blocks import note, paragraph, slug, table
from analyzer.document.closed_forms import closed_form
from analyzer.document.context import Context, walk
from analyzer.document.cost_rows import LONGEST_FORMULA, cost_table
from analyzer.document.inline import NOTHING, code, number, ref, refs
from analyzer.document.key_modules import key_modules
from analyzer.document.statements import quoted
from analyzer.document.technique_blocks import departures, formula, motivation
from analyzer.document.wording import read_template
from analyzer.records.document import Block, Chapter, Code, Document, Formula, Heading, Line, Paragraph, Plain
from analyzer.records.techniques import TechniqueFinding, Text
from analyzer.records.tensors import ShapeRow

ALL_COSTS = (
    "parameters", "active_parameters", "flops", "flops_prefill", "flops_decode", "flops_training", "training_flops",
    "parameter_bytes", "gradient_bytes", "optimizer_bytes", "activation_bytes", "kv_bytes_per_token",
    "kv_bytes_at_full_length",
)  # fmt: skip
MOST_STEPS = 20


def formulas_document(context: Context) -> Document:
    """Every recognised technique with a formula, once, grouped by category."""
    words = context.words
    groups: dict[str, list[TechniqueFinding]] = {}
    for found in {item.sheet_id: item for item in reversed(context.used_techniques)}.values():
        if context.sheets[found.sheet_id].formula.strip():
            groups.setdefault(context.sheets[found.sheet_id].category, []).append(found)
    chapters = tuple(
        Chapter(
            f"category-{slug(name)}",
            _category(context, name),
            _formulas(context, sorted(found, key=lambda item: item.sheet_id)),
        )
        for name, found in sorted(groups.items())
    )
    empty = (Chapter("none", words.line("mathematics.formulas"), (note(words, "gap", "mathematics.no_formulas"),)),)
    return Document(
        "docs/math/formulas",
        words.language,
        words.line("mathematics.formulas_title", name=context.name),
        chapters or empty,
    )


def _category(context: Context, name: str) -> Line:
    return context.words.line(f"categories.{name}") if context.words.has(f"categories.{name}") else (Plain(name),)


def _formulas(context: Context, found: list[TechniqueFinding]) -> tuple[Block, ...]:
    blocks: tuple[Block, ...] = ()
    for item in found:
        title = Heading(3, (Plain(context.technique_name(item.sheet_id)),), slug(item.sheet_id))
        blocks += (title, paragraph(context.words, "mathematics.found", where=refs(item.where)))
        blocks += (*formula(context, item), *departures(context, item), *motivation(context, item))
    return blocks


def derivations_document(context: Context) -> Document:
    """Dimensions step by step, parameter counts and costs in closed form, gradients of the parts in use."""
    words = context.words
    chapters = (
        Chapter("dimensions", words.line("mathematics.dimensions"), _dimensions(context)),
        Chapter("counts", words.line("mathematics.counts"), _counts(context)),
        Chapter("costs", words.line("mathematics.costs"), _costs(context)),
        Chapter("gradients", words.line("mathematics.gradients"), _gradients(context)),
    )
    return Document(
        "docs/math/derivations",
        words.language,
        words.line("mathematics.derivations_title", name=context.name),
        chapters,
    )


def _dimensions(context: Context) -> tuple[Block, ...]:
    """For each key module: the chain of shapes through its forward."""
    blocks: tuple[Block, ...] = ()
    for item in key_modules(context):
        rows = [_dimension_row(context, row) for row in item.rows if row.targets and row.targets[0].tensors][
            :MOST_STEPS
        ]
        name = slug(item.info.qualified_name)
        found = table(context.words, f"dimensions_{name}".replace("-", "_"), "step name shape where", rows)
        if found:
            blocks += (Heading(3, (Code(item.info.name),), f"dimensions-{name}"), *found)
    return blocks or (note(context.words, "gap", "mathematics.no_dimensions"),)


def _dimension_row(context: Context, row: ShapeRow) -> tuple[Line, ...]:
    target = row.targets[0]
    text, place = quoted(context, row, 72)
    return (
        text,
        code(target.name),
        code(", ".join(str(spec) for spec in target.tensors[:4])),
        place,
    )


def _counts(context: Context) -> tuple[Block, ...]:
    """Closed forms of the parts whose constructor arguments decide their count; each was checked against the count."""
    rows = []
    for node in walk(context.model.tree if context.model else None):
        form = closed_form(node.class_name, node.detail)
        if form and form.value == node.parameters:
            rows.append(
                (
                    code(node.path),
                    code(node.class_name),
                    code(form.symbolic),
                    code(form.numeric),
                    (Plain(number(form.value)),),
                    ref(node.created_at),
                )
            )
    found = table(context.words, "closed_forms", "path class formula numeric value where", rows)
    return (
        (paragraph(context.words, "mathematics.counts_opening"), *found)
        if found
        else (note(context.words, "gap", "mathematics.no_counts"),)
    )


def _costs(context: Context) -> tuple[Block, ...]:
    found = cost_table(context, "costs", ALL_COSTS)
    return (*found, *_shares(context)) if found else (note(context.words, "gap", "training.no_cost"),)


def _shares(context: Context) -> tuple[Block, ...]:
    """Closed formulas module by module: what one of them holds and computes."""
    rows = []
    for share in (context.model.shares if context.model else ())[1:]:
        flops = dict(share.flops_formulas)
        mode = next(iter(flops), None)
        if share.parameters_formula is not None and (share.parameters or (mode and flops[mode] != "0")):
            computed = code(flops[mode], LONGEST_FORMULA) if mode is not None else NOTHING
            counted = (Plain(number(share.parameters)),)
            formulas = (code(share.parameters_formula, LONGEST_FORMULA), computed)
            rows.append(
                (code(share.path), code(share.class_name), (Plain(number(share.instances)),), counted, *formulas)
            )
    return table(context.words, "module_formulas", "path class times parameters formula flops_formula", rows)


def _gradients(context: Context) -> tuple[Block, ...]:
    """Backward formulas of standard parts that occur in this model; knowledge, marked as such."""
    classes = {node.class_name for node in walk(context.model.tree if context.model else None)}
    techniques = {item.sheet_id for item in context.used_techniques}
    blocks: tuple[Block, ...] = ()
    for name, row in read_template("", "gradients").items():
        if classes & set(row["classes"]) or techniques & set(row["techniques"]):
            blocks += _gradient(context, name, row)
    outside = note(context.words, "knowledge", "mathematics.gradients_outside")
    return (outside, *blocks) if blocks else (note(context.words, "gap", "mathematics.no_gradients"),)


def _gradient(context: Context, name: str, row: dict[str, Any]) -> tuple[Block, ...]:
    title = Heading(3, (Plain(context.words.pick(Text(row["en"], row["zh"]))),), f"gradient-{slug(name)}")
    blocks: tuple[Block, ...] = (title,)
    for step in row["steps"]:
        blocks += (Paragraph((Plain(context.words.pick(Text(step["en"], step["zh"]))),)), Formula(step["latex"]))
    return blocks
