"""Pairs of code for the pitfalls of plain code: where each stands, and the code that avoids it."""

from __future__ import annotations

RETURNED = "def check(x):\n    if x is None:\n        {word} TypeError('none')\n    return x\n"
UNBOUND = "def scale(x):\n    return x * {name}\n"
TRUTH = "def fill(net):\n    for m in net.modules():\n        if {test}:\n            nn.init.zeros_(m.bias)\n"
ZERO = """
def rates(blocks, rate):
    done, found = 0, []
    count = 0
    for block in blocks:
        found.append(rate * count / len(blocks))
        {advance}
    return found
"""
LAST = """
def layers(dims):
    found = []
    for place, (a, b) in enumerate(zip(dims[:-1], dims[1:])):
        found.append((a, b, place == len(dims) - {back}))
    return found
"""
EXACT = """
class Linear(nn.Linear):
    pass

def fill(net):
    for m in net.modules():
        if {test}:
            nn.init.zeros_(m.weight)
"""
SWAPPED = """
class Adapter({base}):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

def adapt(net):
    for name, child in net.named_children():
        if isinstance(child, nn.Linear):
            setattr(net, name, Adapter(child))

def count(net):
    return sum(m.weight.numel() for m in net.modules() if isinstance(m, nn.Linear))
"""
COPIED = """
class Part(nn.Module):
    def __init__(self, width, limit=512):
        super().__init__()
        self.layer = nn.Linear(width, limit)

class Pair(nn.Module):
    def __init__(self, width, limit=512):
        super().__init__()
        self.net = Part(width, limit=limit)
        self.slow = Part(width{more})
        self.slow.load_state_dict(self.net.state_dict())
"""
UNREAD = """
class Drawer:
    def draw(self, number, psi=1.0):
        return number * {used}

def run(number, tiles):
    return Drawer().draw(number, tiles)
"""
CASES = [
    ("exception_returned", RETURNED.format(word="return"), RETURNED.format(word="raise")),
    ("name_never_bound", UNBOUND.format(name="FACTOR"), "FACTOR = 2\n" + UNBOUND.format(name="FACTOR")),
    ("tensor_as_truth_value", TRUTH.format(test="m.bias"), TRUTH.format(test="m.bias is not None")),
    ("factor_always_zero", ZERO.format(advance="pass"), ZERO.format(advance="count += 1")),
    ("never_the_last", LAST.format(back=1), LAST.format(back=2)),
    ("exact_type_test", EXACT.format(test="type(m) == nn.Linear"), EXACT.format(test="isinstance(m, nn.Linear)")),
    ("type_test_misses_replacement", SWAPPED.format(base="nn.Module"), SWAPPED.format(base="nn.Linear")),
    ("copy_built_otherwise", COPIED.format(more=""), COPIED.format(more=", limit=limit")),
    ("given_and_never_read", UNREAD.format(used="2"), UNREAD.format(used="psi")),
]
"""(rule, code that has it, code that has not)."""
HARMLESS = [
    ("exception_returned", "def make_error(x):\n    return ValueError(x)\n"),
    ("name_never_bound", "from names import *\n" + UNBOUND.format(name="FACTOR")),
    ("name_never_bound", "import triton\n@triton.jit\n" + UNBOUND.format(name="PLACE_HERE")),
    ("name_never_bound", "exec(open('settings.py').read())\n" + UNBOUND.format(name="FACTOR")),
    ("factor_always_zero", "def f(xs):\n    n = 0\n    def more():\n        nonlocal n\n        n += 1\n"
                           "    for x in xs:\n        more()\n        print(x * n)\n"),
    ("exact_type_test", EXACT.format(test="type(m) == nn.Conv2d")),
    ("given_and_never_read", UNREAD.format(used="2").replace("class Drawer:", "class Drawer(Base):")),
    ("given_and_never_read", UNREAD.format(used="2") + "class Other(Drawer):\n    pass\n"),
    ("copy_built_otherwise", COPIED.format(more="").replace("load_state_dict(self.net.state_dict())", "eval()")),
]  # fmt: skip
