"""Models that only the repository's own scripts build: their statements, options at their defaults, the call itself."""

import textwrap

import pytest

from analyzer.evaluator import Interpreter
from analyzer.index import open_repository
from analyzer.records.evidence import Known, Unknown
from analyzer.shapes import ShapesOptions, derive_model_shapes
from analyzer.shapes.derivation import find_model
from analyzer.shapes.model import derive_model
from analyzer.shapes.requests import ModelRequest
from analyzer.shapes.script_builds import MAXIMUM_BUILDS, find_script_builds

NET = """
from torch import nn
class Net(nn.Module):
    def __init__(self, width, depth, bias=True):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(width, width, bias) for _ in range(depth)])
"""
OPTIONS = """
import argparse
from net import Net
def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=10)
    parser.add_argument("--depth", type=int, default="2")
    return parser.parse_args()
"""
SCRIPTS = {
    "options in the function": """
    import argparse
    from net import Net
    def main():
        parser = argparse.ArgumentParser()
        group = parser.add_argument_group("sizes")
        group.add_argument("--width", type=int, default=10)
        parser.add_argument("--depth", type=int, default=2)
        parser.add_argument("--data", required=True)
        args = parser.parse_args()
        data = open(args.data).read()
        model = Net(args.width, args.depth)
    """,
    "options of the caller": OPTIONS + """
    def train(args, data):
        model = Net(args.width, depth=args.depth)
    if __name__ == "__main__":
        args = options()
        data = open("nowhere.txt").read()
        train(args, data)
    """,
    "beside devices and processes": OPTIONS + """
    import torch
    import torch.distributed as dist
    def train(rank, settings, extra=3):
        dist.init_process_group("nccl")
        share = 256 // dist.get_world_size()
        device = rank % torch.cuda.device_count()
        torch.cuda.set_device(device)
        width = settings.width
        model = Net(width, depth=settings.depth).to(device)
    if __name__ == "__main__":
        args = options()
        train(dist.get_rank(), settings=args)
    """,
    "a trainer that holds its options": OPTIONS + """
    class Trainer:
        def __init__(self, args):
            self.args = args
            self.model = self.make()
            raise ValueError("after the model nothing is evaluated")
        def make(self):
            return Net(self.args.width, self.args.depth)
    def main():
        Trainer(options())
    """,
    "at the top of a script": """
    import argparse
    from net import Net
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", default=10)
    args = parser.parse_args()
    args.depth = 2
    for _ in range(3):
        print("training")
    model = Net(args.width, args.depth)
    """,
    "a configuration file": """
    import yaml
    from net import Net
    def main(path="sizes.yaml"):
        with open(path) as file:
            sizes = yaml.safe_load(file)
        sizes["depth"] = 2
        model = Net(**sizes)
    """,
    "a main part that sets up a configuration": """
    from types import SimpleNamespace
    from net import Net
    config = SimpleNamespace(width=3, depth=1)
    def main():
        model = Net(config.width, config.depth)
    if __name__ == "__main__":
        print("nothing to do with it")
        depth = 2
        config.width = 10
        config.depth = depth
        main()
    """,
    "a factory of a file of weights that may be missing": """
    from pathlib import Path
    from net import Net
    sizes = {"width": 10, "depth": 2}
    def load(weights: Path | None, overrides={}):
        given = dict(sizes) | overrides
        if weights is not None:
            print("loading", weights)
        return Net(**given)
    """,
    "behind a factory": OPTIONS + """
    def build(kind, args):
        if kind == "net":
            return Net(args.width, args.depth)
    def main():
        args = options()
        kind = "net"
        model = build(kind, args).cuda()
    """,
}  # fmt: skip


def built(repository, script, **files):
    index = repository({"net.py": NET, "train.py": textwrap.dedent(script), "sizes.yaml": "width: 10\n", **files})
    owner = find_model(index, "net.py:Net")
    span = index.span(owner.path, owner.node)
    request = ModelRequest("Net", owner.qualified_name, span, find_script_builds(index, owner), True, effort="count")
    return derive_model(Interpreter(index), request)


