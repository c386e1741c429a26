"""Module classes, their parts and their arguments, and the choice of the main model."""

from __future__ import annotations

import pytest

from analyzer.facts.structure import derive_structure
from tests.facts.small_trainer import SOURCES


def classes(index):
    return {info.qualified_name: info for info in derive_structure(index).classes}


BASES = [
    ("nn.Module", True), ("torch.nn.Module", True), ("nn.Sequential", True), ("nn.Linear", True),
    ("torch.jit.ScriptModule", True), ("PreTrainedModel", True), ("pl.LightningModule", True),
    ("Local", True), ("Deep", True), ("other.Foreign", True), ("object", False), ("dict", False),
    ("nn.Parameter", False), ("torch.autograd.Function", False), ("Missing", False), ("Plain", False),
]  # fmt: skip


@pytest.mark.parametrize(("base", "is_module"), BASES)
def test_modules_are_told_by_their_ancestors(repository, base, is_module):
    index = repository(
        {
            "other.py": "import torch.nn as nn\nclass Foreign(nn.Module):\n    def forward(self, x): return x\n",
            "m.py": f"""
            import torch
            import torch.nn as nn
            import pytorch_lightning as pl
            from transformers import PreTrainedModel
            import other
            class Local(other.Foreign): pass
            class Deep(Local): pass
            class Plain: pass
            class A({base}):
                pass
            """,
        }
    )
    assert classes(index)["m.py:A"].is_module is is_module


def test_forward_is_inherited_across_files(repository):
    index = repository(
        {
            "a.py": "import torch\nclass A(torch.nn.Module):\n    def forward(self, x, *, k: int = 2): return x\n",
            "b.py": "from a import A\nclass B(A): pass\n",
        }
    )
    forward = classes(index)["b.py:B"].forward
    assert forward is not None and forward.qualified_name == "a.py:A.forward"
    assert [(a.name, a.annotation, a.default, a.kind) for a in forward.arguments] == [
        ("self", None, None, "positional"), ("x", None, None, "positional"), ("k", "int", "2", "keyword")
    ]  # fmt: skip


def test_circular_bases_end(repository):
    index = repository({"a.py": "from b import B\nclass A(B): pass\n", "b.py": "from a import A\nclass B(A): pass\n"})
    assert not any(info.is_module for info in classes(index).values())


L, S = "nn.ModuleList", "nn.Sequential"
PARTS = [
    ("self.a = nn.Linear(1, 2)", [("a", "nn.Linear", None)]),
    ("self.a: nn.Module = Part()", [("a", "Part", "m.py:Part")]),
    ("self.a = Part() if flag else nn.Identity()", [("a", "Part", "m.py:Part"), ("a", "nn.Identity", None)]),
    ("x = Part()\n        self.a = x", [("a", "Part", "m.py:Part")]),
    ("self.a = nn.Parameter(torch.zeros(1))", []),
    ("self.a = 3\n        self.b = dict(c=1)", []),
    ("self.a = Alias()", [("a", "Alias", "m.py:Part")]),
    ("self.a = make()", [("a", "make", "m.py:Part")]),
    ("self.a = nn.ModuleList([Part() for _ in range(3)])", [("a", L, None), ("a.*", "Part", "m.py:Part")]),
    ("self.a = nn.ModuleList(Part() for _ in range(3))", [("a", L, None), ("a.*", "Part", "m.py:Part")]),
    (
        "self.a = nn.ModuleList()\n        for _ in range(3):\n            self.a.append(Part())",
        [("a", L, None), ("a.*", "Part", "m.py:Part")],
    ),
    (
        "self.a = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), Part())",
        [("a", S, None), ("a.0", "nn.Linear", None), ("a.1", "nn.ReLU", None), ("a.2", "Part", "m.py:Part")],
    ),
    (
        "l = []\n        l += [nn.ReLU()]\n        l.append(Part())\n        self.a = nn.Sequential(*l)",
        [("a", S, None), ("a.*", "nn.ReLU", None), ("a.*", "Part", "m.py:Part")],
    ),
    (
        "self.a = nn.ModuleDict({'x': Part(), 'y': nn.ReLU()})",
        [("a", "nn.ModuleDict", None), ("a.x", "Part", "m.py:Part"), ("a.y", "nn.ReLU", None)],
    ),
    (
        "self.a = nn.ModuleDict(dict(x=Part(), h=nn.ModuleList([Part()])))",
        [("a", "nn.ModuleDict", None), ("a.x", "Part", "m.py:Part"), ("a.h", "nn.ModuleList", None),
         ("a.h.*", "Part", "m.py:Part")],
    ),
    (
        "self.a = nn.Sequential(OrderedDict([('p', Part()), ('q', nn.ReLU())]))",
        [("a", S, None), ("a.p", "Part", "m.py:Part"), ("a.q", "nn.ReLU", None)],
    ),
    ("self.add_module('a', Part())", [("a", "Part", "m.py:Part")]),
    ("setattr(self, 'a', Part())", [("a", "Part", "m.py:Part")]),
    ("for i in range(2):\n            setattr(self, f'a{i}', Part())", [("*", "Part", "m.py:Part")]),
    ("self.build()", [("built", "Part", "m.py:Part")]),
    ("self.a = self.stack()", [("a", "self.stack", None), ("a.*", "Part", "m.py:Part")]),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), PARTS)
