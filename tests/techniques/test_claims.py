"""Claims agree, differ or are left alone; nothing is claimed where the subject is not certain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.records.bundles import Facts, Shapes
from analyzer.records.configuration import ConfigTable, Configuration, ConfigValue, Preset
from analyzer.records.evidence import Known
from analyzer.records.processes import Processes
from analyzer.records.source import Span
from analyzer.records.structure import EntryPoint, Structure
from analyzer.records.tensors import Dim, ModelShapes, ParameterCounts, ShapeRow, ShapeTarget, TensorSpec, Trace
from analyzer.techniques.claims import all_claims
from analyzer.techniques.claims.commands import check_commands
from analyzer.techniques.claims.figures import figure_of, is_rounding
from analyzer.techniques.claims.shape_comments import audit_comments, stated_shape
from analyzer.techniques.claims.shape_docstrings import audit_docstrings
from tests.techniques.sources import index_of


def facts_with(index: object, configuration: Configuration) -> Facts:
    return Facts(index.repository, (), Structure(), configuration, Processes())  # type: ignore[attr-defined]


def model(total: int = 0, where: Span | None = None, traces: tuple[Trace, ...] = ()) -> ModelShapes:
    place = where or Span("a.py", 1, 1)
    counts = Known(ParameterCounts(total, total, total), (place,), "counted")
    return ModelShapes("M", "a.py:M", True, place, "M()", "preset", where, (), counts, traces=traces)


@pytest.mark.parametrize(
    ("number", "unit", "total", "expected"),
    [
        ("124", "M", 124_439_808, True),
        ("1.5", "B", 1_557_611_200, True),
        ("1558", "M", 1_557_611_200, True),
        ("117", "M", 124_439_808, False),
        ("0.5", "K", 512, True),
    ],
)
def test_a_count_agrees_when_it_rounds_to_the_claim(number: str, unit: str, total: int, expected: bool) -> None:
    figure = figure_of(number + unit)
    assert figure is not None and is_rounding(figure, total) is expected


@pytest.mark.parametrize(("total", "verdict"), [(124_439_808, "agree"), (99_000_000, "differ")])
def test_the_comment_on_a_presets_line_is_held_against_its_count(total: int, verdict: str) -> None:
    index = index_of(a="sizes = {\n    'small': dict(n=12),  # 124M params\n}\n")
    where = index.span("a.py", 2)
    configuration = Configuration(presets=(Preset("small", "C", (), where),))
    claims = all_claims(index, facts_with(index, configuration), Shapes(presets=(model(total, where),)))
    assert [(c.verdict, c.derived) for c in claims] == [(verdict, f"{total:,}")]


def test_a_table_row_named_after_a_preset_is_held_against_its_count() -> None:
    readme = "| model | params |\n| --- | --- |\n| small | 124M |\n| other | 7B |\n"
    index = index_of(a="sizes = {'small': 1}\n", README__md=readme)
    where = index.span("a.py", 1)
    configuration = Configuration(presets=(Preset("small", "C", (), where),))
    claims = all_claims(index, facts_with(index, configuration), Shapes(presets=(model(90_000_000, where),)))
    assert [(c.verdict, str(c.where)) for c in claims] == [("differ", "README.md:3"), ("unknown", "README.md:4")]


@pytest.mark.parametrize(
    ("help_text", "value", "verdicts"),
    [
        ("learning rate (default: 0.1)", 0.1, ["agree"]),
        ("learning rate (default: 0.1)", 0.01, ["differ"]),
        ("device, defaults to cuda", "cpu", ["differ"]),
        ("use it, default: True", False, ["differ"]),
        ("the end, where the last defaults to the end of the file", "0", []),
        ("no default is given here", 3, []),
        ("size (default: see the paper)", 3, []),
    ],
)
def test_a_stated_default_is_held_against_the_real_one(help_text: str, value: object, verdicts: list[str]) -> None:
    index = index_of(a="x = 1\n")
    where = index.span("a.py", 1)
    entry = ConfigValue("x", repr(value), Known(value, (where,), "read"), where, help=help_text)
    configuration = Configuration((ConfigTable("args", "argparse", where, (entry,)),))
    assert [c.verdict for c in all_claims(index, facts_with(index, configuration), Shapes())] == verdicts


@pytest.mark.parametrize(
    ("comment", "verdicts"),
    [
        ("12 batch size * 1024 block size * 5 gradaccum * 8 GPUs = 491,520", ["arithmetic"]),
        ("4 * 16 = 60", ["differ"]),
        ("about 4 * 16 = ~60", ["differ"]),
        ("scale = 2 * x", []),
        ("see section 3.2", []),
    ],
)
def test_arithmetic_in_comments_is_computed(comment: str, verdicts: list[str]) -> None:
    index = index_of(a=f"x = 1  # {comment}\n")
    claims = all_claims(index, facts_with(index, Configuration()), Shapes())
    assert [claim.reason or claim.verdict for claim in claims] == verdicts


def test_what_a_test_calculates_is_no_claim_of_the_repository() -> None:
    index = index_of(test_a="def test_size():\n    pass  # 4 * 16 = 60\n")
    assert all_claims(index, facts_with(index, Configuration()), Shapes()) == ()


@pytest.mark.parametrize(
    ("comment", "parts"),
    [
        ("(B, nh, T, hs)", ("B", "nh", "T", "hs")),
        ("token embeddings of shape (b, t, n_embd)", ("b", "t", "n_embd")),
        ("(B, T, C) -> (B, T, 3 * C)", ("B", "T", "3 * C")),
        ("[B, 3, 224, 224]", ("B", "3", "224", "224")),
        ("(N, T, D), where T = H * W / patch_size ** 2", ("N", "T", "D")),
        ("calls f(x, y)", None),
        ("either (B, T) or (T, B)", None),
        ("see the paper (Smith, Jones)", None),
        ("(optional)", None),
    ],
)
def test_a_shape_is_read_only_where_the_comment_states_one(comment: str, parts: tuple[str, ...] | None) -> None:
    assert stated_shape(comment) == parts


@pytest.mark.parametrize(
    ("comment", "shape", "verdicts"),
    [
        ("(B, T, C)", (2, 16, 64), ["agree"]),
        ("(B, T)", (2, 16, 64), ["differ"]),
        ("(B, 16, 32)", (2, 16, 64), ["differ"]),
        ("(B, T, T)", (2, 16, 16), ["agree"]),
        ("(B, T, T)", (2, 16, 64), ["differ"]),
    ],
)
def test_a_shape_comment_is_held_against_the_evaluated_line(
    comment: str, shape: tuple[int, ...], verdicts: list[str]
) -> None:
    index = index_of(a=f"def f(x):\n    y = g(x)  # {comment}\n")
    spec = TensorSpec(tuple(Dim(size) for size in shape), "float32")
    row = ShapeRow(index.span("a.py", 2), "y = g(x)", "", ("",), "M", "forward", 1, (ShapeTarget("y", (spec,)),))
    trace = Trace("inference", "forward", (), (row,), (), ())
    assert [c.verdict for c in audit_comments(index, Shapes(models=(model(traces=(trace,)),)))] == verdicts


@pytest.mark.parametrize(
    ("command", "claimed"),
    [
        ("python train.py --rate 0.1 --seed=3", ["--rate --seed"]),
        ("python train.py --rate 0.1 --sead 3", ["--sead"]),
        ("torchrun --nproc 8 train.py --rate 0.1", ["--rate"]),
        ("python train.py --mode fast", ["--mode"]),
        ("python train.py --mode=slow", ["--mode"]),
        ("python train.py --mode medium", ["--mode medium"]),
        ("python train.py --mode $MODE", ["--mode"]),
        ("python train.py --mode MODE", ["--mode"]),
        ("python train.py --count 3", ["--count 3"]),
        ("python train.py --free medium", ["--free"]),
        ("python other.py --sead 3", []),
        ("python train.py --sead 3 | tee log", []),
    ],
)
def test_options_of_a_command_are_held_against_the_parser_it_starts(command: str, claimed: list[str]) -> None:
    added = (
        "parser.add_argument('--mode', choices=['fast', 'slow'])\n"
        "parser.add_argument('--count', type=int, choices=(1, 2))\nparser.add_argument('--free', choices=modes())\n"
    )
    index = index_of(train=f"parser = make()\n{added}")
    where = index.span("train.py", 1)
    names = ("rate", "seed", "mode", "count", "free")
    values = tuple(ConfigValue(name, "1", Known(1, (where,), "read"), where) for name in names)
    configuration = Configuration((ConfigTable("args", "argparse", where, values),))
    entry = EntryPoint("README.md", "readme", where, command, "train.py")
    facts = Facts(index.repository, (), Structure(entry_points=(entry,)), configuration, Processes())
    assert [claim.claimed for claim in check_commands(index, facts)] == claimed


@pytest.mark.parametrize(
    ("source", "claimed"),
    [
        ("parser = argparse.ArgumentParser()\nargs = parser.parse_args()\n", ["--sead"]),
        ("parser = argparse.ArgumentParser()\nargs, rest = parser.parse_known_args()\n", []),
        ("parser = argparse.ArgumentParser(parents=[base])\n", []),
        ("parser = argparse.ArgumentParser()\nadd_more(parser)\n", []),
        ("parser = argparse.ArgumentParser()\nTrainer.add_args(parent=parser)\n", []),
        ("parser = argparse.ArgumentParser()\nparts = parser.add_subparsers()\n", []),
    ],
)
def test_an_option_is_unknown_only_where_the_whole_parser_stands_in_the_file(source: str, claimed: list[str]) -> None:
    index = index_of(train=source)
    where = index.span("train.py", 1)
    values = (ConfigValue("rate", "1", Known(1, (where,), "read"), where),)
    configuration = Configuration((ConfigTable("args", "argparse", where, values),))
    entry = EntryPoint("README.md", "readme", where, "python train.py --rate 1 --sead 3", "train.py")
    facts = Facts(index.repository, (), Structure(entry_points=(entry,)), configuration, Processes())
    assert [claim.claimed for claim in check_commands(index, facts)] == claimed


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["x: (N, T, p**2 * C)", "imgs: (N, C, H, W)"], [("(N, C, H, W)", "agree")]),
        (["x: (N, T, p**2 * C)", "imgs: (N, H, W, C)"], [("(N, H, W, C)", "differ")]),
        (["x: (N, T, p**2 * C)", "imgs: (N, K, H, W)"], [("(N, K, H, W)", "agree")]),
        (["x: (N, T, p**2 * C)", "imgs: (M, K, H, W)"], []),
        (["x: (N, T, p**2 * C)", "imgs: (T, K, H, W)"], []),
        (["imgs: (N, H, W, C)"], []),
        (["imgs: (N, 8, 32, 32)"], [("(N, 8, 32, 32)", "agree")]),
        (["imgs: (N, 32, 32, 8)"], [("(N, 32, 32, 8)", "differ")]),
        (["imgs: (N, 16, 64, 64)"], []),
        (["imgs: (N, C, L)"], [("(N, C, L)", "differ")]),
        (["x: (N, L)"], []),
        ([":param Tensor x: shape (N, T, 32)"], [("(N, T, 32)", "agree")]),
        (["other: (N, 8)"], []),
        (["imgs: the pictures (see the paper, page 3)"], []),
    ],
)
def test_shapes_of_a_docstring_are_held_against_its_function(lines: list[str], found: list[tuple[str, str]]) -> None:
    text = "".join(f"    {line}\n" for line in lines)
    index = index_of(a=f'def f(x):\n    """Makes pictures.\n\n{text}    """\n    imgs = g(x)\n    return imgs\n')
    shapes = {"def f(x):": ("x", (2, 256, 32), 1), "imgs = g(x)": ("imgs", (2, 8, 32, 32), len(lines) + 5)}
    rows = []
    for code, (name, sizes, line) in shapes.items():
        target = ShapeTarget(name, (TensorSpec(tuple(Dim(size) for size in sizes), "float32"),))
        rows.append(ShapeRow(index.span("a.py", line), code, "", ("",), "M", "f", 1, (target,)))
    trace = Trace("inference", "forward", (), tuple(rows), (), ())
    evaluated = replace(model(traces=(trace,)), variables=(("p", 2),))
    assert [(c.claimed, c.verdict) for c in audit_docstrings(index, Shapes(models=(evaluated,)))] == found
