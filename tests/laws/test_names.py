"""A printed name is never wrong: random small modules whose sizes round, clamp, couple and branch, at fresh values.

What is printed is evaluated at values that took no part in choosing it and must equal a fresh run of the module.
"""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from benchmarks.accuracy.adversarial import NET, draw_net, evaluated

PLAIN: dict[str, Any] = {"dim": 48, "heads": 8, "hidden": 48, "limit": 64, "demand": "pass", "input_demand": "pass"}
INPUT = "x: float32[B=2, T=12, dim={dim}]"
EQUAL = PLAIN | {
    "demand": "assert dim == hidden",
    "inner": "limit",
    "outer": "(dim // heads) * heads",
    "step": "y = y[:, -1:]",
}
EQUAL_TO_THE_BATCH = EQUAL | {"dim": 64, "heads": 2, "hidden": 64, "limit": 16, "step": "y = y.new_zeros(T, T)"}
ORDERED_BY_A_BRANCH = PLAIN | {
    "dim": 24,
    "heads": 2,
    "hidden": 40,
    "limit": 16,
    "demand": "assert dim > hidden // 8",
    "inner": "abs(dim - hidden) + 1",
    "outer": "round(dim * 0.25) + 1",
    "input_demand": "assert T <= self.limit",
    "step": "y = y[:, :T] if T < self.dim else y[:, :1]",
}
PARTED_ALONE = PLAIN | {
    "dim": 64,
    "hidden": 128,
    "limit": 16,
    "demand": "assert dim % 2 == 0",
    "inner": "hidden - hidden % heads",
    "outer": "(dim // heads) * heads",
    "step": "y = F.avg_pool1d(y, 2, ceil_mode=True)",
}


def net(values: dict[str, Any]) -> tuple[str, str]:
    return NET.format(**values), INPUT.format(**values)


@example(net(EQUAL))
@example(net(EQUAL_TO_THE_BATCH))
@example(net(ORDERED_BY_A_BRANCH))
@example(net(PARTED_ALONE))
@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate], derandomize=True)
@given(st.builds(lambda chance: draw_net(chance.choice), st.randoms(use_true_random=False)))
def test_no_printed_name_is_wrong_in_a_fresh_run(net: tuple[str, str]) -> None:
    _, result = evaluated(*net)
    assert not result.wrong, (net[0], result.wrong[:5])
