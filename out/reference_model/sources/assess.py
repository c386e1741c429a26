"""Checks that run what they claim, and a score that follows from them alone.

A learner writes `attention(q, k, v)`, `rms_norm(x, weight, eps)`, `rotate(x, cos, sin)`, `top_p(logits, p)` and
`learning_rate(step, peak, warmup, steps)` into a file; each is run on random inputs against torch's own or against
the law that defines it. Without a file, this package's own functions are assessed, and so are its larger claims.
"""

from __future__ import annotations

import math
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from reference_model.checkpoint import read_checkpoint
from reference_model.config import ModelConfig, TrainingConfig
from reference_model.errors import UserError
from reference_model.generate import SamplingConfig, generate, keep_top_p
from reference_model.model import GPT, RMSNorm, explicit_attention, rotate
from reference_model.schedule import learning_rate_at
from reference_model.validation import validate

SMALL = ModelConfig(vocab_size=11, context_length=12, d_model=16, n_layers=2, n_heads=4, n_kv_heads=2, d_ff=24)


@dataclass(frozen=True)
class Verdict:
    name: str
    passed: bool
    detail: str


Check = Callable[[], str]  # returns what it found; AssertionError says what is wrong


# ---- what a learner writes


def check_attention(attention: Callable[[Tensor, Tensor, Tensor], Tensor]) -> str:
    q, k, v = torch.randn(3, 2, 4, 7, 8, generator=torch.Generator().manual_seed(0))  # (B, H, T, D) each
    return compare(attention(q, k, v), F.scaled_dot_product_attention(q, k, v, is_causal=True))


def check_rms_norm(rms_norm: Callable[[Tensor, Tensor, float], Tensor]) -> str:
    generator = torch.Generator().manual_seed(1)
    x, weight = torch.randn(2, 5, 16, generator=generator), torch.randn(16, generator=generator)
    return compare(rms_norm(x, weight, 1e-5), F.rms_norm(x, (16,), weight, 1e-5))


def check_rotate(turn: Callable[[Tensor, Tensor, Tensor], Tensor]) -> str:
    """The law, whichever features are paired: lengths stay, and products depend on the distance only."""
    generator = torch.Generator().manual_seed(2)
    q, k = torch.randn(2, 1, 1, 1, 8, generator=generator, dtype=torch.double)  # (B, H, T, D) each
    frequencies = 100.0 ** -(torch.arange(4).double() / 4)

    def at(x: Tensor, position: int) -> Tensor:
        angles = position * frequencies[None]  # (1, D/2)
        return turn(x, angles.cos(), angles.sin())

    compare(at(q, 5).norm(), q.norm())
    compare(at(q, 0), q)
    products = [(at(q, 3 + shift) * at(k, 1 + shift)).sum() for shift in (0, 4, 40)]
    require(abs(float(products[0] - (q * k).sum())) > 1e-3, "the position has no effect")
    return compare(torch.stack(products), products[0].expand(3))


def check_top_p(top_p: Callable[[Tensor, float], Tensor]) -> str:
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05], [0.05, 0.15, 0.3, 0.5]]).log()
    for p, kept in ((0.4, 1), (0.6, 2), (0.9, 3), (1.0, 4)):
        finite = top_p(logits, p).isfinite()
        expected = torch.tensor([[at < kept for at in range(4)], [at >= 4 - kept for at in range(4)]])
        require(torch.equal(finite, expected), f"p = {p} keeps {finite.int().tolist()}, not {expected.int().tolist()}")
    return "keeps the smallest set that reaches p"


def check_learning_rate(rate: Callable[[int, float, int, int], float]) -> str:
    """Linear warm-up, then half a cosine to zero."""
    for step in range(40):
        wave = 0.5 * (1 + math.cos(math.pi * (step - 10) / 30))
        expected = 0.1 * ((step + 1) / 10 if step < 10 else wave)
        found = rate(step, 0.1, 10, 40)
        require(abs(found - expected) < 1e-6, f"step {step} of 40 with 10 of warm-up: {found:.6f}, not {expected:.6f}")
    return "agrees at each of 40 steps"


LEARNED: dict[str, Callable[[Any], str]] = {
    "attention": check_attention,
    "rms_norm": check_rms_norm,
    "rotate": check_rotate,
    "top_p": check_top_p,
    "learning_rate": check_learning_rate,
}


