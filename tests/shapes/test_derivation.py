"""From a repository's source to its shapes: our own model and small nets written here, some through a real worker."""

import textwrap
from pathlib import Path

import pytest
import torch
from torch import nn

from analyzer.evaluator import Interpreter
from analyzer.facts import derive_facts
from analyzer.index import open_repository
from analyzer.records.evidence import Known, Unknown
from analyzer.render.shapes_json import shapes_json
from analyzer.shapes import ShapesOptions, UnknownModel, derive_main_model, derive_model_shapes
from analyzer.shapes.caching import bytes_per_token
from analyzer.shapes.derivation import MAXIMUM_NAMED, derive_shapes, find_model
from analyzer.shapes.entry_points import find_builds
from analyzer.shapes.model import derive_model, derive_stages
from analyzer.shapes.requests import ModelRequest
from reference_model.config import PRESETS
from reference_model.model import GPT

REFERENCE = Path(__file__).parents[2] / "reference_model"
NET = """
import torch
import torch.nn as nn
from dataclasses import dataclass

@dataclass
class NetConfig:
    vocab: int = 100
    width: int = 32
    heads: int = 4
    layers: int = 2

class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        assert config.width % config.heads == 0
        self.heads = config.heads
        self.mix = nn.Linear(config.width, 3 * config.width)
    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.mix(x).split(C, dim=2)
        q = q.view(B, T, self.heads, C // self.heads)
        return x + v

class Net(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embed = nn.Embedding(config.vocab, config.width)
        self.layers = nn.ModuleList([Layer(config) for _ in range(config.layers)])
        self.head = nn.Linear(config.width, config.vocab, bias=False)
        self.head.weight = self.embed.weight
    def forward(self, idx):
        x = self.embed(idx)
        for layer in self.layers:
            x = layer(x)
        return self.head(x)
"""


def repository(tmp_path, text):
    (tmp_path / "net.py").write_text(textwrap.dedent(text))
    return open_repository(str(tmp_path))


def shapes(index, **options):
    return derive_model_shapes(index, ShapesOptions(model=options.pop("model", "net.py:Net"), **options))


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    index = repository(tmp_path_factory.mktemp("net"), NET)
    return shapes_json(shapes(index, inputs=("idx: int64[B=2, T=16]",)))


def test_a_named_model_gets_its_inputs_from_the_source_where_the_user_gives_none(net, tmp_path):
    found = shapes_json(shapes(repository(tmp_path, NET)))
    assert found["inputs"] == [{"name": "idx", "value": "[B, T]", "reason": "first_layer"}]
    assert found["output"] == net["output"]


CODES = """
import torch.nn as nn
class Net(nn.Module):
    def __init__(self, n_q=3, width=8, context=4):
        super().__init__()
        self.n_q, self.context = n_q, context
        self.embed = nn.Embedding(10, width)
    def forward(self, codes):
        B, K, T = codes.shape
        assert K == self.n_q + 1, "one code for each"
        return self.embed(codes)[:, : self.n_q + 1].sum(1)
"""


def test_a_setting_that_an_input_has_by_chance_does_not_name_it(tmp_path):
    found = shapes_json(shapes(repository(tmp_path, CODES)))
    assert "context" not in found["inputs"][0]["value"] and found["output"]


def test_totals_count_tied_weights_once(net):
    assert net["parameters"] == {"total": 100 * 32 + 2 * (32 * 96 + 96), "trainable": 100 * 32 + 2 * (32 * 96 + 96)}
    assert net["ties"] == [["embed.weight", "head.weight"]]


def test_sizes_carry_the_codes_own_names(net):
    calls = {module["path"]: module["calls"] for module in net["modules"]}
    names = [dim if isinstance(dim, int) else dim["expr"] for dim in calls["layers.0.mix"][0]["outputs"][0]]
    assert names == ["B", "T", "3*width"]
    heads = next(line["targets"]["q"] for line in net["lines"] if line["line"] == 22)
    assert [dim["expr"] for dim in heads["shape"]] == ["B", "T", "heads", "width//heads"]
    assert [dim["expr"] for dim in net["output"][0]] == ["B", "T", "vocab"]


def test_repeated_blocks_share_a_row_with_every_module(net):
    line = next(line for line in net["lines"] if line["line"] == 22)
    assert (line["times"], line["modules"]) == (2, ["layers.0", "layers.1"])


def test_every_module_is_listed_with_its_line(net):
    assert [module["path"] for module in net["modules"]] == [
        "", "embed", "layers", "layers.0", "layers.0.mix", "layers.1", "layers.1.mix", "head",
    ]  # fmt: skip
    assert net["modules"][4]["source"] == {"path": "net.py", "line": 18}
    assert net["modules"][2]["calls"] == []


