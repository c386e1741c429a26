"""Models whose sizes stand in no file: shapes in the names of the sizes, no total that rests on an example."""

from textwrap import dedent

import pytest

from analyzer.evaluator import Interpreter
from analyzer.facts import derive_facts
from analyzer.index import open_repository
from analyzer.records.evidence import Known, Unknown
from analyzer.shapes.derivation import ShapesOptions, derive_model_shapes, derive_shapes, find_model
from analyzer.shapes.example_sizes import find_example_builds
from analyzer.shapes.model import derive_model
from analyzer.shapes.requests import ModelRequest

ENCODER = """
from dataclasses import dataclass
import torch
from torch import nn

@dataclass
class Dimensions:
    n_mels: int
    n_ctx: int
    n_state: int
    n_head: int
    n_layer: int

class Block(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
    def forward(self, x):
        q = self.query(x).view(*x.shape[:2], self.heads, -1)
        assert q.shape[-1] * self.heads == x.shape[-1] // self.heads * self.heads
        return x + q.flatten(2)

class Encoder(nn.Module):
    def __init__(self, dims: Dimensions):
        super().__init__()
        self.conv = nn.Conv1d(dims.n_mels, dims.n_state, 3, stride=2, padding=1)
        self.register_buffer("positions", torch.zeros(dims.n_ctx, dims.n_state))
        self.blocks = nn.ModuleList([Block(dims.n_state, dims.n_head) for _ in range(dims.n_layer)])
    def forward(self, mel: torch.Tensor):
        x = self.conv(mel).permute(0, 2, 1)
        assert x.shape[1:] == self.positions.shape
        x = x + self.positions
        for block in self.blocks:
            x = block(x)
        return x
"""
TOKENIZED = """
from dataclasses import dataclass
from torch import nn

@dataclass
class Args:
    dim: int = 32
    vocab_size: int = -1  # set by the tokenizer
    pad_id: int = -1

class Net(nn.Module):
    def __init__(self, args: Args):
        super().__init__()
        self.embed = nn.Embedding(args.vocab_size, args.dim)
        self.head = nn.Linear(args.dim, args.vocab_size)
    def forward(self, tokens, start: int):
        return self.head(self.embed(tokens))[:, start:]
"""


def derived(index, name):
    owner = find_model(index, name)
    builds = find_example_builds(index, owner)
    span = index.span(owner.path, owner.node)
    return derive_model(Interpreter(index), ModelRequest(owner.name, owner.qualified_name, span, builds, main=True))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    home = tmp_path_factory.mktemp("encoder")
    (home / "net.py").write_text(dedent(ENCODER).lstrip(), encoding="utf-8")
    return derived(open_repository(str(home)), "net.py:Encoder")


def test_shapes_stand_in_the_names_of_sizes_that_no_line_states(encoder):
    assert [str(output) for output in encoder.traces[0].output] == ["[B, n_ctx, n_state]"]
    assert str(encoder.traces[0].inputs[0].value) == "[B, n_mels, 2*n_ctx]"


def test_a_build_is_told_without_its_examples(encoder):
    named = ", ".join(f"{size.name}={size.name}" for size in encoder.unstated)
    assert encoder.build_call.endswith(f"Dimensions({named}))")


def test_no_total_and_no_number_rests_on_an_example(encoder):
    assert isinstance(encoder.parameters, Unknown) and encoder.parameters.reason == "sizes_not_in_source"
    assert all(isinstance(cost.value, Unknown) for _, cost in encoder.costs)
    examples = {size.value for size in encoder.unstated}
    assert [dim.value for dim in encoder.traces[0].inputs[0].value.shape] == [2, None, None]
    shapes = (tensor for row in encoder.traces[0].rows for target in row.targets for tensor in target.tensors)
    bare = {dim.value for tensor in shapes for dim in tensor.shape if dim.expression is None}
    assert not {value for value in bare if value and any(value % example == 0 for example in examples)}


HALVED = """
        half = x[..., : x.shape[-1] // 2]
        q ="""