def test_parts_are_found_whatever_the_way_they_are_stored(repository, body, expected):
    source = f"""
import torch
from collections import OrderedDict
from torch import nn
class Part(nn.Module):
    def forward(self, x): return x
Alias = Part
def make():
    return Part()
class Net(nn.Module):
    def __init__(self, flag=True):
        super().__init__()
        {body}
    def build(self):
        self.built = Part()
    def stack(self):
        layers = []
        for _ in range(2):
            layers.append(Part())
        return nn.Sequential(*layers)
    def forward(self, x): return x
"""
    found = classes(repository({"m.py": source}))["m.py:Net"].submodules
    assert sorted((s.name, s.class_name, s.defined_at or "") for s in found) == sorted(
        (name, kind, home or "") for name, kind, home in expected
    )


def test_parts_of_inherited_constructors_belong_to_the_class(repository):
    source = """
    from torch import nn
    class Base(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(1, 1)
            self.extra()
        def extra(self):
            pass
    class Net(Base):
        def __init__(self):
            super().__init__()
            self.second = nn.ReLU()
        def extra(self):
            self.third = nn.GELU()
        def forward(self, x): return x
    """
    parts = classes(repository({"m.py": source}))["m.py:Net"].submodules
    assert {part.name for part in parts} == {"first", "second", "third"}


def test_the_model_that_is_trained_is_the_main_one_with_its_reasons(repository):
    structure = derive_structure(repository(SOURCES))
    main = structure.models[0]
    assert (main.class_name, main.main) == ("Tiny", True)
    rules = {evidence.rule for evidence in main.evidence}
    assert {"built_in_training", "built_in_inference", "built_in_readme", "in_no_other_module"} <= rules
    assert "Layer" not in [model.class_name for model in structure.models]


def test_in_a_zoo_the_built_one_comes_first_and_the_others_follow(repository):
    net = "import torch\nclass {}(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n" \
        "        self.a = torch.nn.Linear(1, 1)\n    def forward(self, x): return x\n"  # fmt: skip
    sources = {f"zoo/{name.lower()}.py": net.format(name) for name in ("A", "B", "C")}
    sources["zoo/__init__.py"] = "from .a import *\nfrom .b import *\nfrom .c import *\n"
    sources["main.py"] = (
        "import torch\nfrom zoo import *\n# net = A()\nnet = B()\nopt = torch.optim.SGD(net.parameters(), lr=1.0)\n"
        "for x in range(3):\n    net(x).sum().backward()\n    opt.step()\n"
    )
    models = derive_structure(repository(sources)).models
    assert [(model.class_name, model.main) for model in models] == [("B", True), ("A", False), ("C", False)]


def test_in_a_library_the_first_model_of_its_documents_is_the_main_one(repository):
    net = "import torch\nclass {}(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n" \
        "        self.a = torch.nn.Linear(1, 1)\n    def forward(self, x): return x\n"  # fmt: skip
    sources = {
        "pyproject.toml": "[project]\nname = 'lib'\n",
        "lib/__init__.py": "from lib.b import B\n",
        "lib/a.py": net.format("A"),
        "lib/b.py": net.format("B"),
        "README.md": "```python\nfrom lib import B\nB()\n```\n\n```python\nfrom lib.a import A\nA()\n```\n",
    }
    models = derive_structure(repository(sources)).models
    assert [(model.class_name, model.main) for model in models] == [("B", True), ("A", False)]