def test_costs_follow_the_stated_conventions(net):
    tokens, width, vocab = 32, 32, 100
    assert net["cost"]["flops"]["value"] == 2 * tokens * (2 * width * 3 * width + width * vocab)
    assert net["cost"]["optimizer_bytes"]["value"] == net["parameters"]["total"] * 8


@pytest.mark.usefixtures("evaluated_here")
@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_the_reference_model_is_counted_exactly(preset):
    if preset == "medium":
        pytest.skip("the benchmark measures it")
    build = f"from reference_model.config import PRESETS; GPT(PRESETS[{preset!r}])"
    model = shapes(open_repository(str(REFERENCE)), model="model.py:GPT", build=build)
    with torch.device("meta"):
        truth = GPT(PRESETS[preset])
    assert isinstance(model.parameters, Known)
    assert model.parameters.value.total == truth.num_parameters()
    assert [record.path for record in model.modules] == [path for path, _ in truth.named_modules()]


@pytest.mark.usefixtures("evaluated_here")
@pytest.mark.parametrize(
    ("build", "reason"),
    [("Net(NetConfig(width=30))", "target_raised"), ("Net(NetConfig(width=1 // 0))", "target_raised")],
)
def test_an_expression_that_fails_gives_a_reason_and_its_line(tmp_path, build, reason):
    model = shapes(repository(tmp_path, NET), build=build)
    assert isinstance(model.parameters, Unknown)
    assert model.parameters.reason == reason
    found = shapes_json(model)
    assert found["parameters"] is None
    assert found["unknown"]


@pytest.mark.usefixtures("evaluated_here")
def test_a_forward_that_stops_keeps_the_rows_before(tmp_path):
    text = NET.replace("x = self.embed(idx)", "x = self.embed(idx)\n        x = x @ x")
    found = shapes_json(shapes(repository(tmp_path, text), inputs=("idx: int64[B=2, T=16]",)))
    assert found["parameters"] is not None
    assert [line["line"] for line in found["lines"]] == [32, 33]
    assert "target_raised" in found["unknown"][0]["reason"]


def test_an_endless_constructor_ends_in_a_stated_refusal(tmp_path):
    text = "import torch.nn as nn\nclass Net(nn.Module):\n    def __init__(self):\n        while True: pass\n"
    model = shapes(repository(tmp_path, text), seconds=6)
    assert isinstance(model.parameters, Unknown)
    assert model.parameters.reason in ("budget_exhausted", "worker_out_of_time")


SLOW_CALL = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width: int = 6):
        super().__init__()
        self.layer = nn.Linear(width, width)
    def forward(self, x: torch.Tensor):
        y = self.layer(x)
        for turn in range(1000):
            torch.linalg.inv(torch.eye(1900))
        return y
"""


def test_a_model_that_is_cut_off_keeps_what_was_known_by_then(tmp_path):
    index = repository(tmp_path, SLOW_CALL)
    model = shapes(index, inputs=("x: float32[B=2, 6]",), seconds=10)
    assert model.parameters.value.total == 42
    assert [record.path for record in model.modules] == ["", "layer"]
    assert not model.traces
    assert model.gaps[-1].reason == "worker_out_of_time"


def test_stages_come_in_order_and_the_last_is_complete(tmp_path):
    index = repository(tmp_path, PATCHES)
    builds = find_builds(index, None, find_model(index, "net.py:Net"))
    request = ModelRequest("Net", "net.py:Net", index.span("net.py", 5), builds)
    counts, numbers, names = derive_stages(Interpreter(index), request)
    assert [complete for _, complete in (counts, numbers, names)] == [False, False, True]
    assert counts[0].parameters.value.total == numbers[0].parameters.value.total == names[0].parameters.value.total
    assert [len(shapes.traces) > 0 for shapes, _ in (counts, numbers, names)] == [False, True, True]
    assert [str(output) for output in numbers[0].traces[0].output] == ["[2, 20]"]
    assert [str(output) for output in names[0].traces[0].output] == ["[B, width]"]


def test_a_file_or_class_that_is_not_there_is_the_users_mistake(tmp_path):
    index = repository(tmp_path, NET)
    for name in ("other.py", "net.py:Absent"):
        with pytest.raises(UnknownModel, match=r"other.py|Absent"):
            shapes(index, model=name)


@pytest.mark.usefixtures("evaluated_here")
def test_a_file_of_functions_that_build_models_needs_no_class(tmp_path):
    (tmp_path / "makers.py").write_text(
        "from net import Net, NetConfig\ndef small():\n    return Net(NetConfig())\n", encoding="utf-8"
    )
    index = repository(tmp_path, NET)
    assert shapes(index, model="makers.py", build="small()").parameters.value.total > 0
    with pytest.raises(UnknownModel, match="defines no class"):
        shapes(index, model="makers.py")


def test_bytes_of_a_cache_per_token():
    cache = [(torch.zeros(2, 4, 16, 8), torch.zeros(2, 4, 16, 8)) for _ in range(3)]
    assert bytes_per_token(cache, 2, [16]) == 3 * 2 * 4 * 8 * 4
    assert bytes_per_token([torch.zeros(3, 3)], 2, [16]) is None
    assert bytes_per_token(nn.Identity(), 2, [16]) is None


PATCHES = """
from einops.layers.torch import Rearrange
from torch import nn

