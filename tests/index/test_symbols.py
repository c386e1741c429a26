"""What a name means, across files and inside scopes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.index import External, SourceIndex
from analyzer.index.symbols import Definition
from analyzer.records.source import Repository, SourceFile


def index_of(**sources: str) -> SourceIndex:
    files = {}
    for name, text in sources.items():
        path = name.replace("__slash__", "/") + ".py"
        files[path] = SourceFile(path, "python", len(text), text.count("\n") + 1, "", text)
    return SourceIndex(Repository("r", "", len(files), 1), files)


def meaning(index: SourceIndex, path: str, dotted: str, scope: str = "") -> str | None:
    found = index.symbols.resolve(path, dotted, scope)
    if isinstance(found, Definition):
        return found.qualified_name
    return f"<{found.dotted}>" if isinstance(found, External) else found


def tree(sources: dict[str, str]) -> SourceIndex:
    return index_of(**{path.removesuffix(".py").replace("/", "__slash__"): text for path, text in sources.items()})


CASES = [
    ("import torch.nn as nn", "nn.Linear", "<torch.nn.Linear>"),
    ("from torch import nn", "nn.functional.gelu", "<torch.nn.functional.gelu>"),
    ("import torch", "torch.nn.Linear", "<torch.nn.Linear>"),
    ("import torch.nn.functional", "torch.nn.Linear", "<torch.nn.Linear>"),
    ("from torch.nn import Linear as L", "L", "<torch.nn.Linear>"),
    ("import torch.nn as nn\nNorm = nn.LayerNorm", "Norm", "<torch.nn.LayerNorm>"),
    ("from model import Net", "Net", "model.py:Net"),
    ("from model import Net", "Net.forward", "model.py:Net.forward"),
    ("import model", "model.Net.forward", "model.py:Net.forward"),
    ("import model as m\nBest = m.Net", "Best", "model.py:Net"),
    ("import model as m\nBest = m.Net", "Best.forward", "model.py:Net.forward"),
    ("from model import Alias", "Alias", "model.py:Net"),
    ("from model import *", "Net", "model.py:Net"),
    ("from pkg import Block", "Block", "pkg/blocks.py:Block"),
    ("import pkg", "pkg.Block", "pkg/blocks.py:Block"),
    ("import pkg", "pkg.blocks.Block", "pkg/blocks.py:Block"),
    ("import pkg.blocks", "pkg.blocks.Block", "pkg/blocks.py:Block"),
    ("from pkg.star import Block", "Block", "pkg/blocks.py:Block"),
    ("from pkg import blocks", "blocks", "pkg/blocks.py"),
    ("try:\n    from model import Net\nexcept ImportError:\n    Net = None", "Net", "model.py:Net"),
    ("try:\n    import flash_attn as f\nexcept ImportError:\n    f = None", "f.func", "<flash_attn.func>"),
    ("try:\n    from apex import Net\nexcept ImportError:\n    from model import Net", "Net", "model.py:Net"),
    ("try:\n    from apex import N\nexcept ImportError:\n    class N: pass", "N", "<apex.N>"),
    ("if True:\n    from model import Net\nelse:\n    Net = int", "Net", "model.py:Net"),
    ("class Net: pass\nfrom model import Net", "Net", "model.py:Net"),
    ("from model import Net\nclass Net: pass", "Net", "main.py:Net"),
    ("x = 1", "y", None),
    ("import os", "print", None),
    ("from model import Sub", "Sub.forward", "model.py:Net.forward"),
    ("import torch\nclass M(torch.nn.Module): pass", "M.parameters", "<torch.nn.Module.parameters>"),
    ("a = b\nb = a", "a", "main.py:a"),
    ("from main import x", "x", "<main.x>"),
    ("import random", "random.random", "<random.random>"),
    ("from datasets import load_dataset", "load_dataset", "<datasets.load_dataset>"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "dotted", "expected"), CASES)
def test_a_module_level_name_means_what_python_would_bind(source, dotted, expected):
    index = tree(
        {
            "main.py": source,
            "model.py": "class Net:\n    def forward(self): pass\nclass Sub(Net): pass\nAlias = Net\n",
            "pkg/__init__.py": "from .blocks import Block\n",
            "pkg/blocks.py": "class Block: pass\n",
            "pkg/star.py": "from .blocks import *\n",
            "other/datasets.py": "def f(): pass\n",
            "other/random.py": "def f(): pass\n",
        }
    )
    assert meaning(index, "main.py", dotted) == expected


SCOPES = """
from model import Net
import torch

def lazy():
    from other import Net
    import numpy as torch
    def inner():
        return Net, torch
    return Net

def plain(model):
    return model.Net, Net

def shadow():
    Net = make()
    return Net

def uses_global():
    global Net
    Net = None

class Holder:
    Inner = 1
    class Part: pass
    def forward(self):
        return forward, Part
    def helper(self): pass