NET = """
class {0}(torch.nn.Module):
    def __init__(self, a=None, b=None):
        super().__init__()
        self.a = a
        self.b = b
        self.layer = torch.nn.Linear(1, 1)
    def forward(self, x): return x
"""


def model_names(repository, source):
    return [m.class_name for m in derive_structure(repository({"m.py": "import torch\n" + source})).models]


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("def build(): return Whole(a=Encoder(), b=Decoder())", "Whole"),
        ("def build():\n    e = Encoder()\n    d = Decoder()\n    return Whole(e, d)", "Whole"),
        ("def build(): return Whole(Encoder(), 3)", "Decoder"),
    ],
)
def test_what_is_put_together_from_several_modules_comes_before_them(repository, code, first):
    nets = "".join(NET.format(name) for name in ("Decoder", "Encoder", "Whole"))
    assert model_names(repository, f"{nets}\n{code}\n")[0] == first


def test_a_class_that_defines_its_training_step_comes_before_one_that_only_its_own_file_tries_out(repository):
    trained = NET.format("Trained") + "    def training_step(self, batch): return self(batch).sum()\n"
    trial = NET.format("Tried") + "if __name__ == '__main__':\n    Tried()(torch.ones(1))\n"
    assert model_names(repository, trained + trial)[0] == "Trained"
    assert model_names(repository, NET.format("Trained") + trial)[0] == "Tried"


@pytest.mark.parametrize(
    ("base_parts", "first"), [("self.part = Part()", "Base"), ("self.size = 1", "Variant")], ids=["model", "frame"]
)
def test_a_variant_follows_the_model_that_it_derives_from_but_not_a_frame_without_layers(repository, base_parts, first):
    source = f"""
class Part(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
    def forward(self, x): return x
class Other(Part): pass
class Base(torch.nn.Module):
    def __init__(self):
        super().__init__()
        {base_parts}
    def forward(self, x): return x
class Variant(Base):
    def __init__(self):
        super().__init__()
        self.more = torch.nn.ModuleList([Part(), Other()])
    def forward(self, x): return x
"""
    assert next(n for n in model_names(repository, source) if n in ("Base", "Variant")) == first


@pytest.mark.parametrize(
    ("made", "first"), [("", "Model"), ("self.w = torch.nn.Parameter(torch.ones(3))", "Loss")], ids=["loss", "weights"]
)
def test_what_holds_no_weights_comes_after_what_does(repository, made, first):
    source = f"""
class Term(torch.nn.Module):
    def __init__(self, key):
        super().__init__()
        self.key = key
        self.register_buffer("scale", torch.tensor(1.0))
        {made}
class Loss(Term):
    def forward(self, info): return self.scaled(info[self.key])
    def scaled(self, value): return 2 * value
{NET.format("Model")}
def train(batch, model):
    optimizer = torch.optim.Adam(model.parameters())
    loss = Loss("out")(batch)
    loss.backward()
    optimizer.step()
if __name__ == "__main__":
    train(torch.ones(1), make())
"""
    assert model_names(repository, source)[0] == first


@pytest.mark.parametrize(("given", "first"), [("", "Model"), ("torch.nn.Linear(1, 1)", "Several")])
def test_a_container_that_others_fill_comes_after_models(repository, given, first):
    source = f"""
class Several(torch.nn.ModuleList):
    def __init__(self):
        super().__init__({f"[{given}]" if given else ""})
    def forward(self, x):
        found = []
        for module in self:
            found.append(module(x))
        return torch.cat(found)
{NET.format("Model")}
def load(path):
    several = Several()
    several.append(torch.load(path))
    return several
if __name__ == "__main__":
    load("best.pt")(torch.ones(1)).sum()
"""
    assert model_names(repository, source)[0] == first