def test_no_name_divides_by_an_example_in_disguise(repository):
    """The head counts cannot be probed: the code accepts one value alone, which two halvings divide by as well."""
    text = ENCODER.replace("\n        q =", HALVED).replace(
        "self.heads = heads", "assert heads == 4; self.heads = heads"
    )
    rows = derived(repository({"net.py": text}), "net.py:Encoder").traces[0].rows
    targets = {target.name: str(target.tensors[0]) for row in rows for target in row.targets}
    assert targets["half"] == "[B, n_ctx, n_state//2]"
    assert targets["q"] == "[B, n_ctx, ?, ?]"


def test_examples_are_told_with_the_lines_that_declare_them(encoder):
    assert [(size.name, size.where.first_line) for size in encoder.unstated] == [
        ("n_mels", 7), ("n_ctx", 8), ("n_state", 9), ("n_head", 10), ("n_layer", 11),
    ]  # fmt: skip


def test_a_size_that_the_tokenizer_sets_later_is_open_and_nothing_else(repository):
    model = derived(repository({"net.py": TOKENIZED}), "net.py:Net")
    assert [size.name for size in model.unstated] == ["vocab_size"]
    assert [str(output) for output in model.traces[0].output] == ["[B, T, vocab_size]"]
    assert [str(item.value) for item in model.traces[0].inputs] == ["[B, T]", "0"]


@pytest.mark.parametrize(
    ("argument", "use"),
    [
        ("mode: str", "nn.Linear(width, width) if mode else None"),
        ("rate: float", "nn.Linear(width, int(width * rate))"),
        ("rate", "nn.Dropout(rate) if rate > 0.5 else None"),
        ("bias: bool", "nn.Linear(width, width, bias)"),
        ("deep", "nn.Linear(width, width) if deep else None"),
        ("layers: list", "nn.Linear(width, layers[0])"),
    ],
)
def test_only_sizes_are_filled(repository, argument, use):
    source = f"""
    from torch import nn
    class Net(nn.Module):
        def __init__(self, width: int, {argument}):
            super().__init__()
            self.a = nn.Linear(width, width)
            self.b = {use}
    """
    index = repository({"net.py": source})
    assert find_example_builds(index, find_model(index, "net.py:Net")) == ()


def test_a_model_whose_sizes_are_all_stated_gets_no_example(repository):
    source = "from torch import nn\nclass Net(nn.Module):\n    def __init__(self, n: int = 3): ...\n"
    index = repository({"net.py": source})
    assert find_example_builds(index, find_model(index, "net.py:Net")) == ()


def test_equal_sizes_are_found_where_distinct_ones_do_not_fit(repository):
    source = """
    from torch import nn
    class Net(nn.Module):
        def __init__(self, enc_width: int, dec_width: int):
            super().__init__()
            self.a = nn.Linear(enc_width, enc_width)
            self.b = nn.Linear(dec_width, dec_width)
        def forward(self, x):
            return self.b(self.a(x))
    """
    model = derived(repository({"net.py": source}), "net.py:Net")
    assert len({size.value for size in model.unstated}) == 1
    assert str(model.traces[0].output[0]) in ("[B, enc_width]", "[B, dec_width]")


@pytest.mark.usefixtures("evaluated_here")
def test_a_stated_build_is_preferred(repository):
    source = TOKENIZED.replace("vocab_size: int = -1", "vocab_size: int = 11")
    index = repository({"net.py": source})
    owner = find_model(index, "net.py:Net")
    assert find_example_builds(index, owner) == ()
    assert isinstance(derive_model_shapes(index, ShapesOptions(model="net.py:Net")).parameters, Known)


AWAITED = TOKENIZED.replace("vocab_size: int = -1", "vocab_size: int | None = None")


def test_a_size_that_waits_for_the_tokenizer_gets_an_example(repository):
    model = derived(repository({"net.py": AWAITED}), "net.py:Net")
    assert [size.name for size in model.unstated] == ["vocab_size"]
    assert str(model.traces[0].output[0]).endswith("vocab_size]")


