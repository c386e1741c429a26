"""How often each module stands in the whole model: its own repetitions times those of everything around it."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.document.context import Context
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


def _text(times: int, names: tuple[str, ...]) -> str:
    if not names:
        return f"{times:,}"
    factors = [f"({name})" if " " in name and (times > 1 or len(names) > 1) else name for name in names]
    return "?" if "?" in names else "*".join([*([str(times)] if times > 1 else []), *factors])
