"""Rows of the module tables: folded modules with parameters per instance and in all, and the row of the sum.

A tensor that two modules share is counted where it appears first, so that the rows add up to the model's total and
their shares to the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from analyzer.document.context import Context
from analyzer.document.facets import counts, folded_path
from analyzer.document.inline import NOTHING, code, codes, join, number, ref
from analyzer.records.document import Code, Line, Plain, Strong
from analyzer.records.tensors import ModuleNode

Row = tuple[Line, ...]
MOST_TIES = 2


def top_rows(context: Context) -> list[Row]:
    """The model's parts: containers that only hold others are opened, repeated blocks stay folded."""
    parameters, model = counts(context), context.model
    if parameters is None or model is None or model.tree is None:
        return []
    nodes, held = _parts(model.tree), _held(context)
    amounts = [sum(held[path] for path in node.paths) for node in nodes]
    rows = [_top_row(context, node, amount, parameters.total) for node, amount in zip(nodes, amounts, strict=True)]
    return rows + _closing(context, sum(amounts), columns=8)


def _held(context: Context) -> Counter[str]:
    """By path the parameters of a module and of all below it that no module before them holds."""
    found: Counter[str] = Counter()
    for record in context.records.values():
        path = record.path
        while True:
            found[path] += record.own_parameters - record.shared
            if not path:
                break
            path = path.rpartition(".")[0]
    return found


def _parts(root: ModuleNode) -> list[ModuleNode]:
    """Children of the root; a child that holds only other modules' lists is replaced by its children."""
    parts: list[ModuleNode] = []
    for child in root.children:
        opened = child.class_name in ("ModuleDict", "ModuleList") and child.repeats == 1 and child.children
        parts += _parts(child) if opened else [child]
    return parts


def _top_row(context: Context, node: ModuleNode, amount: int, total: int) -> Row:
    share = (Plain(f"{100 * amount / total:.1f} %" if total else "—"), *_sharing(context, node.paths))
    return (
        folded_path(node), (Code(node.class_name),), (Plain(number(node.repeats)),), (Plain(number(node.parameters)),),
        (Plain(number(amount)),), share, _techniques(context, node), ref(node.created_at or node.defined_at),
    )  # fmt: skip


def _sharing(context: Context, paths: tuple[str, ...]) -> Line:
    """Whose tensors these modules share, where another module before them holds some of theirs."""
    ties = context.model.ties if context.model else ()
    inside = [
        first
        for first, again in ties
        if any(again.startswith(f"{path}.") and not first.startswith(f"{path}.") for path in paths)
    ]
    names = list(dict.fromkeys(inside))[:MOST_TIES]
    return (Plain("; "), *context.words.line("architecture.shares", names=codes(names))) if names else ()


def _techniques(context: Context, node: ModuleNode) -> Line:
    """Techniques found in the classes below this node, else the node's own settings."""
    places = {(item.defined_at.path, item.defined_at.first_line) for item in _below(node) if item.defined_at}
    names = {context.classes[place].qualified_name for place in places if place in context.classes}
    found = context.distinct(item for item in context.used_techniques if names & set(item.models))
    if found:
        return join([context.technique_name(item.sheet_id) for item in found[:4]])
    return code(node.detail) if node.detail else NOTHING


def _below(node: ModuleNode) -> list[ModuleNode]:
    return [node, *(item for child in node.children for item in _below(child))]


def leaf_rows(context: Context) -> list[Row]:
    """Every module that owns parameters, identical ones folded."""
    model = context.model
    if model is None or model.tree is None or counts(context) is None:
        return []
    rows, summed = [], 0
    for node, paths in _leaves(model.tree, ("",)):
        records = [context.records[path] for path in paths if path in context.records]
        own = sum(record.own_parameters - record.shared for record in records)
        summed += own
        if any(record.own_parameters for record in records):
            rows.append(_leaf_row(context, node, paths, records[0].own_parameters, own))
    return rows + _closing(context, summed, columns=7)


def _leaves(node: ModuleNode, around: tuple[str, ...]) -> Iterator[tuple[ModuleNode, tuple[str, ...]]]:
    """Every node with the paths of all its instances; `around` are those of the node that it stands in."""
    paths = tuple(outer + path.removeprefix(around[0]) for outer in around for path in node.paths)
    yield node, paths
    for child in node.children:
        yield from _leaves(child, paths)


def _leaf_row(context: Context, node: ModuleNode, paths: tuple[str, ...], each: int, total: int) -> Row:
    sharing = _sharing(context, paths)
    note = (*code(node.detail), *sharing) if node.detail else (sharing[1:] or NOTHING)
    return (
        (Code(node.path or "."),), (Code(node.class_name),), (Plain(number(len(paths))),), (Plain(number(each)),),
        (Plain(number(total)),), note, ref(node.created_at or node.defined_at),
    )  # fmt: skip


def _closing(context: Context, summed: int, columns: int) -> list[Row]:
    """What the rows leave over, and the total, so that the column adds up."""
    parameters = counts(context)
    if parameters is None:
        return []
    rest = parameters.total - summed
    rows = (
        [_sum_row(context.words.line("architecture.rest" if rest > 0 else "architecture.shared"), rest, columns)]
        if rest
        else []
    )
    return [*rows, _sum_row((Strong(context.words.text("architecture.sum")),), parameters.total, columns)]


def _sum_row(label: Line, amount: int, columns: int) -> Row:
    cells: list[Line] = [label, *([NOTHING] * (columns - 1))]
    cells[4] = (Plain(number(amount)),)
    return tuple(cells)