def dedented(name):
    script = SCRIPTS[name]
    return OPTIONS + textwrap.dedent(script[len(OPTIONS) :]) if script.startswith(OPTIONS) else textwrap.dedent(script)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_model_is_built_as_the_script_builds_it(repository, name):
    model = built(repository, dedented(name))
    assert isinstance(model.parameters, Known), model.gaps
    assert model.parameters.value.total == 2 * (10 * 10 + 10)
    assert model.build_where is not None and model.build_where.path == "train.py"


@pytest.mark.parametrize(
    ("function", "call"),
    [
        ("def train(args, width):\n    model = Net(width, other)\n", "train(options(), 3)"),
        ("def train(*args):\n    model = Net(*args)\n", "train(*options())"),
    ],
)
def test_two_functions_that_cannot_stand_together_are_not_joined(repository, function, call):
    script = f"from net import Net\nother = 3\n{function}def main():\n    other = 5\n    depth = other\n    {call}\n"
    index = repository({"net.py": NET, "train.py": script})
    assert [plan.expression for plan in find_script_builds(index, find_model(index, "net.py:Net"))] == [call]


CALLER = "data = open('x')\n\n\nargs = options()\nmodel = Net(1, 2, args.depth)\n"


def test_what_only_the_command_line_knows_is_said(repository):
    model = built(repository, OPTIONS.replace('default="2"', "required=True") + CALLER)
    assert isinstance(model.parameters, Unknown)
    assert model.parameters.root().reason == "command_line_argument"
    assert "depth" in str(model.parameters.arguments)
    told = [gap for gap in model.gaps if gap.reason == "command_line_argument"]
    assert [gap.where for gap in told] == ["train.py:12"]  # the line of the script, not of what is evaluated


@pytest.mark.parametrize(
    "script",
    [
        "from net import Net\ndef main():\n    for width in open('sizes.txt'):\n        Net(width, 2)\n",
        "from net import Net\ndef main():\n    return [Net(width, 2) for width in open('sizes.txt')]\n",
        "from net import Net\nmake = lambda width: Net(width, 2)\n",
    ],
)
def test_what_only_a_round_of_a_loop_or_a_caller_knows_gives_no_build(repository, script):
    index = repository({"net.py": NET, "train.py": script})
    assert find_script_builds(index, find_model(index, "net.py:Net")) == ()


def test_a_name_that_an_example_leaves_to_its_reader_is_no_error_of_the_project(tmp_path):
    text = "from torch import nn\nclass Head(nn.Module):\n    def __init__(self, encoder, classes):\n" \
        "        super().__init__()\n        self.encoder, encoder.last = encoder, nn.Identity()\n"  # fmt: skip
    (tmp_path / "net.py").write_text(text)
    (tmp_path / "README.md").write_text("```python\nfrom net import Head\nmodel = Head(Encoder(), 2)\n```\n")
    index = open_repository(str(tmp_path))
    reason = derive_model_shapes(index, ShapesOptions(model="net.py:Head")).parameters
    assert isinstance(reason, Unknown) and (reason.reason, reason.arguments) == (
        "name_not_given",
        (("name", "Encoder"),),
    )


def test_statements_that_the_model_does_not_need_are_left_out(repository):
    model = built(repository, dedented("options in the function"))
    assert "open(" not in model.build_expression and "add_argument" in model.build_expression


def test_few_builds_are_tried(repository):
    calls = "\n".join(f"    model = Net({n} + width, 2)" for n in range(30))
    index = repository({"net.py": NET, "train.py": f"from net import Net\ndef main(width=3):\n{calls}\n"})
    assert len(find_script_builds(index, find_model(index, "net.py:Net"))) == MAXIMUM_BUILDS


