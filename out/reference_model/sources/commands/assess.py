"""`assess`: run a learner's functions, or this package's own, against what they must do; the score is what passed."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "answers", type=Path, nargs="?",
        help="a Python file with attention, rms_norm, rotate, top_p and learning_rate (default: this package's own)",
    )  # fmt: skip


def run_assess(arguments: argparse.Namespace) -> None:
    from reference_model.assess import assess, load_answers

    verdicts = assess(load_answers(arguments.answers) if arguments.answers is not None else None)
    for verdict in verdicts:
        print(f"{'passed' if verdict.passed else 'FAILED'}  {verdict.name}: {verdict.detail}")
    print(f"score: {sum(verdict.passed for verdict in verdicts)} of {len(verdicts)}")
