"""How often each module stands in the whole model: its own repetitions times those of everything around it; and how
often blocks of one class stand there, also where they differ in size.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.document.context import Context, walk
from analyzer.document.inline import number
from analyzer.records.tensors import ModuleNode


def instances(context: Context) -> dict[str, str]:
    """By the path of a folded node; in names where the number is open, a question mark where it has none."""
    tree = context.model.tree if context.model else None
    return dict(_below(context, tree, 1, ())) if tree else {}


def _below(context: Context, node: ModuleNode, times: int, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if context.is_open(node):
        names = (*names, context.repeats(node))
    else:
        times *= node.repeats
    yield node.path, _text(times, names)
    for child in node.children:
        yield from _below(context, child, times, names)


def blocks_like(context: Context, block: ModuleNode) -> tuple[str, tuple[str, str]]:
    """How many modules of the block's class the model has, and the paths of the first and the last: of a class of the
    repository all, of a container of the library the ones that are alike.
    """
    alone = context.repeats(block), (block.paths[0], block.paths[-1].rpartition(".")[2])
    tree = context.model.tree if context.model else None
    if block.defined_at is None or context.opened:
        return alone
    alike = [node for node in walk(tree) if (node.defined_at, node.class_name) == (block.defined_at, block.class_name)]
    paths = [record.path for record in context.records.values() if record.defined_at == block.defined_at]
    if len(alike) < 2 or not paths:
        return alone
    return number(len(paths)), (paths[0], paths[-1])


def _text(times: int, names: tuple[str, ...]) -> str:
    if not names:
        return f"{times:,}"
    factors = [f"({name})" if " " in name and (times > 1 or len(names) > 1) else name for name in names]
    return "?" if "?" in names else "*".join([*([str(times)] if times > 1 else []), *factors])