class Net(nn.Module):
    def __init__(self, image_size: int = 32, patch: int = 8, channels: int = 3, width: int = 20):
        super().__init__()
        patch_dim = channels * patch * patch
        self.embed = nn.Sequential(
            Rearrange("b c (h p1) (w p2) -> b (h w) (p1 p2 c)", p1=patch, p2=patch),
            nn.LayerNorm(patch_dim),
            nn.Linear(patch_dim, width),
        )
    def forward(self, img):
        return self.embed(img).mean(dim=1)
"""


def test_a_pattern_before_the_first_layer_says_what_the_input_is(tmp_path):
    index = repository(tmp_path, PATCHES)
    builds = find_builds(index, None, find_model(index, "net.py:Net"))
    request = ModelRequest("Net", "net.py:Net", index.span("net.py", 5), builds)
    model = derive_model(Interpreter(index), request)
    assert str(model.traces[0].inputs[0].value) == "[B, channels, image_size, image_size]"
    assert [str(output) for output in model.traces[0].output] == ["[B, width]"]


UNFINISHED = """
import torch.nn as nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 6)
    def forward(self, x):
        return self.first(x) @ x
"""


@pytest.mark.usefixtures("evaluated_here")
def test_the_output_of_a_call_that_did_not_finish_is_unknown_and_not_empty(tmp_path):
    found = shapes_json(shapes(repository(tmp_path, UNFINISHED), inputs=("x: float32[B=2, 4]",)))
    calls = {module["path"]: module["calls"] for module in found["modules"]}
    assert calls["first"][0]["outputs"] is not None
    assert calls[""][0]["outputs"] is None
    assert found["output"] is None


DOCUMENTED = """
from torch import nn

class Net(nn.Module):
    def __init__(self, image_size, channels=3, width=20):
        super().__init__()
        self.conv = nn.Conv2d(channels, width, 3, padding=1)
    def forward(self, img, scale=None, others=()):
        out = self.conv(img)
        if scale is not None:
            out = out * scale
        return [out, *(other.sum(-1) for other in others)]
"""


@pytest.mark.parametrize(
    ("call", "inputs", "outputs"),
    [
        (
            "v(torch.randn(1, 3, 48, 48))",
            ["img: [B, channels, image_size, image_size]"],
            ["[B, width, image_size, image_size]"],
        ),
        ("v(img, 2.0)", ["img: [B, channels, H, W]", "scale: 2.0"], ["[B, width, H, W]"]),
        (
            "v(img, others=[torch.ones(5, 7)])",
            ["img: [B, channels, H, W]", "others: [float32[5, 7]]"],
            ["[B, width, H, W]", "[5]"],
        ),
    ],
)
def test_a_call_in_the_documents_says_what_the_inputs_are(tmp_path, call, inputs, outputs):
    block = (
        f"import torch\nfrom net import Net\n\nv = Net(image_size=48)\nimg = torch.randn(1, 3, 40, 40)\nout = {call}\n"
    )
    (tmp_path / "README.md").write_text(f"# Net\n\n```python\n{block}```\n")
    index = repository(tmp_path, DOCUMENTED)
    builds = find_builds(index, None, find_model(index, "net.py:Net"))
    request = ModelRequest("Net", "net.py:Net", index.span("net.py", 3), builds)
    model = derive_model(Interpreter(index), request)
    trace = model.traces[0]
    assert [f"{item.name}: {item.value}" for item in trace.inputs] == inputs
    assert [str(output) for output in trace.output] == outputs
    assert {(item.reason, str(item.where)) for item in trace.inputs} == {("documented_call", "README.md:9")}


EXPLAINED = '''
import torch
from torch import nn

class Net(nn.Module):
    """A net of a stated width.

    Example usage:
    ```python
    v = Net(width=6)
    out = v(torch.zeros(5, 6))
    ```
    """
    def __init__(self, width):
        super().__init__()
        self.a = nn.Linear(width, 3)
    def forward(self, x):
        return self.a(x)
'''


NARROW = """
from torch import nn

class Net(nn.Linear):
    def __init__(self, width, depth):
        super().__init__(width, depth)
