"""`torch.utils._pytree`: what is applied to every leaf is called as any function of the target is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.utils._pytree import tree_flatten, tree_unflatten

from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.values import find_unknown


def provide(session: Any) -> Provided:
    return {
        "torch.utils._pytree.tree_map": _map_over(session, lambda leaf, kinds: True, 0),
        "torch.utils._pytree.tree_map_only": _map_over(session, isinstance, 1),
    }, {}, {}  # fmt: skip


def _map_over(session: Any, wanted: Callable[[Any, Any], bool], skipped: int) -> Callable[..., Any]:
    """`skipped` arguments stand before the function: the kinds of leaves that it is for."""

    def tree_map(*given: Any) -> Any:
        unknown = find_unknown(given[: skipped + 1], {})
        if unknown is not None:
            return unknown
        kinds, function, trees = given[:skipped], given[skipped], given[skipped + 1 :]
        leaves, form = tree_flatten(trees[0])
        others = [tree_flatten(tree)[0] for tree in trees[1:]]
        changed = [
            session.call(function, row, {}) if wanted(row[0], *kinds or (object,)) else row[0]
            for row in zip(leaves, *others, strict=True)
        ]
        return tree_unflatten(changed, form)

    return tree_map
