"""`python -m benchmarks.accuracy.adversarial [--seed N] [--count N]`: names of random small modules at fresh values.

The modules round, clamp, couple and branch on their sizes, with demands on them. What is printed for them is
evaluated at values that took no part in choosing it. Fails where a name is wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from analyzer.evaluator import Interpreter
from analyzer.index import open_repository
from analyzer.records.tensors import ModelShapes
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.input_spec import parse_input_spec
from analyzer.shapes.model import derive_model
from analyzer.shapes.requests import ModelRequest
from benchmarks.accuracy.holdout import HoldOut, hold_out

NET = """
import math
import torch
import torch.nn as nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self, dim={dim}, heads={heads}, hidden={hidden}, limit={limit}):
        super().__init__()
        {demand}
        inner = {inner}
        outer = {outer}
        self.dim, self.heads, self.limit = dim, heads, limit
        self.first = nn.Linear(dim, inner)
        self.second = nn.Linear(inner, outer)

    def forward(self, x):
        B, T, C = x.shape
        {input_demand}
        y = self.second(self.first(x))
        {step}
        return y
"""
WIDTHS = [
    "3 * dim", "4 * dim", "dim // heads", "math.ceil(dim / {m}) * {m}", "{m} * ((dim + {m} - 1) // {m})",
    "int(2 / 3 * 4 * dim)", "{m} * ((int(8 * dim / 3) + {m} - 1) // {m})", "max(dim // {m}, {k})", "min(dim, limit)",
    "max(dim, hidden)", "dim // 2 * 2", "2 * (dim // 2)", "dim + hidden", "hidden - hidden % heads", "heads * limit",
    "(dim // heads) * heads", "hidden if hidden > dim else dim", "round(dim * 0.25) + 1", "max({k}, int(dim + {m} / 2) "
    "// {m} * {m})", "dim ** 2 // hidden + 1", "abs(dim - hidden) + 1", "dim if limit > {m} else 2 * dim", "hidden",
    "-(-hidden // {m})", "heads", "limit", "dim * heads", "min(dim, {m}) + min(hidden, {m})", "dim ^ {k}",
]  # fmt: skip
STEPS = [
    "y = y[:, ::2]", "y = y[:, : T // 2 * 2]", "y = y[:, : self.limit]", "y = F.avg_pool1d(y, 2, ceil_mode=True)",
    "y = F.pad(y, (0, 0, 0, -T % {m}))", "y = y[:, : max(T - {k}, 1)]", "y = y.reshape(B * T, -1)", "y = y[:, -1:]",
    "y = F.conv1d(y.transpose(1, 2), y.new_ones(1, y.shape[-1], 3), stride=2, padding=1)", "y = y @ y.transpose(1, 2)",
    "y = y[:, : min(T, {m})]", "y = torch.cat([y, y[:, :1]], 1)", "y = y[:, :T] if T < self.dim else y[:, :1]",
    "y = y.unfold(1, 2, 2)", "y = y.new_zeros(B, round(T * 0.5) + 1, math.ceil(T / {m}))", "y = y.new_zeros(T, T)",
]  # fmt: skip
DEMANDS = [
    "pass", "assert dim % heads == 0", "assert dim % 2 == 0", "assert dim == hidden", "assert dim % 8 == 0",
    "assert dim > hidden // 8", "assert dim % heads == 0 and (dim // heads) % 2 == 0", "assert limit >= heads",
    "assert hidden == 4 * dim or hidden == dim",
]  # fmt: skip
INPUT_DEMANDS = ["pass", "assert T <= self.limit", "assert T % 2 == 0", "assert T % 4 == 0", "assert B == T"]
Choose = Callable[[Sequence[object]], object]


def draw_net(choose: Choose) -> tuple[str, str]:
    """A module and its input."""
    numbers = {"m": choose([4, 8, 16, 64]), "k": choose(range(1, 10))}
    demand = str(choose(DEMANDS))
    equal = "==" in demand and "hidden" in demand
    dim = choose([16, 24, 32, 48, 64])
    text = NET.format(
        dim=dim,
        heads=choose([2, 4, 8]),
        hidden=dim if equal else choose([16, 40, 96, 128]),
        limit=choose([16, 32, 64]),
        demand=demand,
        inner=str(choose(WIDTHS)).format(**numbers),
        outer=str(choose(WIDTHS)).format(**numbers),
        input_demand=choose(INPUT_DEMANDS),
        step=str(choose(STEPS)).format(**numbers),
    )
    batch = 12 if "assert B == T" in text else 2
    return text, f"x: float32[B={batch}, T=12, dim={dim}]"


def evaluated(text: str, *inputs: str) -> tuple[ModelShapes, HoldOut]:
    """The names of `Net` and what becomes of them at fresh values."""
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, "net.py").write_text(text)
        index = open_repository(directory)
        owner = index.symbols.definition("net.py:Net")
        assert owner is not None
        where = index.span("net.py", owner.node)
        builds = (BuildPlan("net.py", "Net()", "user", where),)
        specs = tuple(parse_input_spec(given) for given in inputs)
        interpreter = Interpreter(index)
        model = derive_model(interpreter, ModelRequest("Net", "net.py:Net", where, builds, True, specs))
        return model, hold_out(interpreter, model, "net.py")


def main() -> int:
    """Each module's own seed stands beside what is wrong with it, so that one can be drawn again alone."""
    options = _options()
    wrong = failed = expressions = verified = 0
    for seed in range(options.seed, options.seed + options.count):
        text, given = draw_net(random.Random(seed).choice)
        try:
            _, result = evaluated(text, given)
        except Exception as error:  # one that ends in an error is told and the rest goes on
            failed += 1
            print(f"seed {seed}: {type(error).__name__}: {error}", flush=True)
            continue
        expressions, verified = expressions + result.expressions, verified + result.verified
        if result.wrong:
            wrong += 1
            print(f"seed {seed}: wrong\n{text}  input {given}", *result.wrong[:5], sep="\n  ", flush=True)
        if (seed - options.seed) % 50 == 49:
            print(f"up to seed {seed}: {expressions} expressions, {verified} comparisons, {wrong} wrong", flush=True)
    print(f"{options.count} modules, {expressions} expressions, {verified} comparisons")
    print(f"modules with a wrong name: {wrong}, not evaluated: {failed}")
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.adversarial", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the first module")
    parser.add_argument("--count", type=int, default=60, metavar="N", help="how many modules")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
