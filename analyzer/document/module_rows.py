"""Rows of the module tables: folded modules with parameters per instance and in all, and the row of the sum.

A tensor that two modules share is counted where it appears first, so that the rows add up to the model's total.
"""

from __future__ import annotations

from analyzer.document.context import Context
from analyzer.document.facets import counts, folded_path
from analyzer.document.inline import NOTHING, code, join, number, ref
from analyzer.records.document import Code, Line, Plain, Strong
from analyzer.records.tensors import ModuleNode

Row = tuple[Line, ...]


def top_rows(context: Context) -> list[Row]:
    """The model's parts: containers that only hold others are opened, repeated blocks stay folded."""
    parameters, model = counts(context), context.model
    if parameters is None or model is None or model.tree is None:
        return []
    nodes = _parts(model.tree)
    rows = [_top_row(context, node, parameters.total) for node in nodes]
    return rows + _closing(context, sum(node.parameters * node.repeats for node in nodes), columns=8)


def _parts(root: ModuleNode) -> list[ModuleNode]:
    """Children of the root; a child that holds only other modules' lists is replaced by its children."""
    parts: list[ModuleNode] = []
    for child in root.children:
        opened = child.class_name in ("ModuleDict", "ModuleList") and child.repeats == 1 and child.children
        parts += _parts(child) if opened else [child]
    return parts


def _top_row(context: Context, node: ModuleNode, total: int) -> Row:
    amount = node.parameters * node.repeats
    share = f"{100 * amount / total:.1f} %" if total else "—"
    return (
        folded_path(node), (Code(node.class_name),), (Plain(number(node.repeats)),), (Plain(number(node.parameters)),),
        (Plain(number(amount)),), (Plain(share),), _techniques(context, node), ref(node.created_at or node.defined_at),
    )  # fmt: skip


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
    leaves = [(node, times) for node, times in _leaves(model.tree, 1) if node.parameters]
    rows = [_leaf_row(node, times, own) for node, times in leaves if (own := _own(node))]
    return rows + _closing(context, sum(_own(node) * times for node, times in leaves), columns=7)


def _leaves(node: ModuleNode, times: int) -> list[tuple[ModuleNode, int]]:
    here = times * node.repeats
    return [(node, here), *(item for child in node.children for item in _leaves(child, here))]


def _own(node: ModuleNode) -> int:
    """Parameters that belong to the node and to none of its children."""
    return max(node.parameters - sum(child.parameters * child.repeats for child in node.children), 0)


def _leaf_row(node: ModuleNode, times: int, own: int) -> Row:
    return (
        (Code(node.path or "."),), (Code(node.class_name),), (Plain(number(times)),), (Plain(number(own)),),
        (Plain(number(own * times)),), code(node.detail), ref(node.created_at or node.defined_at),
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
