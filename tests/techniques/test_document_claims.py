"""Statements of documents: an option's default, a preset's row, a run's numbers; and what leaves them uncertain."""

from __future__ import annotations

import pytest

from analyzer.facts import derive_facts
from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts, Shapes
from analyzer.records.configuration import Configuration, Preset
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Processes
from analyzer.records.source import Repository, SourceFile, Span
from analyzer.records.structure import Structure
from analyzer.records.tensors import (
    Cost,
    CostBasis,
    Dim,
    FormulaVariable,
    ModelInput,
    ModelShapes,
    ModuleRecord,
    ModuleShare,
    ParameterCounts,
    TensorSpec,
    Trace,
)
from analyzer.techniques.claims import all_claims
from analyzer.techniques.claims.arithmetic import find_equations
from analyzer.techniques.claims.beyond import find_beyond
from analyzer.techniques.claims.examples import check_examples
from analyzer.techniques.claims.items import check_items
from analyzer.techniques.claims.sizes import Sizes
from analyzer.techniques.claims.values import LineValues
from analyzer.techniques.claims.versions import check_versions
from tests.techniques.sources import index_of

TRAIN = """
import argparse


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--num-train-steps", type=int, default=150000)
    parser.add_argument("--lr", type=float, default=3e-4)
    parser.add_argument("--aug-types", default="cutout")
    parser.add_argument("--amp", type=bool, default=False)
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--n-heads", type=int, default=8)
    args = parser.parse_args()
    print(args.batch_size, args.num_train_steps, args.lr, args.aug_types, args.amp, args.depth, args.n_heads)


if __name__ == "__main__":
    main()
"""


def told(index: SourceIndex, facts: Facts, shapes: Shapes) -> list[tuple[str, str]]:
    return [(claim.claimed, claim.verdict) for claim in all_claims(index, facts, shapes)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`--batch-size` (default 16) sets it.", [("16", "agree")]),
        ("`--batch-size` sets the batch, default: `16`.", [("16", "agree")]),
        ("Use `--batch-size`, which defaults to 32.", [("32", "differ")]),
        ("The number of steps (`--num-train-steps`, default 150000).", [("150000", "agree")]),
        ("The number of steps (`--num-train-steps`, default 150k).", [("150k", "agree")]),
        ("You can set the batch size (which defaults to `16`).", [("16", "agree")]),
        ("The aug types default to `cutout`.", [("cutout", "agree")]),
        ("`--amp` is off by default.", []),
        ("`--amp` (default: True)", [("True", "differ")]),
        ("`--amp` (default: false)", [("false", "agree")]),
        ("`--lr` and `--batch-size` (default 32)", []),
        ("`--unknown` (default 32)", []),
        ("`--batch-size` defaults to the number of cards.", []),
        ("By default `--batch-size` is read from the file.", []),
        ("- `--batch-size`: default is 16 per GPU", [("16", "agree")]),
        ("Control it with `--lr`. It is set at `0.0003` as default", [("0.0003", "agree")]),
        ("By default, the number of training steps is set to `150000` here.", [("150000", "agree")]),
        ("The model is saved every 1000 iterations by default.", []),
        ("- `--batch-size 10` to change the batch. Default: `16`.", [("16", "agree")]),
        ("- `--batch-size 10` to change the batch. Default: `10`.", [("10", "differ")]),
        ("- `--batch-size` or `--lr`. Default: `10`.", []),
        ("```\n  -b, --batch-size   The batch. Default: 16\n```", [("16", "agree")]),
        ("```\n  --batch-size   The batch. Default: 8\n```", [("8", "differ")]),
        ("Set `--batch-size 64` for speed.", []),
    ],
)
def test_a_default_told_of_an_option(text: str, found: list[tuple[str, str]]) -> None:
    index = index_of(train=TRAIN, README__md=f"# It\n\n{text}\n")
    assert told(index, derive_facts(index), Shapes()) == found


@pytest.mark.parametrize(
    ("title", "row", "found"),
    [
        ("Option | Default", "`--batch-size` | 16", [("16", "agree")]),
        ("Option | Default | Meaning", "`--batch-size` | 8 | images", [("8", "differ")]),
        ("Option | Value", "`--batch-size` | 8", []),
        ("Option | Default", "`--other` | 8", []),
        ("Option | Default", "`--aug-types` | `cutout`", [("cutout", "agree")]),
        ("Option | Default", "`--lr` | 0.0003", [("0.0003", "agree")]),
    ],
)
def test_a_table_of_options(title: str, row: str, found: list[tuple[str, str]]) -> None:
    rule = "|".join("---" for _ in title.split("|"))
    index = index_of(train=TRAIN, README__md=f"# It\n\n| {title} |\n|{rule}|\n| {row} |\n")
    assert told(index, derive_facts(index), Shapes()) == found


