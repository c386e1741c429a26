# ruff: noqa: E501 - one row, one line
"""Modules on demand: what a name needs is evaluated, in order, and nothing else."""

from __future__ import annotations

import pytest

from analyzer.evaluator import CannotEvaluate, TargetRaised


@pytest.mark.parametrize(
    ("files", "expression", "value"),
    [
        ({"a.py": "x = 1\ny = x + 1\nx = 10\nz = x"}, "y, z, x", (2, 10, 10)),
        ({"a.py": "from b import f\nv = f()", "b.py": "def f(): return g()\ndef g(): return 7"}, "v", 7),
        ({"a.py": "import p\nv = p.sub.x", "p/__init__.py": "", "p/sub.py": "x = 5"}, "v", 5),
        ({"a.py": "from p import x", "p/__init__.py": "from .sub import *", "p/sub.py": "x = 5\n_y = 6"}, "x", 5),
        ({"a.py": "from p import *", "p/__init__.py": "__all__ = ['k']\nfrom .s import k, h", "p/s.py": "k = 1\nh = 2"}, "k", 1),
        ({"a.py": "from p.q import r as s", "p/q.py": "r = 3"}, "s", 3),
        ({"p/a.py": "from ..p.b import x", "p/__init__.py": "", "p/b.py": "x = 8"}, "x", 8),
        ({"a.py": "try:\n    import flash_attn\nexcept ImportError:\n    flash_attn = None"}, "flash_attn is None", True),
        ({"a.py": "try:\n    from xformers import ops\n    HAS = True\nexcept ImportError:\n    HAS = False"}, "HAS", False),
        ({"a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    x = 1\nelse:\n    x = 2"}, "x", 2),
        ({"a.py": "R = {}\ndef f(): return 1\nR['f'] = f"}, "R['f']()", 1),
        ({"a.py": "L = []\nfor i in range(3):\n    L.append(i)"}, "L", [0, 1, 2]),
        ({"a.py": "class A: pass\nA.x = 4"}, "A.x", 4),
        ({"a.py": "R = {}\ndef reg(f):\n    R[f.__name__] = f\n    return f\n@reg\ndef net(): return 9"}, "R['net']()", 9),
        ({"a.py": "if __name__ == '__main__':\n    y = 1\nx = 2"}, "x", 2),
        ({"a.py": "count = 0\ndef up():\n    global count\n    count += 1\n    return count"}, "up(), up(), count", (1, 2, 2)),
        ({"a.py": "import b\nv = getattr(b, 'Net')().go()", "b.py": "class Net:\n    def go(self): return 2"}, "v", 2),
        ({"a.py": "import b\nv = b.__dict__['x']", "b.py": "x = 6"}, "v", 6),
        ({"a.py": "v = globals()['w']\nw = 3"}, "globals()['w']", 3),
        ({"a.py": "import broken_at_use\nx = 1"}, "x", 1),
        ({"a.py": "import lib.helpers as h", "lib/helpers.py": "x = 4"}, "h.x", 4),
    ],
)  # fmt: skip
def test_a_name_of_a_file_has_its_value(files: dict[str, str], expression: str, value: object, repository) -> None:  # type: ignore[no-untyped-def]
    path = next(iter(files))
    assert repository(files).evaluate(path, expression) == value


def test_what_is_not_asked_for_is_not_evaluated(repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository("x = 1\ny = 1 / 0\nraise ValueError\n")
    assert interpreter.evaluate("model.py", "x") == 1
    with pytest.raises(TargetRaised):
        interpreter.evaluate("model.py", "y")


def test_names_given_by_the_caller_come_first(repository) -> None:  # type: ignore[no-untyped-def]
    assert repository("n = 1").evaluate("model.py", "n + k", {"k": 5}) == 6
    assert repository("n = 1").evaluate("model.py", "n", {"n": 5}) == 5


def test_value_of_never_raises(repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository("n = [1, 2]")
    assert interpreter.value_of("model.py", "n").value == [1, 2]
    for text in ("1 / 0", "undefined", "open('x')", "lambda: 0", "while True", "gone.py", "__import__('os')"):
        assert interpreter.value_of("model.py", text).reason


def test_an_unknown_value_poisons_what_is_computed_from_it(repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository(
        "import nowhere\nx = nowhere.size()\ny = x * 2 + 1\nz = [y, 1]\nok = 5\nif x > 3:\n    ok = 6\n"
    )
    for name in ("x", "y", "z[0]", "ok"):
        with pytest.raises(CannotEvaluate) as stop:
            interpreter.evaluate("model.py", name)
        assert stop.value.reason == "package_not_available"
    assert interpreter.evaluate("model.py", "z[1]") == 1


def test_an_unknown_decorator_is_identity_and_an_assumption(repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository("import accel\n@accel.speed(3)\ndef f(): return 4\n")
    assert interpreter.evaluate("model.py", "f()") == 4
    assert [(kind, text) for kind, text, _ in interpreter.recording.assumptions] == [
        ("unknown_decorator", "@accel.speed(3)")
    ]


SKIPPING = """
import torch.nn as nn
from tools import install, log
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)
class Other:
    pass
log("loaded")
install(Other)
install(Net, bias=False)
"""


def test_a_skipped_statement_is_an_assumption_where_it_names_a_class_in_use(repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository(
        {"model.py": SKIPPING, "tools.py": "def install(cls, **options): ...\ndef log(text): ...\n"}
    )
    interpreter.build("model.py", "Net()")
    found = [
        (text, str(place)) for kind, text, place in interpreter.recording.assumptions if kind == "skipped_statement"
    ]
    assert found == [("install(Net, bias=False)", "model.py:12")]
