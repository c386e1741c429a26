"""Numbers in comments: told only where the line itself says what they speak of, and never wrong by guess."""

from __future__ import annotations

import pytest

from analyzer.facts import derive_facts
from analyzer.records.bundles import Shapes
from analyzer.techniques.claims import all_claims
from analyzer.techniques.claims.arithmetic import find_equations
from analyzer.techniques.claims.figures import figure_of, judged
from analyzer.techniques.claims.values import LineValues
from tests.techniques.sources import index_of


def claims_of(**files: str) -> list[tuple[str, str]]:
    index = index_of(**files)
    return [(claim.claimed, claim.verdict) for claim in all_claims(index, derive_facts(index), Shapes())]


@pytest.mark.parametrize(
    ("stated", "actual", "verdict"),
    [
        ("124M", 124_439_808, "agree"),
        ("350M", 354_823_168, "agree"),
        ("1.5B", 1_557_611_200, "agree"),
        ("1.3B", 1_557_611_200, "differ"),
        ("117M", 124_439_808, "differ"),
        ("100M", 124_439_808, "differ"),
        ("~120M", 124_439_808, "agree"),
        ("~115M", 124_439_808, "unknown"),
        ("~0.5M", 491_520, "agree"),
        ("0.1B", 63_912_192, "agree"),
        ("300B", 294_912_000_000, "agree"),
        ("1000", 1000, "agree"),
        ("1000", 1024, "differ"),
        ("1024", 1000, "differ"),
        ("6e-4", 6e-4, "agree"),
        ("6e-4", 6.4e-4, "differ"),
        ("0.02", 0.019, "differ"),
    ],
)
def test_a_figure_agrees_with_what_rounds_to_it(stated: str, actual: float, verdict: str) -> None:
    figure = figure_of(stated)
    assert figure is not None and judged(figure, actual) == verdict


@pytest.mark.parametrize("text", ["", "12 layers", "GPT", "3x3", "1.2.3", "v2", "10%"])
def test_what_is_no_single_number_is_no_figure(text: str) -> None:
    assert figure_of(text) is None


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("12 batch size * 1024 block size * 5 gradaccum * 8 GPUs = 491,520", [("491,520", "arithmetic")]),
        ("1 batch_size * 32 grad_accum * 1024 tokens = 32,768 tokens/iter", [("32,768", "arithmetic")]),
        ("480000 = 30 * 16000", [("480000 = 30 * 16000", "arithmetic")]),
        ("2 * 264 = 3 * 176", [("2 * 264 = 3 * 176", "arithmetic")]),
        ("2 * 264 = 528 = 3 * 176", [("2 * 264 = 528 = 3 * 176", "arithmetic")]),
        ("2 * 264 = 3 * 177", [("2 * 264 = 3 * 177", "differ")]),
        ("224 / 16 = 14", [("14", "arithmetic")]),
        ("1/3 = 0.33", [("0.33", "arithmetic")]),
        ("32 * 32 * 3 = 3k", [("3k", "arithmetic")]),
        ("4 * 16 = 60", [("60", "differ")]),
        ("10 - 4 * 2 = 2", []),
        ("2 ** 3 = 8", []),
        ("8 = 2^3 * 1", []),
        ("(1 + 1) * 2 = 4", []),
        ("f(4) * 3 = 12", []),
        ("4 * 16 = 128 with 2 steps", [("128", "not_told")]),
        ("12:30 + 1 = 32", []),
        ("y = 3 * 4", []),
        ("x = 5", []),
        ("3 x 224 x 224 = input", []),
        ("a 4 * 16 = 64x speed-up", []),
    ],
)
def test_both_sides_of_an_equation_are_computed(comment: str, found: list[tuple[str, str]]) -> None:
    index = index_of(a=f"x = 1  # {comment}\n")
    claims = find_equations(index, LineValues(index, derive_facts(index)))
    assert [(claim.claimed, claim.reason or claim.verdict) for claim in claims] == found


