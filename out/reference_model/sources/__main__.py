"""`python -m reference_model COMMAND`: arguments in, one line per error, exit code 2 for wrong input."""

from __future__ import annotations

import argparse
import os
import sys

from reference_model.commands import assess, bench, data, generate, lab, quantize, serve, train, tune
from reference_model.errors import UserError


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m reference_model",
        description="A small GPT: its data, training, inference, experiments, measurements and server.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    train.add_arguments(commands.add_parser("train", help="find weights for a corpus and write checkpoints"))
    generate.add_arguments(commands.add_parser("generate", help="continue a prompt with a trained checkpoint"))
    data.add_arguments(commands.add_parser("data", help="judge a corpus, or learn byte pairs from it"))
    bench.add_arguments(commands.add_parser("bench", help="measure how fast a checkpoint reads and writes"))
    quantize.add_arguments(commands.add_parser("quantize", help="round linear layers to eight bits and measure"))
    lab.add_arguments(commands.add_parser("lab", help="compare parts of the model in an experiment"))
    tune.add_arguments(commands.add_parser("tune", help="find a learning rate, or measure what sizes cost"))
    serve.add_arguments(commands.add_parser("serve", help="offer a checkpoint over HTTP"))
    assess.add_arguments(commands.add_parser("assess", help="check a learner's functions, or this package's claims"))
    return parser


def run_command(arguments: argparse.Namespace) -> None:
    if arguments.command == "train":
        train.run_train(arguments)
    elif arguments.command == "generate":
        generate.run_generate(arguments)
    elif arguments.command == "data":
        data.run_data(arguments)
    elif arguments.command == "bench":
        bench.run_bench(arguments)
    elif arguments.command == "quantize":
        quantize.run_quantize(arguments)
    elif arguments.command == "lab":
        lab.run_lab(arguments)
    elif arguments.command == "tune":
        tune.run_tune(arguments)
    elif arguments.command == "serve":
        serve.run_serve(arguments)
    elif arguments.command == "assess":
        assess.run_assess(arguments)


def main(argv: list[str] | None = None) -> int:
    # GNU OpenMP lets idle threads spin; where another program uses a core, that slows a run down tenfold.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    arguments = build_parser().parse_args(argv)
    try:
        run_command(arguments)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        kept = "; the last checkpoint is whole" if arguments.command == "train" else ""
        print(f"\ninterrupted{kept}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
