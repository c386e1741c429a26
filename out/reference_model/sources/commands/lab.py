"""`lab`: one experiment by name; its numbers, its picture, and what they do and do not show."""

from __future__ import annotations

import argparse
from pathlib import Path

NAMES = ("attention", "positions", "gqa", "feed-forward", "norms", "quantization")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=NAMES, help="which experiment")
    parser.add_argument("--steps", type=int, default=120, help="training steps, or timed runs (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=2, help="trainings per row, where there are any (default: 2)")
    parser.add_argument("--out", type=Path, default="out/lab", help="folder of the picture (default: %(default)s)")


def run_lab(arguments: argparse.Namespace) -> None:
    from reference_model.errors import UserError
    from reference_model.lab import attention, feed_forward, grouped_queries, norms, positions, quantization
    from reference_model.lab.experiment import describe, write_outcome

    if arguments.steps < 1 or arguments.seeds < 1:
        raise UserError("--steps and --seeds must be at least 1")
    experiments = (attention, positions, grouped_queries, feed_forward, norms, quantization)
    outcome = dict(zip(NAMES, experiments, strict=True))[arguments.name].run(arguments.steps, arguments.seeds)
    print(describe(outcome))
    print(f"written: {write_outcome(outcome, arguments.out / f'{arguments.name}.svg')}")