@pytest.mark.parametrize(
    ("heading", "text", "found"),
    [
        ("Training", "This trains a 4-layer Transformer with 2 heads, batch size is only 8.",
         [("2", "agree"), ("4", "agree"), ("8", "agree")]),
        ("Training", "Others train with a batch size of 99.", [("99", "unknown")]),
        ("Other\n\nA batch size of 8.", "", [("8", "unknown")]),
        ("Training", "It took 3 days on 8 A100 GPUs, to a loss of 2.85.",
         [("2.85", "unknown"), ("3 days", "unknown"), ("8 A100 GPUs", "unknown")]),
    ],
)  # fmt: skip
def test_sentences_under_a_command_speak_of_its_run(heading: str, text: str, found: list[tuple[str, str]]) -> None:
    command = "```sh\npython train.py --batch-size 8 --depth 4 --n-heads 2\n```\n"
    body = f"# {heading}\n\n{command}\n{text}\n" if text else f"# It\n\n{command}\n# {heading}\n"
    index = index_of(train=TRAIN, README__md=body)
    claims = told(index, derive_facts(index), Shapes())
    assert claims[0] == ("--batch-size --depth --n-heads", "agree") and claims[1:] == found


SIZES = "sizes = {\n    'small': dict(n=2),\n    'large': dict(n=4),\n}\n"


def presets(index: SourceIndex) -> Facts:
    """Two presets of one value; `small` was built, `large` fills the formula of the main model."""
    found = tuple(
        Preset(name, "C", (("n", Known(value, (index.span("a.py", line),), "read")),), index.span("a.py", line))
        for name, value, line in (("small", 2, 2), ("large", 4, 3))
    )
    return Facts(index.repository, (), Structure(), Configuration(presets=found), Processes())


def built(where: Span, total: int, *, main: bool = False) -> ModelShapes:
    counts = Known(ParameterCounts(total, total, total), (where,), "counted")
    modules = (ModuleRecord("wte", "Embedding", 10_000_000, 10_000_000, detail="100, 100000"),)
    variables = (FormulaVariable("n", 2, 1, 4), FormulaVariable("v", 10, 5, 20))
    cost = Cost(Known(total, (where,), "counted"), "20000000*n + 1000000*v", "weights", CostBasis("", ""), variables)
    shares = (ModuleShare("wte", "Embedding", 1, 10_000_000, "1000000*v"),)
    costs = (("parameters", cost),) if main else ()
    return ModelShapes(
        "M",
        "a.py:M",
        main,
        where,
        "M(2)",
        "preset",
        where,
        (),
        counts,
        modules,
        costs=costs,
        shares=shares if main else (),
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`small` (50M) is quick.", [("50M", "agree")]),
        ("The Small (40M) is quick.", [("40M", "agree")]),
        ("`small` (51M) is quick.", [("51M", "unknown")]),
        ("`large` (90M) is slow.", [("90M", "agree")]),
        ("`large` (80M) is slow.", [("80M", "agree")]),
        ("`large` (70M) is slow.", [("70M", "unknown")]),
        ("`huge` (1B) is slower.", [("1B", "unknown")]),
        ("A model of 50M parameters.", [("50M", "unknown")]),
        ("| model | params |\n| --- | --- |\n| small | 50M |", [("50M", "agree")]),
        ("| model | params |\n| --- | --- |\n| small | 60M |", [("60M", "differ")]),
        ("| model | params (M) |\n| --- | --- |\n| small | 50 |", [("50M", "agree")]),
        ("| model | params |\n| --- | --- |\n| large | 60M |", [("60M", "unknown")]),
        ("| model | n |\n| --- | --- |\n| small | 2 |", [("2", "agree")]),
        ("| model | n |\n| --- | --- |\n| small | 3 |", [("3", "differ")]),
        ("| model | heads |\n| --- | --- |\n| small | 3 |", []),
        ("| model | n |\n| --- | --- |\n| medium | 3 |", [("3", "unknown")]),
        ("## References\n\n| model | n |\n| --- | --- |\n| small | 3 |", [("3", "unknown")]),
    ],
)
def test_the_size_and_the_values_of_a_named_preset(text: str, found: list[tuple[str, str]]) -> None:
    index = index_of(a=SIZES, README__md=f"# It\n\n{text}\n")
    base = built(index.span("a.py", 1), 50_000_000, main=True)
    shapes = Shapes(models=(base,), presets=(built(index.span("a.py", 2), 50_000_000),))
    assert told(index, presets(index), shapes) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("~50M parameters", [("~50M", "agree")]),
        ("~80M parameters", [("~80M", "unknown")]),
        ("50M parameters and more", []),
    ],
)
def test_the_text_of_a_presets_own_dictionary(text: str, found: list[tuple[str, str]]) -> None:
    index = index_of(a=SIZES, b=f"TEXTS = {{'small': {{'about': '{text}'}}}}\n")
    shapes = Shapes(presets=(built(index.span("a.py", 2), 50_000_000),))
    assert told(index, presets(index), shapes) == found