def own_answers() -> dict[str, Any]:
    """Functions of this package under the names that a learner uses."""

    def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
        norm = RMSNorm(len(weight), eps)
        norm.weight = torch.nn.Parameter(weight)
        out: Tensor = norm(x)
        return out.detach()

    def learning_rate(step: int, peak: float, warmup: int, steps: int) -> float:
        config = TrainingConfig(steps=steps, learning_rate=peak, min_learning_rate=0.0, warmup_steps=warmup)
        return learning_rate_at(step, config)

    return {
        "attention": lambda q, k, v: explicit_attention(q, k, v, 0.0),
        "rms_norm": rms_norm,
        "rotate": rotate,
        "top_p": keep_top_p,
        "learning_rate": learning_rate,
    }


# ---- what this package claims


def check_resumed_training() -> str:
    """Four steps in one process, against two, and two more in a process of their own."""
    options = ["--device", "cpu", "--batch-size", "2", "--schedule", "constant", "--warmup-steps", "1"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run_program("train", "--out", str(folder / "whole"), "--steps", "4", *options)
        run_program("train", "--out", str(folder / "parts"), "--steps", "2", *options)
        run_program("train", "--resume", str(folder / "parts" / "checkpoint.pt"), "--steps", "4", "--device", "cpu")
        whole, parts = (
            read_checkpoint(folder / run / "checkpoint.pt", torch.device("cpu"))["model"] for run in ("whole", "parts")
        )
    for name, weight in whole.items():
        require(torch.equal(weight, parts[name]), f"{name} differs")
    return f"{len(whole)} tensors are equal bit for bit"


def run_program(*arguments: str) -> None:
    command = [sys.executable, "-m", "reference_model", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    require(done.returncode == 0, f"{arguments[0]} ended with {done.returncode}: {done.stderr.strip()}")


def check_cache() -> str:
    torch.manual_seed(0)
    model = GPT(SMALL)
    prompt = torch.randint(11, (2, 5))
    cached, uncached = (
        torch.cat(list(generate(model, prompt, SamplingConfig(30, 1.0, use_cache=use))), dim=1) for use in (True, False)
    )
    require(torch.equal(cached, uncached), "the cached text differs")
    return "30 tokens of two sequences are equal, beyond the context too"


def check_gradients() -> str:
    torch.manual_seed(0)
    tokens = torch.randint(11, (2, 12))
    failed = [check for check in validate(GPT(SMALL), (tokens, tokens), expected_shape=(2, 12, 11)) if not check.passed]
    require(not failed, "; ".join(f"{check.name}: {check.detail}" for check in failed))
    return "forward, shape, numbers and gradients of every tensor"


CLAIMS: dict[str, Check] = {
    "a resumed training equals an uninterrupted one": check_resumed_training,
    "a cached text equals an uncached one": check_cache,
    "every parameter learns": check_gradients,
}


# ---- running them


def require(condition: bool, problem: str) -> None:
    if not condition:
        raise AssertionError(problem)


def compare(found: Tensor, expected: Tensor) -> str:
    require(found.shape == expected.shape, f"shape {tuple(found.shape)}, not {tuple(expected.shape)}")
    difference = float((found - expected).abs().max())
    require(difference < 1e-4, f"differs by up to {difference:.3g}")
    return f"differs by at most {difference:.1g}"


def judge(name: str, check: Check) -> Verdict:
    try:
        return Verdict(name, True, check())
    except Exception as problem:  # whatever a learner's function raises is its verdict
        described = str(problem) if isinstance(problem, AssertionError) else f"{type(problem).__name__}: {problem}"
        return Verdict(name, False, described.splitlines()[0] if described else "an assertion failed")


def load_answers(path: Path) -> dict[str, Any]:
    """What the learner's file defines; running it is its purpose."""
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        return runpy.run_path(str(path))
    except Exception as problem:
        raise UserError(f"{path}: cannot be run: {type(problem).__name__}: {problem}") from None


def assess(answers: dict[str, Any] | None = None) -> list[Verdict]:
    """The learner's functions; without any, this package's functions and claims."""
    given = own_answers() if answers is None else answers
    verdicts = []
    for name, check in LEARNED.items():
        if not callable(given.get(name)):
            verdicts.append(Verdict(name, False, "not written"))
        else:
            verdicts.append(judge(name, lambda check=check, name=name: check(given[name])))  # type: ignore[misc]
    return verdicts if answers is not None else verdicts + [judge(name, check) for name, check in CLAIMS.items()]
