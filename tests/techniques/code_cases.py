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
PICKLED = "import pickle\nimport json\n\ndef read(f):\n    return {name}.load(f)\n"
REMEMBERED = "def add(x, found={default}):\n    {body}\n    return found\n"
IDLE = """
class Net(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.first = nn.Linear(size, size)
        self.second = nn.Linear(size, size)

    def forward(self, x):
        return {result}
"""
SAVED = """
def save(net, opt):
    torch.save({{'net': net.state_dict(), 'opt': opt.state_dict(), 'step': 3}}, 'c.pt')

def load(net, opt):
    state = torch.load('c.pt', weights_only=True)
    net.load_state_dict(state['net'])
    {more}
"""
SEEDED = """
def set_seed(seed):
    torch.manual_seed(seed)

def run(seed, world_size):
    is_ddp = world_size > 1
    if {test}:
        set_seed(seed)
"""
SWALLOWED = """
class Layer(nn.Module):
    def __init__(self, size, **kwargs):
        super().__init__({given})
        self.size = size

def build():
    return Layer(3, {extra})
"""
COUNTED = """
def train(model, opt, data, max_steps):
    step = 0
    while True:
        model(next(data)).backward()
        opt.step()
        step += 1
        if step {sign} max_steps:
            break
"""
CASES = [
    ("pickle_runs_code", PICKLED.format(name="pickle"), PICKLED.format(name="json")),
    (
        "default_remembers",
        REMEMBERED.format(default="[]", body="found.append(x)"),
        REMEMBERED.format(default="None", body="found = [x]"),
    ),
    ("module_never_called", IDLE.format(result="self.first(x)"), IDLE.format(result="self.second(self.first(x))")),
    ("state_never_read", SAVED.format(more="pass"), SAVED.format(more="opt.load_state_dict(state['opt'])")),
    ("seed_only_distributed", SEEDED.format(test="is_ddp"), SEEDED.format(test="seed is not None")),
    ("keyword_swallowed", SWALLOWED.format(given="", extra="bias=False"), SWALLOWED.format(given="", extra="size=3")),
    ("one_step_more", COUNTED.format(sign=">"), COUNTED.format(sign=">=")),
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
    ("default_remembers", REMEMBERED.format(default="[]", body="found = [*found, x]")),
    ("default_remembers", REMEMBERED.format(default="[]", body="found = list(found); found.append(x)")),
    ("default_remembers", REMEMBERED.format(default="()", body="print(found)")),
    ("module_never_called", IDLE.format(result="self.first(x)") + "\ndef use(net, x):\n    return net.second(x)\n"),
    ("module_never_called", IDLE.format(result="getattr(self, 'second')(x)")),
    ("module_never_called", IDLE.format(result="[part(x) for part in self.children()]")),
    ("module_never_called", IDLE.format(result="self.first(x)").replace("nn.Module)", "Base)")),
    ("state_never_read", SAVED.format(more="pass").replace("state['net']", "state")),
    ("state_never_read", SAVED.format(more="opt.load_state_dict(state.get('opt'))")),
    ("state_never_read", SAVED.format(more="pass").partition("def load")[0]),
    ("seed_only_distributed", SEEDED.format(test="is_ddp") + "\ntorch.manual_seed(0)\n"),
    ("seed_only_distributed", SEEDED.format(test="is_ddp") + "    else:\n        set_seed(0)\n"),
    ("keyword_swallowed", SWALLOWED.format(given="**kwargs", extra="bias=False")),
    ("keyword_swallowed", SWALLOWED.format(given="", extra="**{'bias': 1}")),
    ("one_step_more", COUNTED.format(sign=">").replace("step = 0", "step = 1")),
    ("one_step_more", COUNTED.format(sign=">").replace("max_steps", "patience")),
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
