"""Configuration: each format's values with their lines, uses by data flow, override chains, effective values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts.configuration import derive_configuration
from analyzer.facts.structure import derive_structure
from analyzer.index import SourceIndex
from analyzer.records.configuration import ConfigTable, Configuration, ConfigValue
from analyzer.records.evidence import Known, Unknown

Write = Callable[[Mapping[str, str]], SourceIndex]

DATACLASS = """
from dataclasses import dataclass, field

@dataclass
class Settings:
    width: int = 4 * 8  # columns
    rate: float = 1e-3
    names: list = field(default_factory=list)
    depth: int = field(default=3)
"""
PLAIN_CLASS = """
class Settings:
    width = 32
    rate = 1e-3
"""
CONSTRUCTED = """
class Settings:
    def __init__(self, width=32, rate=0.5):
        self.width = width
        self.rate = rate
"""
PARSER = """
import argparse

def options():
    parser = argparse.ArgumentParser()
    group = parser.add_argument_group("model")
    group.add_argument("--hidden-width", type=int, default=32, help="columns")
    parser.add_argument("-r", "--rate", type=float, default="0.5")
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--name", choices=["a",
                                           "b"])
    parser.add_argument("path")
    return parser.parse_args()
"""
CLICK = """
import click

@click.command()
@click.option("--hidden-width", "-w", default=32, type=int, help="columns")
@click.option("--fast/--slow", default=False)
@click.argument("path")
def main(hidden_width, fast, path):
    print(hidden_width, fast, path)
"""
TYPER = """
import typer

app = typer.Typer()

@app.command()
def main(path: str, width: int = 32, rate: float = typer.Option(0.5, help="step")):
    print(path, width, rate)
"""
CONSTANTS = """
WIDTH = 32
RATE = WIDTH / 64
counter = 0
counter = counter + 1
"""
PRETRAINED = """
from transformers import PretrainedConfig

