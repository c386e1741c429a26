"""How the parameters get their first values: what each statement gives, to how many, and what is written over later."""

from __future__ import annotations

from analyzer.document.blocks import heading, paragraph, table
from analyzer.document.context import Context, walk
from analyzer.document.inline import code, number, ref, refs
from analyzer.records.document import Block, Code, Line
from analyzer.records.structure import Initialiser
from analyzer.records.tensors import FirstValues, ModelShapes

MOST_INITIALISERS = 24


def initialisation(context: Context) -> tuple[Block, ...]:
    """A table of statements; where the model has none, that its library decides."""
    words = context.words
    found = initialisers(context)
    title = heading(words, "architecture.initialisation", "initialisation")
    if not found:
        return (title, paragraph(words, "architecture.default_initialisation"))
    rows = [
        (
            code(item.target.strip("'\"")),
            code(item.code),
            _values(context, item),
            code(" → ".join(item.conditions)),
            _reach(context, item),
            ref(item.where),
        )
        for item in found[:MOST_INITIALISERS]
    ]
    key = "initialisers" if len(found) <= MOST_INITIALISERS else "initialisers_cut"
    whole = _whole(context)
    of_whole = whole is not None and whole is not context.model
    return (
        title,
        paragraph(words, f"architecture.{key}", count=number(len(found)), shown=number(len(rows))),
        *(
            (paragraph(words, "architecture.initialised_whole", name=Code(whole.class_name)),)
            if whole and of_whole
            else ()
        ),
        *table(words, "initialisation", "parameter code first_values condition sets where", rows),
    )


def _whole(context: Context) -> ModelShapes | None:
    """The model whose building tells what stays: the main one, though the article goes deep into a part of it."""
    return context.missing if context.missing is not None and context.missing.first_values else context.model


def initialisers(context: Context) -> list[Initialiser]:
    """What sets weights in the files of the model's own classes; those that it creates, in these classes alone."""
    inside = _classes_and_bases(context)
    found = [
        item
        for item in context.analysis.facts.structure.initialisers
        if item.where.path in context.model_files
        and (not item.maker or (item.where.path, item.function.partition(".")[0]) in inside)
    ]
    whole = _whole(context)
    written = {item.where for item in whole.first_values} if whole else set()
    return sorted(found, key=lambda item: not any(_covers(where, item) for where in written))


def _classes_and_bases(context: Context) -> set[tuple[str, str]]:
    """File and outermost name of every class that the built model consists of, and of their bases in the repository."""
    named = {info.name: info for info in context.classes.values()}
    nodes = walk(context.model.tree if context.model else None)
    open_names = [info for node in nodes if (info := context.class_at(node.defined_at)) is not None]
    found: set[tuple[str, str]] = set()
    while open_names:
        info = open_names.pop()
        if (info.where.path, info.name) not in found:
            found.add((info.where.path, info.name))
            open_names += [named[base.rpartition(".")[2]] for base in info.bases if base.rpartition(".")[2] in named]
    return found


def _values(context: Context, item: Initialiser) -> Line:
    """What a created parameter holds; the call of an `nn.init` function says it itself."""
    if not item.maker:
        return ()
    key = f"architecture.made_by_{item.maker.rpartition('.')[2].removesuffix('_like').lower()}"
    return context.words.line(key) if context.words.has(key) else context.words.line("architecture.made_as_written")


def _covers(where: object, item: Initialiser) -> bool:
    first, last = getattr(where, "first_line", 0), getattr(where, "last_line", 0)
    return getattr(where, "path", "") == item.where.path and first <= item.where.first_line <= last


def _reach(context: Context, item: Initialiser) -> Line:
    """How many parameters of the built model keep these values, and where others lose them."""
    words = context.words
    whole = _whole(context)
    found = [row for row in (whole.first_values if whole else ()) if _covers(row.where, item)]
    if not found:
        return ()
    kept, lost = sum(row.tensors for row in found), sum(row.replaced for row in found)
    where = refs([place for row in found for place in row.replaced_at], 2)
    if not kept:
        return words.line("architecture.overwritten", where=where) if lost else ()
    if context.examples:
        return words.line("architecture.overwritten_in_part", where=where) if lost else ()
    return _amount(context, found, lost, where)


def _amount(context: Context, found: list[FirstValues], lost: int, where: Line) -> Line:
    kept, elements = sum(row.tensors for row in found), sum(row.elements for row in found)
    key = "architecture.sets_and_loses" if lost else "architecture.sets"
    return context.words.line(key, tensors=number(kept), elements=number(elements), lost=number(lost), where=where)