def forward(): pass
"""


@pytest.mark.parametrize(
    ("dotted", "scope", "expected"),
    [
        ("Net", "", "model.py:Net"),
        ("Net", "lazy", "other.py:Net"),
        ("Net", "lazy.inner", "other.py:Net"),
        ("torch.x", "lazy.inner", "<numpy.x>"),
        ("torch.x", "plain", "<torch.x>"),
        ("model.Net", "plain", None),
        ("Net", "plain", "model.py:Net"),
        ("Net", "shadow", None),
        ("Net", "uses_global", "model.py:Net"),
        ("forward", "Holder.forward", "main.py:forward"),
        ("Part", "Holder.forward", None),
        ("Part", "Holder", "main.py:Holder.Part"),
        ("helper", "Holder", "main.py:Holder.helper"),
    ],
)
def test_scopes_see_what_python_lets_them_see(dotted, scope, expected):
    index = tree({"main.py": SCOPES, "model.py": "class Net: pass\n", "other.py": "class Net: pass\n"})
    assert meaning(index, "main.py", dotted, scope) == expected


PATHS = [
    ({"a/main.py": "", "a/model.py": ""}, "a/main.py", "model", 0, "a/model.py"),
    ({"main.py": "", "src/pkg/__init__.py": "", "src/pkg/m.py": ""}, "main.py", "pkg.m", 0, "src/pkg/m.py"),
    ({"pkg/__init__.py": "", "pkg/a.py": "", "pkg/b.py": ""}, "pkg/a.py", "b", 1, "pkg/b.py"),
    ({"p/__init__.py": "", "p/s/__init__.py": "", "p/s/a.py": "", "p/b.py": ""}, "p/s/a.py", "b", 2, "p/b.py"),
    ({"pkg/__init__.py": "", "pkg/a.py": ""}, "pkg/a.py", "", 1, "pkg/__init__.py"),
    ({"pkg/__init__.py": "", "pkg/a.py": ""}, "pkg/a.py", "pkg", 0, "pkg/__init__.py"),
    ({"scripts/run.py": "", "model/net.py": ""}, "scripts/run.py", "model.net", 0, "model/net.py"),
    ({"scripts/run.py": "", "lib/deep/net.py": ""}, "scripts/run.py", "net", 0, "lib/deep/net.py"),
    ({"a/x/run.py": "", "a/net.py": "", "b/net.py": ""}, "a/x/run.py", "net", 0, "a/net.py"),
    ({"pkg/__init__.py": "", "pkg/types.py": "", "pkg/a.py": ""}, "pkg/a.py", "types", 0, None),
    ({"types.py": "", "a.py": ""}, "a.py", "types", 0, "types.py"),
    ({"pkg/__init__.py": "", "pkg/torch.py": "", "pkg/a.py": ""}, "pkg/a.py", "torch", 0, None),
    ({"torch.py": ""}, "torch.py", "torch", 0, None),
    ({"a.py": ""}, "a.py", "missing", 0, None),
    ({"a.py": ""}, "a.py", "up", 3, None),
]  # fmt: skip


@pytest.mark.parametrize(("files", "path", "dotted", "level", "expected"), PATHS)
def test_modules_are_found_where_python_would_look(files, path, dotted, level, expected):
    assert tree(files).resolve_module(path, dotted, level) == expected


@pytest.mark.parametrize(
    "line",
    [
        "sys.path.append('../lib')",
        "sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'lib'))",
        "sys.path.append(os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'lib')))",
        "sys.path.append(str(Path(__file__).resolve().parent.parent / 'lib'))",
        "sys.path.append(str(Path(__file__).parents[1] / 'lib'))",
        "ROOT = Path(__file__).parent.parent\nsys.path.insert(0, str(ROOT / 'lib'))",
        "HERE = os.path.dirname(__file__)\nsys.path.append(HERE + '/../lib')",
        "sys.path.append(Path(__file__).parent.joinpath('..', 'lib').as_posix())",
    ],
)
def test_additions_to_the_search_path_are_understood(line):
    sources = {
        "scripts/run.py": f"import os, sys\nfrom pathlib import Path\n{line}\nfrom net import Net\n",
        "lib/net.py": "class Net: pass\n",
        "scripts/deeper/net.py": "class Net: pass\n",
    }
    assert meaning(tree(sources), "scripts/run.py", "Net") == "lib/net.py:Net"


@pytest.mark.parametrize("line", ["sys.path.append('/usr/lib')", "sys.path.append(find())", "sys.path.append(x[0])"])
def test_additions_that_the_source_does_not_tell_are_left_out(line):
    index = tree({"run.py": f"import sys\n{line}\n", "a.py": ""})
    assert index.resolve_module("run.py", "a") == "a.py"


def test_classes_of_the_same_name_in_different_files_stay_apart():
    index = tree({"a.py": "class Block: pass\n", "b.py": "class Block: pass\n", "c.py": "from b import Block\n"})
    assert [d.qualified_name for d in index.symbols.classes()] == ["a.py:Block", "b.py:Block"]
    assert meaning(index, "c.py", "Block") == "b.py:Block"


def test_a_property_is_its_getter_and_an_overload_its_implementation():
    source = (
        "class A:\n    @property\n    def x(self): return 1\n    @x.setter\n    def x(self, v): pass\n"
        "@overload\ndef f(a: int): ...\n@overload\ndef f(a: str): ...\ndef f(a): return a\n"
    )
    symbols = tree({"m.py": source}).symbols
    assert symbols.definitions["m.py"]["A.x"].node.lineno == 3
    assert symbols.definitions["m.py"]["f"].node.lineno == 10


def test_imports_that_chase_each_other_end():
    index = tree(
        {"a.py": "from b import x\n", "b.py": "from c import *\n", "c.py": "from a import *\nfrom b import x\n"}
    )
    assert meaning(index, "a.py", "x") is None


names = st.sampled_from(["a", "b", "c", "d"])


@given(st.lists(st.tuples(names, names), min_size=1, max_size=12))
def test_resolution_ends_for_any_web_of_imports_and_aliases(edges):
    sources: dict[str, str] = {f"{name}.py": "" for name in "abcd"}
    for source, target in edges:
        sources[f"{source}.py"] += f"from {target} import *\nfrom {target} import X\nX = {target}.X\nclass C(X): pass\n"
    index = tree(sources)
    for name in "abcd":
        for dotted in ("X", "C.m", "a.X.b"):
            index.symbols.resolve(f"{name}.py", dotted)