@pytest.mark.parametrize(
    ("comment", "lines"),
    [
        ("12 batch size * 1024 block size * 5 gradaccum * 8 GPUs = 491,520", [2, 3, 4]),
        ("12 batch * 1024 block = 12288", [2, 3]),
        ("12 batch * 1024 tokens = 12288", []),
        ("12 block * 1024 batch = 12288", []),
        ("16 batch * 1024 block = 16384", []),
        ("12 batch * 1024 block * 6 gradaccum * 8 GPUs = 589,824", []),
    ],
)
def test_a_product_of_the_files_settings_is_borne_out_by_their_lines(comment: str, lines: list[int]) -> None:
    index = index_of(a=f"# {comment}\nbatch_size = 12\nblock_size = 1024\ngradient_accumulation_steps = 5 * 8\n")
    (claim,) = find_equations(index, LineValues(index, derive_facts(index)))
    assert [span.first_line for span in claim.derived_where] == lines
    assert claim.verdict == ("agree" if lines else "unknown")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("N_SAMPLES = CHUNK * RATE  # 480000 samples in a 30-second chunk", [("480000", "agree")]),
        ("N_SAMPLES = CHUNK * RATE  # = 480000", [("480000", "agree")]),
        ("N_SAMPLES = CHUNK * RATE  # = 490000", [("490000", "differ")]),
        ("N_SAMPLES = CHUNK * RATE  # 2 is enough for most", []),
        ("N_SAMPLES = CHUNK * RATE  # CHUNK * 16000", [("CHUNK * 16000", "agree")]),
        ("min_rate = 1600  # RATE / 10 usually", [("RATE / 10", "agree")]),
        ("min_rate = 1700  # RATE / 10 usually", []),
        ("limit = 30  # should be ~= CHUNK", [("CHUNK", "agree")]),
        ("limit = 31  # should be ~= CHUNK", []),
        ("FRAMES_PER_SECOND = RATE // 160  # 10ms per frame", [("10ms per frame", "agree")]),
        ("FRAMES_PER_SECOND = RATE // 160  # 20ms per frame", []),
        ("vocab_size = 50304  # 50257, padded up to nearest multiple of 64", [
            ("50257, padded up to nearest multiple of 64", "agree")]),
        ("vocab_size = 50300  # 50257, padded up to nearest multiple of 64", [
            ("50257, padded up to nearest multiple of 64", "unknown")]),
        ("config['vocab_size'] = 50257  # always 50257 for checkpoints", [("50257", "agree")]),
        ("config['vocab_size'] = 50257  # always 50304 for checkpoints", []),
        ("size = 512  # was supposed to be 512", []),
        ("size = 512  # 256 -> 512", []),
        ("n_layer = 12  # 12 layers", [("12", "agree")]),
        ("n_layer = 6  # 12 layers", [("12", "differ")]),
        ("n_layer = 6  # 12 layers in the paper", [("12", "unknown")]),
        ("n_layer = 6  # 12 layers or 24 layers", []),
        ("n_layer = 6  # 12 layers give better scores", [("12", "unknown")]),
        ("n_layer = 6  # 12 layers for the large one", [("12", "unknown")]),
        ("n_layer = 6  # was 12 layers", [("12", "unknown")]),
        ("width = CHUNK * 2  # 12 layers", [("12", "unknown")]),
        ("stride = compute(CHUNK)  # frames per token: 2", []),
        ("seed = 1337  # any number", []),
        ("a, b = 3, 4  # 3 layers", []),
    ],
)  # fmt: skip
def test_a_comment_behind_a_value(line: str, found: list[tuple[str, str]]) -> None:
    assert claims_of(a=f"CHUNK = 30\nRATE = 16000\nconfig = {{}}\n{line}\n") == found


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("Adam, betas=(0.9, 0.999)", [("betas=(0.9, 0.999)", "agree")]),
        ("A constant learning rate of 1e-4", [("1e-4", "agree")]),
        ("lr=1e-4 works", [("lr=1e-4", "agree")]),
        ("lr=1e-3 works, too", []),
        ("betas=(0.9, 0.95) in the paper", []),
        ("a learning rate of 3e-4 in the paper", []),
    ],
)  # fmt: skip
def test_a_comment_above_a_call_can_agree_and_never_differs(comment: str, found: list[tuple[str, str]]) -> None:
    call = "torch.optim.AdamW(model.parameters(), lr=1e-4)"
    assert (
        claims_of(a=f"import torch\n\n\ndef train(model):\n    # {comment}\n    opt = {call}\n    return opt\n")
        == found
    )


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("make()  # default: 1000 steps, linear noise", [("1000", "agree"), ("linear", "agree")]),
        ("make()  # default: 500 steps", [("500", "unknown")]),
        ("make(1000)  # default: 1000 steps", [("1000", "unknown")]),
        ("make()  # 1000 steps", []),
        ("make(**options)  # default: 1000 steps", []),
    ],
)
def test_a_comment_that_tells_defaults_is_held_against_the_function_called(
    call: str, found: list[tuple[str, str]]
) -> None:
    function = "def make(steps=1000, noise='linear', scale=2):\n    return steps\n"
    assert claims_of(a=f"options = {{}}\n\n\n{function}\n\nx = {call}\n") == found


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("n_layer=12, n_embd=768", [("n_embd=768", "agree"), ("n_layer=12", "agree")]),
        ("n_layer=24", []),
        ("dropout=0.1", []),
    ],
)
def test_a_configuration_file_speaks_of_the_preset_that_it_names(comment: str, found: list[tuple[str, str]]) -> None:
    model = """
from dataclasses import dataclass


@dataclass
class Config:
    n_layer: int = 2
    n_embd: int = 32


def load(kind):
    args = {
        'small': dict(n_layer=12, n_embd=768),
        'large': dict(n_layer=24, n_embd=1024),
    }[kind]
    return Config(**args)
"""
    train = (
        "from model import load\n\ninit_from = 'large'\nexec(open('configurator.py').read())\nmodel = load(init_from)\n"
    )
    config = f"# {comment}\ninit_from = 'small'\n"
    assert claims_of(model=model, train=train, **{"config/eval_small": config}) == found