def test_a_size_from_the_formula_says_what_it_took_over_and_cannot_refute() -> None:
    index = index_of(a=SIZES)
    sizes = Sizes(presets(index), Shapes(models=(built(index.span("a.py", 1), 50_000_000, main=True),)))
    large = sizes.named("LARGE")
    assert large is not None
    assert (large.total, large.exact, large.taken) == (90_000_000, False, "v = 10")
    assert large.others == (("without wte", 80_000_000),)


@pytest.mark.parametrize(
    ("cells", "verdicts"),
    [
        ("6 | 8 | 16", ["agree", "agree", "agree"]),
        ("6 | 8 | 32", ["unknown", "unknown", "unknown"]),
        ("12 | 12 | 64", ["unknown", "unknown", "unknown"]),
    ],
)
def test_a_row_of_an_unknown_name_counts_where_all_of_it_is_one_tables(cells: str, verdicts: list[str]) -> None:
    table = f"| model | layers | heads | batch size |\n|---|---|---|---|\n| ours | {cells} |\n"
    index = index_of(train=TRAIN, README__md=f"# It\n\n{table}")
    assert [verdict for _, verdict in told(index, derive_facts(index), Shapes())] == verdicts


DIVIDING = """
import os

steps = 40
world_size = int(os.environ["WORLD_SIZE"])
assert steps % world_size == 0
steps //= world_size
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("torchrun --nproc_per_node=8 train.py", [("--nproc_per_node=8", "agree")]),
        ("torchrun --nproc-per-node 8 --nnodes 2 train.py", [("--nproc_per_node=8 --nnodes=2", "differ")]),
        ("python -m torch.distributed.launch --nproc_per_node=3 train.py", [("--nproc_per_node=3", "differ")]),
        ("torchrun --nproc_per_node=8 --nnodes=2 train.py --steps=32", [("--nproc_per_node=8 --nnodes=2", "agree")]),
        ("torchrun --nproc_per_node=N train.py", []),
        ("torchrun --nproc_per_node=3 other.py", []),
        ("torchrun --nproc_per_node=3 train.py settings.yaml", []),
        ("python train.py", []),
    ],
)
def test_processes_that_a_command_starts_must_divide_what_the_file_demands(
    text: str, found: list[tuple[str, str]]
) -> None:
    index = index_of(train=DIVIDING, README__md=f"# It\n\n```sh\n{text}\n```\n")
    assert told(index, derive_facts(index), Shapes()) == found


@pytest.mark.parametrize("more", ["steps = 48\n", "steps += 8\n"])
def test_what_is_set_again_above_the_demand_is_not_told(more: str) -> None:
    source = DIVIDING.replace("world_size = ", f"{more}world_size = ", 1)
    index = index_of(train=source, README__md="# It\n\n```sh\ntorchrun --nproc_per_node=3 train.py\n```\n")
    assert told(index, derive_facts(index), Shapes()) == []


@pytest.mark.parametrize(
    ("heading", "command", "found"),
    [
        ("On 4 gpus on 1 node, example:", "--nproc_per_node=4", [("4 gpus on 1 node", "agree")]),
        ("On 4 gpus across 2 nodes:", "--nproc_per_node=8 --nnodes=2", [("4 gpus across 2 nodes", "differ")]),
        ("On 16 GPUs across 2 nodes:", "--nproc_per_node=8 --nnodes=2", [("16 GPUs across 2 nodes", "agree")]),
        ("On 8 GPUs on 2 nodes:", "--nproc_per_node=8 --nnodes=2", [("8 GPUs on 2 nodes", "agree")]),
        ("On 8 GPUs:", "--nproc_per_node=8 --nnodes=2", [("8 GPUs", "unknown")]),
        ("On 8 GPUs:", "--nproc_per_node=4", [("8 GPUs", "differ")]),
        ("We trained on 8 GPUs. Later, run", "--nproc_per_node=4", []),
        ("On 4 GPUs or 8 GPUs:", "--nproc_per_node=4", []),
    ],
)
def test_the_line_above_a_command_tells_how_many_cards_it_uses(
    heading: str, command: str, found: list[tuple[str, str]]
) -> None:
    index = index_of(train=f'"""Trains.\n\n{heading}\n$ torchrun {command} train.py\n"""\n')
    assert told(index, derive_facts(index), Shapes()) == found


@pytest.mark.parametrize(
    ("lines", "sizes", "found"),
    [
        ("y = net(x)  # (1, 1000)", (2, 1000), [("(1, 1000)", "agree")]),
        ("y = net(torch.randn(4, 3))  # (4, 1000)", (2, 1000), [("(4, 1000)", "agree")]),
        ("y = net(torch.randn((4, 3)))  # (4, 1000)", (2, 1000), [("(4, 1000)", "agree")]),
        ("y = net(x) # (1, 10) class scores", (2, 1000), [("(1, 10)", "differ")]),
        ("y = net(x)  # (2, 10)", (2, 1000), [("(2, 10)", "differ")]),
        ("y = net(x)  # (1, 3, 1000)", (2, 1000), [("(1, 3, 1000)", "differ")]),
        ("y = net(x)  # (5, 1000)", (5, 1000), [("(5, 1000)", "agree")]),
        ("y = net(x)  # (6, 1000)", (5, 1000), []),
        ("y = net(load())  # (1, 10)", (2, 1000), []),
        ("y = net(torch.randn(1, 4))  # (1, 10)", (2, 1000), []),
        ("y = net(torch.randn(1, n))  # (1, 10)", (2, 1000), []),
        ("x = load()\ny = net(x)  # (1, 10)", (2, 1000), []),
        ("y = net(x)  # (batch, classes)", (2, 1000), []),
        ("y = net(x, True)  # (1, 10)", (2, 1000), []),
        ("y, z = net(x)  # (1, 10)", (2, 1000), []),
        ("net = other(net)\ny = net(x)  # (1, 10)", (2, 1000), []),
        ("y = other(x)  # (1, 10)", (2, 1000), []),
        ("y = net(x)  # now see (1, 10)", (2, 1000), []),
        ("y = net(x)  # (1, 10)", (2, None), []),
    ],
)
def test_the_output_that_an_example_states_is_held_against_the_model_it_builds(
    lines: str, sizes: tuple[int | None, ...], found: list[tuple[str, str]]
) -> None:
    """The model was evaluated on `[2, 3]`; the example gives it `[1, 3]`."""
    block = f"net = Net(3)\nx = torch.randn(1, 3)\n{lines}"
    index = index_of(a="x = 1\n", README__md=f"# It\n\n```python\n{block}\n```\n")
    place = index.span("a.py", 1)
    inputs = (ModelInput("x", TensorSpec((Dim(2), Dim(3)), "float32"), "documented_call"),)
    output = TensorSpec(tuple(Dim(size) for size in sizes), "float32")
    trace = Trace("inference", "forward", inputs, (), (), (output,))
    where = index.span("README.md", 4)
    model = ModelShapes("Net", "a.py:Net", True, place, "Net(3)", "user", where, (), Unknown("x"), traces=(trace,))
    assert [(claim.claimed, claim.verdict) for claim in check_examples(index, Shapes(models=(model,)))] == found


@pytest.mark.parametrize(
    ("row", "text", "verdict"),
    [
        ("ours-v3 | 50M | 6 | 8 | 16", "`ours-v3` (50M) is quick.", "agree"),
        ("ours-v3 | 50M | 6 | 8 | 16", "`ours-v3` (60M) is quick.", "unknown"),
        ("ours-v3 | 60M | 6 | 8 | 16", "`ours-v3` (50M) is quick.", "unknown"),
        ("ours-v3 | 50M | 6 | 8 | 32", "`ours-v3` (50M) is quick.", "unknown"),
        ("ours-v3 | 50M | 6 | 8 | 16", "`ours-v2` (50M) is quick.", "unknown"),
    ],
)
def test_a_name_that_a_row_gives_to_the_main_model_serves_elsewhere(row: str, text: str, verdict: str) -> None:
    table = f"| model | params | layers | heads | batch size |\n|---|---|---|---|---|\n| {row} |\n"
    index = index_of(train=TRAIN, README__md=f"# It\n\n{table}\n{text}\n")
    shapes = Shapes(models=(built(index.span("train.py", 1), 50_000_000, main=True),))
    last = max(all_claims(index, derive_facts(index), shapes), key=lambda claim: claim.where)
    assert last.verdict == verdict


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("steps: 64  # 4 * 16 = 64", [("64", "arithmetic")]),
        ("name: 'a # 4 * 16 = 60'", []),
        ("steps: 64  # 4 * 16 = 60", [("60", "differ")]),
    ],
)
def test_comments_of_configuration_files_are_read(line: str, found: list[tuple[str, str]]) -> None:
    found_at = SourceFile("settings.yaml", "config", len(line), 1, "", f"{line}\n")
    index = SourceIndex(Repository("example", "", 1, 1), {"settings.yaml": found_at})
    claims = find_equations(index, LineValues(index, derive_facts(index)))
    assert [(claim.claimed, claim.reason or claim.verdict) for claim in claims] == found


CLASSES = """
class Adam:
    def __init__(self, params, b1=0.9, warmup=-1, name='linear', limit=None):
        self.b1 = b1