def test_functions_that_call_each_other_end(repository):
    script = "from net import Net\ndef a(n):\n    b(n)\n    return Net(n, n)\ndef b(n):\n    a(n)\n"
    index = repository({"net.py": NET, "train.py": script})
    assert find_script_builds(index, find_model(index, "net.py:Net")) == ()


PARTLY = (
    OPTIONS
    + """
import data
def main():
    args = options()
    tokens = data.load("corpus.txt")
    model = Net(len(tokens), depth=args.depth)
"""
)


def test_sizes_that_only_the_data_tell_get_examples_and_the_others_stay(repository):
    model = built(repository, PARTLY)
    assert [(size.name, size.where.first_line) for size in model.unstated] == [("width", 13)]
    assert "depth=args.depth" in model.build_expression and "tokens" not in model.build_expression
    assert [node.paths for node in model.tree.children[0].children] == [("layers.0", "layers.1")]
    assert isinstance(model.parameters, Unknown) and model.parameters.reason == "sizes_not_in_source"


def test_lengths_that_a_trainer_hands_on_get_one_example(repository):
    script = PARTLY.replace("import data", "import data\nfrom head import Trainer").replace(
        "    model = Net(len(tokens), depth=args.depth)\n",
        "    body = Net(len(tokens), args.depth)\n    Trainer(body, len(tokens), data.other(tokens))\n",
    )
    head = """from torch import nn
class Head(nn.Module):
    def __init__(self, body, width):
        super().__init__()
        self.body, self.last = body, nn.Linear(width, width)
    def forward(self, x):
        return self.last(x)
class Trainer:
    def __init__(self, body, width, batches):
        self.batches = batches
        self.model = Head(body, width)
"""
    index = repository({"net.py": NET, "head.py": head, "train.py": script})
    owner = find_model(index, "head.py:Head")
    builds = find_script_builds(index, owner)
    model = derive_model(Interpreter(index), ModelRequest("Head", owner.qualified_name, builds[0].where, builds))
    assert [(size.name, str(size.where)) for size in model.unstated] == [("width", "head.py:11")]
    assert {gap.where for gap in model.gaps} == {"head.py:11"}
    assert [str(output) for output in model.traces[0].output] == ["[B, width]"]
    assert [node.paths for node in model.tree.children[0].children[0].children] == [("body.layers.0", "body.layers.1")]


def test_no_example_stands_for_what_is_no_size(repository):
    model = built(repository, PARTLY.replace("depth=args.depth", "bias=tokens[0], depth=2"))
    assert model.unstated == () and isinstance(model.parameters, Unknown)


FACTORIES = {
    "static": """
    @staticmethod
    def small(bias: bool = True):
        return Net._made(10, bias)
    @staticmethod
    def _made(width, bias):
        net = Net(width, 2, bias)
        return net.eval()
""",
    "class": """
    @classmethod
    def small(cls, depth=2):
        width = 10
        return cls(width, depth)
""",
    "class, through another": """
    @classmethod
    def small(cls):
        return cls.made(2, width=10)
    @classmethod
    def made(cls, depth, width):
        return cls(width, depth)
""",
}


@pytest.mark.parametrize("name", FACTORIES)
def test_a_model_is_built_as_its_own_factory_builds_it(repository, name):
    index = repository({"net.py": NET + FACTORIES[name]})
    owner = find_model(index, "net.py:Net")
    builds = find_script_builds(index, owner)
    request = ModelRequest("Net", "net.py:Net", index.span("net.py", owner.node), builds, inputs=())
    parameters = derive_model(Interpreter(index), request).parameters
    assert isinstance(parameters, Known) and parameters.value.total == 2 * (10 * 10 + 10)


def test_a_method_of_an_object_is_no_factory(repository):
    again = "    def again(self):\n        return Net(10, 2)\n"
    index = repository({"net.py": NET + again})
    assert find_script_builds(index, find_model(index, "net.py:Net")) == ()