"""
WIDE = NARROW.replace(", depth)", ", depth=3)") + "class Other(Net):\n    pass\n"


@pytest.mark.parametrize("imported", ["from nets.wide import Net", "from nets.wide import Net, Other"])
def test_an_example_of_another_class_of_the_same_name_builds_nothing(tmp_path, imported):
    (tmp_path / "nets").mkdir()
    for name, text in (("__init__", ""), ("narrow", NARROW), ("wide", WIDE)):
        (tmp_path / "nets" / f"{name}.py").write_text(text)
    (tmp_path / "README.md").write_text(f"```python\n{imported}\nnet = Net(8)\n```\n")
    index = open_repository(str(tmp_path))
    found = {name: find_builds(index, None, find_model(index, f"nets/{name}.py:Net")) for name in ("narrow", "wide")}
    assert [plan.path for plan in found["wide"]] == ["nets/wide.py"]
    assert found["narrow"] == ()


UNKNOWN_KEY = """
import elsewhere
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {}
"""


@pytest.mark.usefixtures("evaluated_here")
@pytest.mark.parametrize("body", ["del {}[elsewhere.key()]", "{1}.remove(elsewhere.key())"])
def test_an_error_on_an_unknown_value_is_not_laid_to_the_project(tmp_path, body):
    assert shapes(repository(tmp_path, UNKNOWN_KEY.format(body))).parameters.reason == "raised_on_unknown"


@pytest.mark.usefixtures("evaluated_here")
def test_a_docstring_says_how_its_class_is_built_and_called(tmp_path):
    index = repository(tmp_path, EXPLAINED)
    model = derive_shapes(index, derive_facts(index)).models[0]
    assert str(model.build_where) == "net.py:10" and model.parameters.value.total == 21
    assert [(i.reason, str(i.where), str(i.value)) for i in model.traces[0].inputs] == [
        ("documented_call", "net.py:11", "[B, 6]")
    ]


@pytest.mark.usefixtures("evaluated_here")
def test_a_name_has_one_number_in_all_inputs(tmp_path):
    text = UNFINISHED.replace("forward(self, x)", "forward(self, x, y)").replace("@ x", "+ y")
    model = shapes(repository(tmp_path, text), inputs=("x: float32[B=3, 4]", "y: float32[B, 6]"))
    assert [given.value.shape[0].value for given in model.traces[0].inputs] == [3, 3]


@pytest.mark.usefixtures("evaluated_here")
@pytest.mark.parametrize(("others", "shown"), [(2, "[B, 3]"), (MAXIMUM_NAMED + 1, "[2, 3]")])
def test_of_many_models_beside_the_main_one_all_are_told_in_numbers(tmp_path, others, shown):
    net = "class Net{}(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    net += "        self.a = nn.Linear(3, 3)\n    def forward(self, x):\n        return self.a(x)\n"
    index = repository(tmp_path, "from torch import nn\n" + "".join(net.format(n) for n in range(others + 1)))
    models = derive_shapes(index, derive_facts(index)).models
    assert {str(trace.output[0]) for model in models[1:] for trace in model.traces} == {shown}
    assert {str(model.traces[0].inputs[0].value) for model in models[1:]} == {shown}
    assert str(models[0].traces[0].output[0]) == "[B, 3]"


@pytest.mark.usefixtures("evaluated_here")
def test_the_worker_reads_the_documents_too(tmp_path):
    block = "import torch\nfrom net import Net\n\nv = Net(image_size=48)\nout = v(torch.randn(1, 3, 48, 48), 2.0)\n"
    (tmp_path / "README.md").write_text(f"# Net\n\n```python\n{block}```\n")
    index = repository(tmp_path, DOCUMENTED)
    trace = derive_shapes(index, derive_facts(index)).models[0].traces[0]
    assert [item.reason for item in trace.inputs] == ["documented_call", "documented_call"]


@pytest.mark.usefixtures("evaluated_here")
def test_the_main_model_is_called_where_none_is_named(tmp_path):
    index = repository(tmp_path, NET)
    main = derive_main_model(index, derive_facts(index), ShapesOptions())
    assert main.class_name == "Net" and [str(output) for output in main.traces[0].output] == ["[B, T, vocab]"]


@pytest.mark.usefixtures("evaluated_here")
def test_a_model_that_lacks_a_part_says_of_which_package_it_is(tmp_path):
    text = "from torch import nn\nfrom gone import Layer\nclass Net(nn.Module):\n    def __init__(self):\n"
    text += "        super().__init__()\n        self.parts = nn.Sequential(nn.Linear(3, 3), Layer(3))\n"
    reason = shapes(repository(tmp_path, text)).parameters
    assert (reason.reason, reason.cause.arguments) == ("incomplete_build", (("detail", "parts"),))
    assert (reason.root().reason, reason.root().arguments) == ("package_not_available", (("detail", "gone.Layer"),))