@pytest.mark.parametrize("asked", ["if args.vocab_size is None: raise_ = 1", "size = args.vocab_size or 7"])
def test_a_size_that_the_code_can_do_without_is_not_awaited(repository, asked):
    source = AWAITED.replace("super().__init__()", f"super().__init__()\n        {asked}")
    index = repository({"net.py": source})
    assert find_example_builds(index, find_model(index, "net.py:Net")) == ()


CHECK = "from net import Args, Net\ndef test_net():\n    net = Net(Args(vocab_size=5))\n"


def main_model(index):
    return derive_shapes(index, derive_facts(index), ShapesOptions()).models[0]


@pytest.mark.usefixtures("evaluated_here")
def test_what_a_test_makes_up_comes_last(repository):
    model = main_model(repository({"net.py": AWAITED, "tests/test_net.py": CHECK}))
    assert model.build_origin == "example_sizes"
    assert "vocab_size=5" not in model.build_expression


@pytest.mark.usefixtures("evaluated_here")
def test_where_nothing_else_builds_a_test_does(repository):
    source = AWAITED.replace("    dim: int = 32\n", "    dim: object = None\n").replace("args.dim", "args.dim.size")
    made = "from net import Args, Net\nclass Dim:\n    size = 6\ndef test_net():\n    net = Net(Args(Dim, 5))\n"
    model = main_model(repository({"net.py": source, "tests/test_net.py": made}))
    assert isinstance(model.parameters, Known)
    assert model.parameters.value.total == 5 * 6 + 6 * 5 + 5


HANDED = """
from typing import Optional, Tuple, Union
from torch import nn

class Block(nn.Module):
    def __init__(self, width, heads, drop):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, dropout=drop)
        self.drop = nn.Dropout(drop)
    def forward(self, x):
        return self.drop(self.attention(x, x, x)[0])

class Tokens(nn.Embedding):
    def __init__(self, size, width):
        super().__init__(size, width, padding_idx=0)

class Net(nn.Module):
    def __init__(self, vocab, dim, depth, num_heads, dropout, layers: Union[int, Tuple[int, int]]):
        super().__init__()
        self.embed = Tokens(size=vocab, width=dim)
        if isinstance(layers, tuple):
            raise ValueError("the other form")
        self.blocks = nn.Sequential(*[Block(dim, num_heads, dropout) for _ in range(depth + layers)])
    def forward(self, tokens):
        return self.blocks(self.embed(tokens))
"""


def test_a_size_is_known_by_what_receives_it(repository):
    model = derived(repository({"net.py": HANDED}), "net.py:Net")
    assert [size.name for size in model.unstated] == ["vocab", "dim", "depth", "num_heads", "layers"]
    assert "dropout=0.1" in model.build_expression
    assert [str(output) for output in model.traces[0].output] == ["[B, T, dim]"]


def test_heads_of_a_fixed_width_are_found(repository):
    source = """
    from torch import nn
    class Net(nn.Module):
        def __init__(self, first: int, width: int):
            super().__init__()
            self.inner = nn.Linear(first, width)
            self.attention = nn.MultiheadAttention(width, width // 64, batch_first=True)
        def forward(self, x):
            y = self.inner(x)
            return self.attention(y, y, y)[0]
    """
    model = derived(repository({"net.py": source}), "net.py:Net")
    assert [str(output) for output in model.traces[0].output] == ["[B, width]"]


def test_costs_stand_in_names_where_no_size_is_stated(encoder):
    cost = dict(encoder.costs)["parameters"]
    assert isinstance(cost.value, Unknown)
    assert cost.formula == "n_layer*(n_state**2 + n_state) + 3*n_mels*n_state + n_state"
    assert not cost.variables  # the values that it was derived at are examples


def test_repeated_blocks_are_counted_by_the_name_that_says_how_often(encoder):
    assert dict(encoder.repetitions) == {"blocks.0": "n_layer"}


def test_no_formula_rests_on_an_example_that_could_not_vary(repository):
    demand = 'if dims.n_mels != 120: raise ValueError("mels")\n        self.conv ='
    model = derived(repository({"net.py": ENCODER.replace("self.conv =", demand)}), "net.py:Encoder")
    cost = dict(model.costs)["parameters"]
    assert cost.formula is None and cost.no_formula.reason == "formula_rests_on_example"
