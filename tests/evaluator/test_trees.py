"""Functions over the leaves of nested structures."""

from __future__ import annotations

import pytest

HEAD = "import torch\nfrom torch.utils._pytree import tree_map, tree_map_only, tree_flatten, tree_unflatten\n"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("tree_map(lambda x: x + 1, {'a': [1, (2, 3)], 'b': 4})", {"a": [2, (3, 4)], "b": 5}),
        ("tree_map(lambda x, y: x * y, [1, 2], [3, 4])", [3, 8]),
        ("tree_map_only(int, lambda x: -x, [1, 'a', 2])", [-1, "a", -2]),
        ("[tuple(t.shape) for t in tree_map(torch.nn.Parameter, [torch.zeros(2, 3)])]", [(2, 3)]),
        ("tree_unflatten([5, 6], tree_flatten({'x': 1, 'y': 2})[1])", {"x": 5, "y": 6}),
    ],
)
def test_every_leaf_is_changed_and_the_form_stays(expression: str, value: object, repository) -> None:  # type: ignore[no-untyped-def]
    assert repository(HEAD).evaluate("model.py", expression) == value