def test_a_model_that_a_program_loads_comes_before_a_part_that_a_test_runs(repository):
    net = NET.format("Net").replace("torch.nn.Module", "pl.LightningModule").replace("self.b = b", "self.b = Part()")
    files = {
        "m.py": f"import torch\nimport pytorch_lightning as pl\n{NET.format('Part')}{net}",
        "run.py": "from m import Net\nif __name__ == '__main__':\n    Net.load_from_checkpoint('best.ckpt').eval()\n",
        "tests/test_m.py": "from m import Part\nif __name__ == '__main__':\n    Part()\n",
    }
    assert [m.class_name for m in derive_structure(repository(files)).models] == ["Net", "Part"]


def test_a_repository_without_models_has_none(repository):
    assert derive_structure(repository({"a.py": "class Net: pass\n"})).models == ()


def test_a_function_that_hands_its_argument_on_builds_nothing(repository):
    source = """
    import torch
    class Net(torch.nn.Module):
        def forward(self, x): return x
    def wrapped(model):
        return model
    net = Net()
    net.eval()
    print(wrapped(net)(1))
    """
    (model,) = derive_structure(repository({"m.py": source})).models
    assert {evidence.where.first_line for evidence in model.evidence if evidence.rule.startswith("built")} == {6}


PARTS = """
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layer = nn.Linear(width, width)

    def forward(self, x):
        return x + self.layer(x)

class Net(nn.Module):
    def __init__(self, block, depth):
        super().__init__()
        self.layers = nn.ModuleList([block(8) for _ in range(depth)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

class Adapter(nn.Module):
    def forward(self, x):
        return x

def small():
    return Net(Block, 2)

def adapt(net):
    for module in net.modules():
        if isinstance(module, nn.Linear):
            adapter = Adapter()
            setattr(module, "adapter", adapter)
"""


def test_classes_handed_to_constructors_or_attached_to_modules_are_parts(repository):
    train = """
    import torch
    from net import adapt, small
    net = small()
    adapt(net)
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    net(torch.randn(2, 8)).sum().backward()
    opt.step()
    """
    structure = derive_structure(repository({"net.py": PARTS, "train.py": train}))
    assert [model.qualified_name for model in structure.models] == ["net.py:Net"]


def test_a_class_alone_stays_a_candidate_though_it_is_handed_on(repository):
    source = PARTS.split("class Net")[0] + "def build(kind=Block):\n    return kind(8)\n\nnet = build(Block)\n"
    structure = derive_structure(repository({"net.py": source}))
    assert [model.qualified_name for model in structure.models] == ["net.py:Block"]


MADE_PARTS = """
from torch import nn

class Plain(nn.Module):
    def forward(self, x):
        return x

class Gated(nn.Module):
    def forward(self, x):
        return x * x

class Extra(nn.Module):
    def forward(self, x):
        return x

def choose(gated):
    return Gated() if gated else Plain()

def make_part(gated):
    return choose(gated)

class WRAPPER:
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList([make_part(True) for _ in range(2)])
        self.one = make_part(False)

    def forward(self, x):
        return self.one(x)

def extend(net):
    net.get_submodule("one").register_module("extra", Extra())

net = Net()
extend(net)
"""


def test_what_only_modules_have_made_or_others_register_is_a_part(repository):
    source = MADE_PARTS.replace("WRAPPER", "Net(nn.Module)")
    structure = derive_structure(repository({"net.py": source}))
    assert [model.class_name for model in structure.models] == ["Net"]


def test_what_a_program_makes_as_well_is_a_model_all_the_same(repository):
    source = MADE_PARTS.replace("WRAPPER", "Net(nn.Module)") + "\ntrained = make_part(False)\n"
    structure = derive_structure(repository({"net.py": source}))
    assert {"Net", "Plain", "Gated"} <= {model.class_name for model in structure.models}


def test_a_module_that_trains_what_it_makes_is_no_reason_to_call_it_a_part(repository):
    hook = "    def training_step(self, batch, index):\n        return self.one(batch)\n\n    def forward"
    source = MADE_PARTS.replace("WRAPPER", "Net(nn.Module)").replace(
        "    def forward(self, x):\n        return self.one", hook + "(self, x):\n        return self.one"
    )
    structure = derive_structure(repository({"net.py": source}))
    assert {"Plain", "Gated"} <= {model.class_name for model in structure.models}
