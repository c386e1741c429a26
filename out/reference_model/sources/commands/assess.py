"""`assess`: run a learner's functions, this package's own, or any model object, against what they must do.

The score is what passed.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from reference_model.config import PRESETS
from reference_model.errors import UserError

if TYPE_CHECKING:
    from reference_model.validation import Check


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "answers", type=Path, nargs="?",
        help="a Python file with attention, rms_norm, rotate, top_p and learning_rate (default: this package's own)",
    )  # fmt: skip
    what.add_argument("--preset", choices=sorted(PRESETS), help="validate this preset of the model")
    what.add_argument("--model", type=Path, metavar="FILE", help="validate a model that this Python file defines")
    parser.add_argument("--build", metavar="EXPR", help="of --model: what makes it, such as 'Net(width=8)'")
    parser.add_argument(
        "--input", action="append", default=[], metavar="SPEC",
        help="of --model, repeatable: [NAME:] DTYPE[SIZES], such as 'float32[2, 3, 32, 32]' or 'int64[2, 16]<100'",
    )  # fmt: skip
    parser.add_argument("--shape", metavar="SIZES", help="the output's expected shape, such as 2,10")
    parser.add_argument("--parameters", type=int, metavar="N", help="how many parameters are stated for it")
    parser.add_argument(
        "--range", type=float, nargs=2, metavar=("LOW", "HIGH"), help="between which numbers the output must lie"
    )


def run_assess(arguments: argparse.Namespace) -> None:
    if arguments.preset is not None:
        from reference_model.validation import validate_preset

        print_checks(validate_preset(arguments.preset, arguments.parameters))
    elif arguments.model is not None:
        print_checks(validate_file(arguments))
    else:
        assess_answers(arguments.answers)


def assess_answers(path: Path | None) -> None:
    from reference_model.assess import assess, load_answers

    verdicts = assess(load_answers(path) if path is not None else None)
    for verdict in verdicts:
        print(f"{'passed' if verdict.passed else 'FAILED'}  {verdict.name}: {verdict.detail}")
    print(f"score: {sum(verdict.passed for verdict in verdicts)} of {len(verdicts)}")


def validate_file(arguments: argparse.Namespace) -> list[Check]:
    """Forward on random inputs, shape, parameters, gradients, range and memory of the user's own model."""
    from reference_model.model_file import load_model_object, make_inputs
    from reference_model.validation import validate

    if arguments.build is None or not arguments.input:
        raise UserError("--model needs --build EXPR and an --input SPEC for each argument of its forward")
    model = load_model_object(arguments.model, arguments.build)
    positional, named = make_inputs(arguments.input, model)
    return validate(
        model, positional, named, parse_shape(arguments.shape), arguments.parameters,
        tuple(arguments.range) if arguments.range is not None else None,
    )  # fmt: skip


def parse_shape(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        return tuple(int(size) for size in text.split(",") if size.strip())
    except ValueError:
        raise UserError(f"--shape is a list of sizes such as 2,10, not {text!r}") from None


def print_checks(checks: list[Check]) -> None:
    for check in checks:
        print(f"{'passed' if check.passed else 'FAILED'}  {check.name}: {check.detail}")
    print(f"score: {sum(check.passed for check in checks)} of {len(checks)}")