class Other:
    def __init__(self, b1=0.5):
        self.b1 = b1


def sample(steps=100):
    return steps
"""


@pytest.mark.parametrize(
    ("heading", "item", "found"),
    [
        ("`Adam`", "- `b1` : its first beta. Default : `0.9`", [("0.9", "agree")]),
        ("2. `Adam`", "- `b1`: its first beta. **Default = 0.9**", [("0.9", "agree")]),
        ("`Adam`", "- `b1`: its first beta. Default: 0.8.", [("0.8", "differ")]),
        ("`Other`", "- `b1` (default: 0.5)", [("0.5", "agree")]),
        ("`sample(steps)`", "* `steps`: default 200.", [("200", "differ")]),
        ("Adam", "- `name`: default 'linear'.", [("'linear'", "agree")]),
        ("`Adam`", "- `limit`: Default: None", [("None", "agree")]),
        ("`Adam`", "- `limit`: Default: 3.", []),
        ("`Adam`", "- `b2`: Default: 0.9.", []),
        ("`Adam`", "The default of `b1` is 0.8.", []),
        ("About Adam", "- `b1`: Default: 0.8.", []),
        ("`Missing`", "- `b1`: Default: 0.8.", []),
        ("`Adam`", "- `b1`: default 0.8. Elsewhere the default is another.", []),
    ],
)
def test_a_list_of_parameters_under_the_name_of_its_class(
    heading: str, item: str, found: list[tuple[str, str]]
) -> None:
    index = index_of(a=CLASSES, README__md=f"# It\n\n### {heading}\n\n{item}\n")
    assert [(claim.claimed, claim.verdict) for claim in check_items(index)] == found


def test_a_name_that_two_classes_bear_is_not_told() -> None:
    index = index_of(a=CLASSES, b=CLASSES, README__md="# It\n\n### `Adam`\n\n- `b1`: Default: 0.8.\n")
    assert list(check_items(index)) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Python 3.8+ is needed.", [("3.8", "agree")]),
        ("- python >= 3.8.0", [("3.8.0", "agree")]),
        ("It runs on Python 3.6 or newer.", [("3.6", "differ")]),
        ("Python 3.10+ is recommended.", [("3.10", "unknown")]),
        ("- PyTorch >= 1.12", [("1.12", "agree")]),
        ("PyTorch 1.7+", [("1.7", "differ")]),
        ("torchvision >= 0.9", [("0.9", "unknown")]),
        ("We used Python 3.6.", []),
        ("python3.6+", [("3.6", "differ")]),
        ("ipython 3.6+", []),
    ],
)
def test_the_least_version_that_a_document_promises(text: str, found: list[tuple[str, str]]) -> None:
    project = '[project]\nname = "a"\nrequires-python = ">=3.8,<4"\ndependencies = ["torch>=1.12"]\n'
    files = {
        "pyproject.toml": SourceFile("pyproject.toml", "config", 1, 4, "", project),
        "a.py": SourceFile("a.py", "python", 1, 1, "", "import torch\n"),
        "README.md": SourceFile("README.md", "markdown", 1, 3, "", f"# It\n\n{text}\n"),
    }
    index = SourceIndex(Repository("a", "", 3, 8), files)
    assert [(claim.claimed, claim.verdict) for claim in check_versions(index, derive_facts(index))] == found


def test_columns_of_scores_are_results_and_columns_of_costs_are_not_compared() -> None:
    table = "| model | FID | Gflops |\n|---|---|---|\n| ours | 2.27 | 119 |\n"
    index = index_of(a="x = 1\n", README__md=f"# It\n\n{table}")
    assert [(claim.claimed, claim.reason) for claim in find_beyond(index)] == [
        ("2.27", "measured"),
        ("119", "not_compared"),
    ]
