"""Probes of models that accept few changes: what may change alone is still named."""

import pytest

from analyzer.evaluator import Interpreter
from analyzer.index import open_repository
from analyzer.shapes.entry_points import BuildPlan, find_builds
from analyzer.shapes.input_spec import parse_input_spec
from analyzer.shapes.model import derive_model
from analyzer.shapes.requests import ModelRequest

SOURCE = """
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1, stride=2)
        self.head = nn.Linear(8 * 4 * 4, num_classes)

    def forward(self, x):
        x = F.avg_pool2d(self.first(x), 4)
        return self.head(x.view(x.size(0), -1))
"""


@pytest.mark.parametrize("effort", ["full", "brief"])
def test_batch_is_named_where_the_image_must_keep_its_size(tmp_path, effort):
    (tmp_path / "net.py").write_text(SOURCE)
    index = open_repository(str(tmp_path))
    owner = index.symbols.definition("net.py:Net")
    builds = find_builds(index, None, owner)
    request = ModelRequest("Net", owner.qualified_name, index.span("net.py", owner.node), builds, True, effort=effort)
    shapes = derive_model(Interpreter(index), request)
    assert str(shapes.traces[0].output[0]) in ("[B, num_classes]", "[B, 10]")
    assert shapes.traces[0].output[0].shape[0].expression == "B"


FILLED_LATER = """
import torch.nn as nn

class Node:
    def __init__(self, **kwargs):
        self.__dict__.update(kwargs)

SIZES = {"big": {"width": 48, "heads": 3}}

class Net(nn.Module):
    @staticmethod
    def default():
        config = Node()
        config.kind, config.width, config.heads = "big", None, None
        config.vocabulary = 100
        return config

    def __init__(self, config):
        super().__init__()
        config.__dict__.update(SIZES[config.kind])
        assert config.width % config.heads == 0
        self.embed = nn.Embedding(config.vocabulary, config.width)
        self.heads = config.heads

    def forward(self, idx):
        x = self.embed(idx)
        B, T, C = x.shape
        return x.view(B, T, self.heads, C // self.heads)
"""


def test_a_configuration_that_is_filled_after_it_was_made_gives_its_names(repository):
    index = repository({"net.py": FILLED_LATER})
    shapes = derived(index, "Net(Net.default())", "idx: int64[B=2, T=16]")
    assert str(shapes.traces[0].output[0]) == "[B, T, heads, width//heads]"
    assert dict(shapes.variables) == {"B": 2, "T": 16, "heads": 3, "width": 48}


COMPUTED = """
import torch.nn as nn
from dataclasses import dataclass

@dataclass(frozen=True)
class Sizes:
    width: int = 48
    heads: int = 3

    @property
    def head_width(self):
        return self.width // self.heads

class Net(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.first = nn.Linear(sizes.width, sizes.heads * sizes.head_width)
        self.second = nn.Linear(sizes.width, sizes.head_width)

    def forward(self, x):
        return self.second(self.first(x))
"""


def test_a_property_of_a_configuration_is_no_name_of_its_own(repository):
    index = repository({"net.py": COMPUTED})
    shapes = derived(index, "Net(Sizes())", "x: float32[B=2, width=48]")
    assert str(shapes.traces[0].output[0]) == "[B, width//heads]"


EVEN = """
import torch.nn as nn

class Net(nn.Module):
    def __init__(self, width=32, limit=64):
        super().__init__()
        assert width % 2 == 0
        self.first = nn.Linear(width, {size})

    def forward(self, x):
        return self.first(x)
"""


@pytest.mark.parametrize(
    ("size", "name"),
    [
        ("width // 2 * 2", "width"),
        ("2 * ((limit + 1) // 2)", None),
        ("max(width // 4, 6)", None),
        ("min(width, limit)", None),
        ("max(width, limit)", None),
        ("abs(width - limit)", None),
        ("3 * width", "3*width"),
        ("int(limit * 0.75)", "int(limit*0.75)"),
        ("8 * ((width + 7) // 8)", None),
        ("round(limit / 3)", None),
        ("limit // 4 * 4", None),
    ],
)
def test_a_name_holds_wherever_the_source_lets_it_change(repository, size, name):
    """Only `width` has to be even: what rounds, clamps or follows another name there is no name."""
    index = repository({"net.py": EVEN.format(size=size)})
    output = derived(index, "Net()", "x: float32[B=2, width=32]").traces[0].output[0]
    assert output.shape[0].expression == "B"
    found = output.shape[1].expression
    assert found == name or (name is None and found is not None and _equal(found, size)), found


def _equal(found, size):
    values = [{"width": w, "limit": n} for w in range(2, 90, 2) for n in range(3, 90, 7)]
    return all(eval(found, {}, dict(v)) == eval(size, {}, dict(v)) for v in values)


def derived(index, build, *inputs):
    owner = index.symbols.definition("net.py:Net")
    where = index.span("net.py", owner.node)
    specs = tuple(parse_input_spec(text) for text in inputs)
    request = ModelRequest(
        "Net", owner.qualified_name, where, (BuildPlan("net.py", build, "user", where),), True, specs
    )
    return derive_model(Interpreter(index), request)