class Settings(PretrainedConfig):
    def __init__(self, width=32, **kwargs):
        super().__init__(**kwargs)
        self.width = width
        self.heads = kwargs.get("heads", 4)
        self.head_width = kwargs.get("head_width", self.width // self.heads)
"""
MODULE = """
from torch import nn

class Net(nn.Module):
    def __init__(self, width, heads=4):
        super().__init__()
        self.layer = nn.Linear(width, heads)
"""
HOLDER = """
class Bag:
    def __init__(self, **kwargs):
        self.__dict__.update(kwargs)

def settings():
    bag = Bag()
    bag.width = 32
    bag.inner = Bag()
    bag.inner.rate = 0.5
    return bag
"""
FUNCTION = """
import torch
from torch import nn

class Net(nn.Module):
    pass

def speak(net: "Net", text, *, width=32, rate=0.5, steps: int = 4, stop=("a",), fast=True, name=None):
    return net(text, width, rate, steps, stop, fast, name)

def few(net: Net, width=1, rate=2):
    return net(width, rate)

def other(path, width=1, rate=0.5, steps=2, stop=3, fast=True):
    return path, width, rate, steps, stop, fast
"""
FORMATS = [
    ("dataclass", "a.py", DATACLASS, {"width": (32, 5), "rate": (0.001, 6), "names": ([], 7), "depth": (3, 8)}),
    ("class", "a.py", PLAIN_CLASS, {"width": (32, 2), "rate": (0.001, 3)}),
    ("class", "a.py", CONSTRUCTED, {"width": (32, 2), "rate": (0.5, 2)}),
    ("argparse", "a.py", PARSER, {"hidden_width": (32, 6), "rate": (0.5, 7), "fast": (False, 8), "name": (None, 9)}),
    ("click", "a.py", CLICK, {"hidden_width": (32, 4), "fast": (False, 5)}),
    ("typer", "a.py", TYPER, {"width": (32, 6), "rate": (0.5, 6)}),
    ("constants", "a.py", CONSTANTS, {"WIDTH": (32, 1), "RATE": (0.5, 2)}),
    ("pretrained_config", "a.py", PRETRAINED, {"width": (32, 4), "heads": (4, 7), "head_width": (8, 8)}),
    ("init_defaults", "a.py", MODULE, {"heads": (4, 4)}),
    ("function_defaults", "a.py", FUNCTION,
     {"width": (32, 7), "rate": (0.5, 7), "steps": (4, 7), "stop": (("a",), 7), "fast": (True, 7), "name": (None, 7)}),
    ("call", "a.py", HOLDER, {"width": (32, 7), "inner.rate": (0.5, 9)}),
    ("yaml", "a.yaml", "model:\n  width: 32\nrate: 1e-4\nsizes: [1, 2]\n",
     {"model.width": (32, 2), "rate": (0.0001, 3), "sizes": ([1, 2], 4)}),
    ("json", "a.json", '{"model": {"width": 32},\n "rate": 0.5,\n "on": true}\n',
     {"model.width": (32, 1), "rate": (0.5, 2), "on": (True, 3)}),
    ("huggingface_json", "config.json", '{\n"model_type": "x",\n"hidden_size": 32}\n', {"hidden_size": (32, 3)}),
    ("toml", "a.toml", 'rate = 0.5\n[model]\nwidth = 32 # columns\n', {"rate": (0.5, 1), "model.width": (32, 3)}),
    ("dict", "a.py", "OPTIONS = dict(\n    width=32,\n    rate=0.5,\n)\n", {"width": (32, 2), "rate": (0.5, 3)}),
]  # fmt: skip


def derive(index: SourceIndex) -> Configuration:
    return derive_configuration(index, derive_structure(index))


def table(configuration: Configuration, kind: str) -> ConfigTable:
    (found,) = [t for t in configuration.tables if t.format == kind]
    return found


def value(found: ConfigTable, name: str) -> ConfigValue:
    (item,) = [v for v in found.values if v.name == name]
    return item


@pytest.mark.parametrize(("kind", "path", "text", "expected"), FORMATS)
def test_values_are_read_with_their_lines(
    repository: Write, kind: str, path: str, text: str, expected: Mapping[str, tuple[object, int]]
) -> None:
    found = table(derive(repository({path: text})), kind)
    for name, (wanted, line) in expected.items():
        item = value(found, name)
        assert isinstance(item.value, Known), item.value
        assert (item.value.value, type(item.value.value)) == (wanted, type(wanted))
        assert item.where.first_line == line


def test_help_and_comments_are_the_sources_own(repository: Write) -> None:
    configuration = derive(repository({"a.py": DATACLASS, "b.py": PARSER}))
    assert value(table(configuration, "dataclass"), "width").help == "columns"
    assert value(table(configuration, "argparse"), "hidden_width").help == "columns"


def test_a_required_option_has_no_value(repository: Write) -> None:
    found = value(table(derive(repository({"a.py": PARSER})), "argparse"), "path")
    assert isinstance(found.value, Unknown) and found.value.reason == "required_argument"
    assert value(table(derive(repository({"a.py": PARSER})), "argparse"), "name").choices == '["a", "b"]'


def test_a_value_of_the_machine_is_unknown(repository: Write) -> None:
    text = "import torch\ndevice = 'cuda' if torch.cuda.is_available() else 'cpu'\nexec(open('over.py').read())\n"
    found = value(table(derive(repository({"a.py": text})), "constants"), "device")
    assert isinstance(found.value, Unknown) and found.value.reason == "depends_on_machine"


def test_result_records_are_not_configuration(repository: Write) -> None:
    text = (
        "from dataclasses import dataclass\nimport torch\n@dataclass\nclass Out:\n    x: torch.Tensor\n    n: int = 0\n"
    )
    assert derive(repository({"a.py": text})).tables == ()


@pytest.mark.parametrize(("given", "names"), [("Block(4, self)", []), ("Block(4, None)", ["width", "above"])])
def test_an_object_that_hands_itself_on_is_no_value(repository: Write, given: str, names: list[str]) -> None:
    source = f"""
from torch import nn

class Block(nn.Module):
    def __init__(self, width, above=None):
        super().__init__()

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = {given}
"""
    found = [v.name for t in derive(repository({"a.py": source})).tables for v in t.values if t.name == "Block"]
    assert found == names


def test_a_record_of_computed_numbers_is_not_configuration(repository: Write) -> None:
    text = (
        "from dataclasses import dataclass\nimport time\n"
        "@dataclass\nclass Speed:\n    seconds: float\n    tokens: int\n"
        "@dataclass\nclass Settings:\n    width: int\n    rate: float\n"
        "def show(a: Speed, b: Settings): print(a.seconds, a.tokens, b.width, b.rate)\n"
        "def run(words):\n"
        "    began = time.time()\n"
        "    show(Speed(seconds=time.time() - began, tokens=len(words)), Settings(width=3, rate=len(words)))\n"
    )
    assert [found.name for found in derive(repository({"a.py": text})).tables] == ["Settings"]


def test_an_alias_of_plain_types_is_a_plain_type(repository: Write) -> None:
    text = (
        "from dataclasses import dataclass\nfrom typing import Literal\nimport torch\n"
        "Kind = Literal['a', 'b']\nSize = int | None\nBatch = tuple[torch.Tensor, int]\n"
        "@dataclass\nclass Settings:\n    kind: Kind = 'a'\n    size: Size = 3\n"
        "@dataclass\nclass Out:\n    batch: Batch\n    n: int = 0\n"
    )
    (found,) = derive(repository({"a.py": text})).tables
    assert (found.name, [item.name for item in found.values]) == ("Settings", ["kind", "size"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "a: &a [1,2,3,4,5,6,7,8,9]\n" + "".join(
            f"{n}: &{n} [{', '.join(['*' + p] * 9)}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True))),
        ("a.json", '{"a": [1, }'),
        ("a.toml", "a = = 1"),
        ("a.yaml", "a: [1\nb: 2"),
    ],
)  # fmt: skip
def test_unreadable_files_are_gaps(repository: Write, name: str, text: str) -> None:
    configuration = derive(repository({name: text}))
    assert configuration.tables == ()
    assert [gap.where.partition(":")[0] for gap in configuration.gaps] == [name]


@pytest.mark.parametrize("name", [".github/workflows/ci.yml", "environment.yml", "pyproject.toml", "tokenizer.json"])
def test_tool_files_are_not_configuration(repository: Write, name: str) -> None:
    text = {"yml": "jobs: 3\n", "toml": "x = 1\n", "json": '{"x": 1}'}[name.rpartition(".")[2]]
    assert derive(repository({name: text, "a.txt": "words"})).tables == ()


READING = """
from settings import Settings

class Other:
    width = "not this one"
    depth = 1

class Net:
    def __init__(self, c):
        self.c = c
        self.half = c.width // 2
    def size(self):
        return self.c.width * 2

def main():
    other = Other()
    print(other.width)
    return Net(Settings())
"""


def test_a_read_counts_by_data_flow_and_not_by_name(repository: Write) -> None:
    configuration = derive(repository({"settings.py": DATACLASS, "net.py": READING}))
    width = value(table(configuration, "dataclass"), "width")
    assert [(u.path, u.first_line) for u in width.used_at] == [("net.py", 10), ("net.py", 12)]
    assert {v.name for v in configuration.unused if v.where.path == "settings.py"} == {"rate", "names", "depth"}
    assert [(d.name, d.formula, d.value.value) for d in configuration.derived if isinstance(d.value, Known)] == [
        ("self.half", "c.width // 2", 16)
    ]


CONFIGURATOR = """import sys
for word in sys.argv[1:]:
    if "=" in word:
        globals()[word.split("=")[0][2:]] = word.split("=")[1]
    else:
        exec(open(word).read())
"""

SCRIPT = """
import torch
from settings import Settings
width = 64
rate = 0.5
exec(open('configurator.py').read())
model = torch.nn.Linear(width, 1)
config = Settings(width=width)
optimizer = torch.optim.SGD(model.parameters(), lr=rate)
model(torch.ones(1, width)).sum().backward()
optimizer.step()
"""


def test_the_chain_leads_from_default_to_the_value_that_counts(repository: Write) -> None:
    files = {"settings.py": DATACLASS, "train.py": SCRIPT, "config/small.py": "width = 16\n"}
    commands = "```sh\npython train.py config/small.py --width=8\n```\n"
    index = repository(files | {"README.md": commands, "configurator.py": CONFIGURATOR})
    configuration = derive(index)
    width = value(table(configuration, "dataclass"), "width")
    assert [(o.layer, o.expression) for o in width.overrides] == [("default", "4 * 8"), ("assignment", "width")]
    assert isinstance(width.effective, Known) and width.effective.value == 64
    assert [(preset.name, preset.table) for preset in configuration.presets] == [
        ("README.md", "train.py"),
        ("config/small.py", "train.py"),
    ]
    script = next(t for t in configuration.tables if t.name == "train.py")
    chain = value(script, "width").overrides
    files_then_options = [("config_file", "config/small.py", True), ("command_line", "README.md", True)]
    assert [(o.layer, o.preset, o.choice) for o in chain] == [("default", None, False), *files_then_options]
    assert str(script.argument_loop) == "configurator.py:2-6"


FACTORIES = """
from torch import nn

class Net(nn.Module):
    def __init__(self, depth=2, width=8):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))

