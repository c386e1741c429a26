"""Programs that choose their model by a value: the choice that the default makes is the build."""

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts import derive_facts
from analyzer.shapes.derivation import derived_builds, find_model
from analyzer.shapes.model import derive_model
from analyzer.shapes.requests import ModelRequest

NETS = """
from torch import nn
{imports}
class Net(nn.Module):
    def __init__(self, width, classes=10):
        super().__init__()
        self.head = nn.Linear(width, classes)
{decorator}
def small(pretrained=False, **kwargs):
    return Net(2, **kwargs)
{decorator}
def large(pretrained=False, **kwargs):
    return Net(3, **kwargs)
nets = {{"small": small, "large": large}}
"""
PROGRAM = """
import argparse
import importlib
import torch
import nets
from nets import *
{imports}
def main(args):
    torch.manual_seed(0)
    model = {call}
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", {option})
    parser.add_argument("--classes", type=int, default=5)
    main(parser.parse_args())
"""
CALLS = [
    "nets.__dict__[args.model](classes=args.classes)",
    "getattr(nets, args.model)(classes=args.classes).to('cuda')",
    "nets.nets[args.model](classes=args.classes)",
    "eval(args.model)(classes=args.classes)",
    "importlib.import_module('nets').Net(3, args.classes)",
]


def built(repository, call, option='default="large"', **parts):
    nets = NETS.format(**{"imports": "", "decorator": ""} | parts)
    program = PROGRAM.format(call=call, option=option, imports=parts.get("imports", "").replace("register", "create"))
    return counted(repository({"nets.py": nets, "train.py": program}))


def counted(index):
    owner = find_model(index, "nets.py:Net")
    builds = derived_builds(index, derive_facts(index), owner)
    request = ModelRequest("Net", owner.qualified_name, index.span("nets.py", 4), builds, main=True, effort="count")
    return derive_model(Interpreter(index), request)


@pytest.mark.parametrize("call", CALLS)
def test_the_default_choice_is_built(repository, call):
    model = built(repository, call)
    assert model.parameters.value.total == (3 + 1) * 5
    assert model.build_where.path == "train.py"


def test_what_a_repository_registers_at_timm_is_made_by_name(repository):
    call = "create_model(args.model, pretrained=True, classes=args.classes, drop=None)"
    registered = {"imports": "from timm.models import register_model", "decorator": "@register_model"}
    assert built(repository, call, **registered).parameters.value.total == (3 + 1) * 5


def test_a_choice_that_no_line_makes_leaves_the_presets(repository):
    model = built(repository, CALLS[0], option="required=True")
    assert (model.build_origin, model.parameters.value.total) == ("factory", (2 + 1) * 10)


def test_what_makes_another_model_is_no_build(repository):
    made = "from torch import nn\nkinds = {'a': nn.Linear}\nmodel = kinds['a'](3, 3)\nnn.Adam(model.parameters())\n"
    index = repository({"nets.py": NETS.format(imports="", decorator=""), "train.py": made})
    assert counted(index).build_origin == "factory"


def test_without_presets_the_first_choice_of_a_demanded_option_is_built(repository):
    bodies = ["    if args.model == 'wide':", "        model = nets.Net(7, args.classes)", "        return model"]
    program = PROGRAM.format(call="make(args)", option='required=True, choices=["wide", "other"]', imports="")
    nets = NETS[: NETS.index("{decorator}")].format(imports="")
    making = "\n".join(["def make(args):", *bodies, ""])
    index = repository({"nets.py": nets, "train.py": program.replace("def main", f"{making}def main")})
    assert counted(index).parameters.value.total == (7 + 1) * 5


@pytest.mark.parametrize(
    "example",
    [
        'import nets\nnet = nets.make("large", 4)',
        'from nets import make\nsize = "large"\nnet, more = make(size, 4), None',
        'from nets import make\nimport data\nother = make(data.name(), 4)\nnet = make("large", number=4)',
    ],
)
def test_a_call_of_a_factory_in_the_documents_builds(repository, example):
    nets = NETS[: NETS.index("{decorator}")].format(imports="")
    nets += "def make(name, number):\n    sizes = dict(small=2, large=3)\n    return Net(sizes[name], number)\n"
    model = counted(repository({"nets.py": nets, "setup.py": "", "README.md": f"# Nets\n```python\n{example}\n```\n"}))
    assert model.parameters.value.total == (3 + 1) * 4
    assert model.build_where.path == "README.md"
