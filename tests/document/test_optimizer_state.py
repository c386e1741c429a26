"""The state of an optimizer is that of the program's own: by class and arguments, or not told."""

from __future__ import annotations

import pytest

from analyzer.document.optimizer_state import states_kept
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Optimizer
from analyzer.records.source import Span

HERE = Span("train.py", 1, 1, "")
OPEN = Unknown("not_derived")


@pytest.mark.parametrize(
    ("name", "arguments", "states"),
    [
        ("torch.optim.AdamW", {"lr": 0.1}, 2),
        ("torch.optim.Adam", {"amsgrad": True}, 3),
        ("torch.optim.SGD", {}, 0),
        ("torch.optim.SGD", {"momentum": 0.0}, 0),
        ("torch.optim.SGD", {"momentum": 0.9}, 1),
        ("torch.optim.SGD", {"momentum": OPEN}, None),
        ("torch.optim.RMSprop", {"momentum": 0.9, "centered": True}, 3),
        ("torch.optim.Adagrad", {}, 1),
        ("lion_pytorch.Lion", {}, 1),
        ("bitsandbytes.optim.AdamW8bit", {}, None),
        ("optim.py:Adam", {}, None),
        ("torch.optim.LBFGS", {}, None),
    ],
)
def test_the_state_is_that_of_the_class_and_its_arguments(
    name: str, arguments: dict[str, object], states: int | None
) -> None:
    given = tuple(
        (key, str(value), value if isinstance(value, Unknown) else Known(value, (HERE,), "read"))
        for key, value in arguments.items()
    )
    assert states_kept(Optimizer(name, given, (), HERE)) == states