def small(**kwargs):
    return Net(depth=3, **kwargs)

def large():
    return Net(6, 64)

NETS = {"net/s": small, "net/l": large}
SIZES = {"tiny": dict(depth=1, width=2), "huge": dict(depth=99, width=1024)}
"""


def test_registries_and_factories_are_presets_that_can_be_built(repository: Write) -> None:
    presets = {p.name: p for p in derive(repository({"nets.py": FACTORIES})).presets}
    plain = {name: {k: v.value for k, v in p.values if isinstance(v, Known)} for name, p in presets.items()}
    assert plain == {
        "net/s": {"depth": 3}, "net/l": {"depth": 6, "width": 64},
        "tiny": {"depth": 1, "width": 2}, "huge": {"depth": 99, "width": 1024},
    }  # fmt: skip
    assert presets["net/s"].build == "NETS['net/s']()"
    assert presets["tiny"].table == "Net"


def test_a_class_of_the_repository_is_a_value_by_its_name(repository: Write) -> None:
    text = (
        "from elsewhere import Base\n"
        "class Wide(Base): pass\n"
        "class Narrow(Base): pass\n"
        "NETS = {'w': {'kind': Wide, 'size': 3}, 'n': {'kind': Narrow, 'size': 1}}\n"
    )
    presets = {preset.name: dict(preset.values) for preset in derive(repository({"a.py": text})).presets}
    kinds = {name: values["kind"] for name, values in presets.items()}
    assert {name: repr(kind.value) for name, kind in kinds.items() if isinstance(kind, Known)} == {
        "w": "Wide", "n": "Narrow",
    }  # fmt: skip


def test_a_default_is_converted_by_the_repositorys_own_function(repository: Write) -> None:
    text = (
        "import argparse\nfrom pathlib import Path\n"
        "def flag(text):\n    return text.lower() in ('yes', 'true')\n"
        "parser = argparse.ArgumentParser()\n"
        "parser.add_argument('--on', type=flag, default='True')\n"
        "parser.add_argument('--there', type=Path, default='out')\n"
    )
    index = repository({"a.py": text})
    found = table(derive_configuration(index, derive_structure(index), Interpreter(index).value_of), "argparse")
    known = {name: value(found, name).value for name in ("on", "there")}
    assert {name: item.value for name, item in known.items() if isinstance(item, Known)} == {"on": True, "there": "out"}


def test_a_factorys_local_dictionary_is_the_value_it_gives(repository: Write) -> None:
    text = (
        "from torch import nn\n"
        "class Net(nn.Module):\n    def __init__(self, cfg): super().__init__()\n"
        "def small():\n    cfg = {'depth': 2}\n    return Net(cfg)\n"
        "def changed():\n    cfg = {'depth': 2}\n    cfg['depth'] = 3\n    return Net(cfg)\n"
    )
    presets = {preset.name: dict(preset.values)["cfg"] for preset in derive(repository({"a.py": text})).presets}
    small, changed = presets["small"], presets["changed"]
    assert isinstance(small, Known) and small.value == {"depth": 2}
    assert isinstance(changed, Unknown)


COMPUTED = """
from ratio import exact

