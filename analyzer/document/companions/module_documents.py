"""One document per key module in six parts: overview, mathematics, data flow, implementation, use, remarks."""

from __future__ import annotations

from analyzer.document.blocks import bullets, heading, note, paragraph, slug, table
from analyzer.document.chapters.core_modules import contract, formulas, introduction, reasons, settings
from analyzer.document.chapters.shapes import line_row
from analyzer.document.companions.sketch import chain, short
from analyzer.document.context import Context
from analyzer.document.facets import counts
from analyzer.document.inline import code, join, number, numeric, ref, refs, shapes_text
from analyzer.document.key_modules import KeyModule, key_modules, nodes_of
from analyzer.document.listing import best_part, snippet
from analyzer.records.document import Block, Chapter, Code, Document, Line, Plain, Preformatted
from analyzer.records.source import Span

PARTS = ("overview", "mathematics", "data_flow", "implementation", "use", "remarks")


def module_path(item: KeyModule) -> str:
    """`docs/modules/<path with dots>.<Class>`."""
    path, _, name = item.info.qualified_name.partition(":")
    return f"docs/modules/{path.removesuffix('.py').replace('/', '.')}.{name}"


def build(context: Context) -> tuple[Document, ...]:
    return tuple(_document(context, item) for item in key_modules(context))


def _document(context: Context, item: KeyModule) -> Document:
    words = context.words
    makers = (_overview, _mathematics, _data_flow, _implementation, _use, _remarks)
    chapters = tuple(
        Chapter(part, words.line(f"modules.{part}"), make(context, item))
        for part, make in zip(PARTS, makers, strict=True)
    )
    title = words.line("modules.title", name=Code(item.info.name))
    return Document(module_path(item), words.language, title, chapters)


def _overview(context: Context, item: KeyModule) -> tuple[Block, ...]:
    words = context.words
    places = [
        (Code(node.path or "."), Plain(f" × {context.repeats(node)}") if node.repeats > 1 else Plain(""))
        for node in nodes_of(context, item.info)[:8]
    ]
    return (
        *introduction(context, item),
        paragraph(words, "modules.places", places=join(places)),
        *contract(context, item),
    )


def _mathematics(context: Context, item: KeyModule) -> tuple[Block, ...]:
    blocks = formulas(context, item, set())
    return blocks or (note(context.words, "info", "modules.no_formula", name=Code(item.info.name)),)


def _data_flow(context: Context, item: KeyModule) -> tuple[Block, ...]:
    words = context.words
    if not item.rows:
        return (note(words, "gap", "modules.no_rows"),)
    forward = item.info.forward
    rows = [
        row
        for row in item.rows
        if forward is None or forward.where.first_line <= row.where.first_line <= forward.where.last_line
    ]
    steps = [
        (
            short(row.code, 70),
            "; ".join(f"{target.name} {shapes_text(target.tensors)}" for target in row.targets if target.tensors),
        )
        for row in rows[:24]
    ]
    drawing = context.drawing(
        f"module_{item.info.name}", f"module-{slug(item.info.name)}", f"module_{slug(item.info.qualified_name)}"
    )
    found = table(words, "rows", "line code tensors numeric times", [line_row(context, row) for row in item.rows[:60]])
    return (*drawing, Preformatted(chain([step for step in steps if step[1]])), *found)


def _implementation(context: Context, item: KeyModule) -> tuple[Block, ...]:
    info, words = item.info, context.words
    blocks: tuple[Block, ...] = ()
    for method in sorted(info.methods, key=lambda method: (method.name != "forward", method.where)):
        blocks += (paragraph(words, "modules.method", name=Code(method.name), where=ref(method.where)),)
        blocks += snippet(context, best_part(context, method.where, item.rows), item.rows)
        if len(blocks) >= 12:
            break
    return (*settings(context, item), *blocks) or (note(words, "gap", "modules.no_methods"),)


def _use(context: Context, item: KeyModule) -> tuple[Block, ...]:
    """The lines of the repository that construct the module, and what one call took and returned."""
    words = context.words
    places = [node.created_at for node in nodes_of(context, item.info) if node.created_at]
    if not places and context.model and item.info.where == context.model.where and context.model.build_where:
        places = [context.model.build_where]
    blocks: tuple[Block, ...] = ()
    for place in list(dict.fromkeys(places))[:2]:
        blocks += (paragraph(words, "modules.created", where=ref(place)), *snippet(context, _around(context, place)))
    return (*blocks, *_example(context, item)) or (note(words, "gap", "modules.no_use"),)


def _around(context: Context, place: Span) -> Span:
    file = context.files.get(place.path)
    if file is None or place.cell is not None:
        return place
    last = min(place.last_line + 2, file.text.count("\n") + 1)
    return context.part(place, max(place.first_line - 2, 1), last)


def _example(context: Context, item: KeyModule) -> tuple[Block, ...]:
    record = context.records.get(item.node.paths[0] if item.node.paths else item.node.path)
    if record is None or not record.calls:
        return ()
    call = record.calls[0]
    rows: list[tuple[Line, ...]] = [
        (context.words.line("columns.input"), code(f"{spec.dtype}{spec}"), code(numeric(spec))) for spec in call.inputs
    ]
    rows += [
        (context.words.line("columns.output"), code(f"{spec.dtype}{spec}"), code(numeric(spec)))
        for spec in call.outputs
    ]
    return (
        heading(context.words, "modules.example", "one-call"),
        *table(context.words, "one_call", "kind shape numeric", rows),
    )


def _remarks(context: Context, item: KeyModule) -> tuple[Block, ...]:
    """Pitfalls inside the class, its share of the cost, and the reasons that the code gives."""
    words = context.words
    inside = [
        found
        for found in context.analysis.findings.pitfalls
        if any(_within(span, item.info.where) for span in found.where)
    ]
    pitfalls = [
        (*words.reason(found.rule, found.arguments), Plain(" ("), *refs(found.where), Plain(")")) for found in inside
    ]
    share = (
        ()
        if counts(context) is None or not item.instances
        else (
            paragraph(
                words,
                "modules.share" if item.smallest == item.largest else "modules.share_varied",
                each=number(item.smallest),
                largest=number(item.largest),
                total=number(item.total),
                instances=number(item.instances),
            ),
        )
    )
    wrong = [
        claim
        for claim in context.analysis.findings.claims
        if claim.verdict == "differ" and _within(claim.where, item.info.where)
    ]
    comments = [
        (code(claim.text, 100)[0], Plain(" → "), *code(claim.derived), Plain(" ("), *ref(claim.where), Plain(")"))
        for claim in wrong
    ]
    found = (
        *bullets(pitfalls),
        *((paragraph(words, "modules.wrong_comments"), *bullets(comments)) if comments else ()),
    )
    return (*share, *(found or (note(words, "info", "modules.no_pitfalls"),)), *reasons(context, item))


def _within(inner: Span, outer: Span) -> bool:
    return inner.path == outer.path and outer.first_line <= inner.first_line <= outer.last_line
