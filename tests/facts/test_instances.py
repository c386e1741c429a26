"""How far questions about instances are followed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from analyzer.facts.instances import MOST_STEPS, Instances
from analyzer.index import SourceIndex

FUNCTIONS = 9


class Counted(Instances):
    """Counts the questions that it is asked, its own among them."""

    asked = 0

    def _answer(self, path: str, scope: str, node: ast.expr, called: bool) -> tuple[object, ...]:  # type: ignore[override]
        self.asked += 1
        return super()._answer(path, scope, node, called)


def test_values_that_are_handed_round_in_circles_end_in_nothing_said(
    repository: Callable[[Mapping[str, str]], SourceIndex],
) -> None:
    names = [f"f{number}" for number in range(FUNCTIONS)]
    lines = [f"def {name}(x):\n" + "".join(f"    {other}(x)\n" for other in names if other != name) for name in names]
    index = repository({"m.py": "class Net: pass\n" + "".join(lines) + "f0(Net())\n"})
    instances = Counted(index)
    call = index.trees()["m.py"].body[1].body[0].value  # type: ignore[attr-defined]
    instances.callees("m.py", "f0", call.func)
    instances.asked = 0
    assert instances.classes("m.py", "f0", call.args[0]) == ()
    assert MOST_STEPS < instances.asked < FUNCTIONS * MOST_STEPS