SAMPLES = 480
STEP = 160
FRAMES = exact(SAMPLES, STEP)
OTHER = exact(SAMPLES, unknown())
count = exact(SAMPLES, STEP)
"""


def test_a_constant_that_an_own_function_computes_is_one(repository: Write) -> None:
    """By its name in capitals, and where all that the function is given is known."""
    ratio = "def exact(x, y):\n    assert x % y == 0\n    return x // y\n"
    names = {v.name: v for v in table(derive(repository({"a.py": COMPUTED, "ratio.py": ratio})), "constants").values}
    assert set(names) == {"SAMPLES", "STEP", "FRAMES"}
    assert names["FRAMES"].expression == "exact(SAMPLES, STEP)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "PRESETS: dict[str, Config] = {'small': Config(), 'large': Config(64, depth=24)}",
            {"small": {}, "large": {"width": 64, "depth": 24}},
        ),
        ("class Held:\n    known = {'a': Config(1), 'b': Config(depth=2)}", {"a": {"width": 1}, "b": {"depth": 2}}),
        ("SINGLE = {'small': Config()}", {}),
        ("MIXED = {'small': Config(), 'other': Other()}", {}),
        ("LAYERS = {'a': Net(1), 'b': Net(2)}", {}),
        ("CALLS = {'a': Config(), 'b': str(2)}", {}),
    ],
)
def test_a_registry_of_configuration_objects_is_one_of_presets(
    repository: Write, text: str, expected: dict[str, dict[str, object]]
) -> None:
    head = (
        "from dataclasses import dataclass\nfrom torch import nn\n"
        "@dataclass\nclass Config:\n    width: int = 8\n    depth: int = 2\n"
        "class Other:\n    pass\n"
        "class Net(nn.Module):\n    def __init__(self, n):\n        super().__init__()\n"
    )
    presets = derive(repository({"a.py": f"{head}{text}\n"})).presets
    found = {p.name: {k: v.value for k, v in p.values if isinstance(v, Known)} for p in presets}
    assert found == expected
    assert {p.table for p in presets} <= {"Config"}


@pytest.mark.parametrize(
    ("after", "sizes"),
    [
        ("    chosen['words'] = 7\n    chosen['bias'] = True\n", {"width": 4, "words": 7, "bias": True}),
        ("    if name == 'small':\n        chosen['words'] = 7\n", {"width": 4}),
        ("    chosen = {}\n    chosen['words'] = 7\n", {"width": 4}),
    ],
)
def test_what_is_set_in_the_chosen_entry_is_part_of_every_preset(
    repository: Write, after: str, sizes: dict[str, object]
) -> None:
    text = "def make(name):\n    chosen = {'small': dict(width=4), 'large': dict(width=8)}[name]\n"
    index = repository({"net.py": f"{text}{after}    return Net(**chosen)\n"})
    (small,) = [preset for preset in derive(index).presets if preset.name == "small"]
    assert {name: value.value for name, value in small.values} == sizes


PARTS = """
from torch import nn

class Part(nn.Module):
    def __init__(self, width, depth=2, rate=0.5):
        super().__init__()
        self.layer = nn.Linear(width, depth)
        self.drop = nn.Dropout(rate)

class Whole(nn.Module):
    def __init__(self, width, is_deep=False):
        super().__init__()
        self.first = Part(width, 3)
        if is_deep:
            self.second = Part(width, depth=width, rate=0.0)
"""


def test_what_a_part_is_constructed_with_stands_beside_its_defaults(repository: Write) -> None:
    tables = {table.name: table for table in derive(repository({"net.py": PARTS})).tables}
    told = {
        v.name: [(o.expression, o.where.first_line, o.condition) for o in v.overrides[1:]]
        for v in tables["Part"].values
    }
    assert told == {
        "width": [("width", 12, ""), ("width", 14, "is_deep")],
        "depth": [("3", 12, ""), ("width", 14, "is_deep")],
        "rate": [("0.0", 14, "is_deep")],
    }
    assert all(value.effective is None for value in tables["Part"].values)
