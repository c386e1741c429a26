"""What constructors are given is noted for every module, defaults included, inside of others too."""

from __future__ import annotations

from analyzer.evaluator.construction import watch_constructions

SOURCE = """
import torch.nn as nn

class Part(nn.Module):
    def __init__(self, width, heads=1, sizes=(1, 2), act=nn.ReLU, down=None, *rest, **more):
        super().__init__()
        self.act = act()

class Net(nn.Module):
    def __init__(self, heads=8):
        super().__init__()
        self.parts = nn.ModuleList(Part(4 * n, heads=heads, down=nn.ReLU() if n > 1 else None) for n in (1, 2))
"""


def test_arguments_by_module(repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository(SOURCE)
    with watch_constructions(interpreter.session, {}) as seen:
        model = interpreter.build("model.py", "Net()")
    given = {path: seen.given[id(module)][1] for path, module in model.named_modules() if id(module) in seen.given}
    part = ("heads", "8"), ("sizes", "(1, 2)"), ("act", "ReLU")
    assert given == {
        "": (("heads", "8"),),
        "parts.0": (("width", "4"), *part, ("down", "None")),
        "parts.1": (("width", "8"), *part, ("down", "ReLU(…)")),
    }
