"""`tune`: a learning-rate range test and sweep, and the memory and speed of batch sizes and sequence lengths."""

from __future__ import annotations

import argparse
from pathlib import Path

from reference_model.config import PRESETS, TRAINING_PRESETS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("learning-rate", "memory"), help="what to find")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="tiny", help="default: tiny")
    parser.add_argument("--corpus", default="opticks", help="as for train (default: opticks)")
    parser.add_argument("--steps", type=int, default=60, help="of the range test and each trial (default: %(default)s)")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[1, 4, 16], help="default: 1 4 16")
    parser.add_argument("--lengths", type=int, nargs="+", default=[32, 128], help="default: 32 128")
    parser.add_argument("--repeats", type=int, default=3, help="of each timing (default: %(default)s)")
    parser.add_argument("--out", type=Path, default="out/tune", help="folder of the picture (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")


def run_tune(arguments: argparse.Namespace) -> None:
    if arguments.what == "learning-rate":
        find_learning_rate(arguments)
    else:
        find_memory(arguments)


def find_learning_rate(arguments: argparse.Namespace) -> None:
    from dataclasses import replace

    import torch

    from reference_model.data import load_text, split
    from reference_model.figures import draw, lines
    from reference_model.model import GPT
    from reference_model.tokenizer import CharacterTokenizer
    from reference_model.train import choose_device
    from reference_model.tune import range_test, sweep

    device = choose_device(arguments.device)
    text = load_text(arguments.corpus)
    tokenizer = CharacterTokenizer.from_text(text)
    tokens = torch.tensor(tokenizer.encode(text))
    settings = TRAINING_PRESETS[arguments.preset]
    torch.manual_seed(settings.seed)
    candidate = GPT(replace(PRESETS[arguments.preset], vocab_size=tokenizer.vocab_size)).to(device)
    training, validation = split(tokens, settings.validation_fraction, candidate.config.context_length)
    test = range_test(candidate, training, settings, arguments.steps)
    end = f"diverged at {test.diverged:.2g}" if test.diverged is not None else "did not diverge"
    print(f"range test: the loss falls fastest at {test.steepest:.2g} and {end}")
    rates = [test.steepest * factor for factor in (0.1, 0.3, 1.0, 3.0)]
    trials = sweep(candidate, training, validation, settings, rates, arguments.steps)
    print(f"{'learning rate':>14}{'validation loss':>18}   after {arguments.steps} steps, best first")
    for trial in trials:
        print(f"{trial.learning_rate:>14.3g}{trial.validation_loss:>18.4f}")
    ordered = sorted(trials, key=lambda trial: trial.learning_rate)
    panels = [
        lines("Range test", "learning rate", "smoothed loss", {"loss": (test.rates, test.losses)}, log="x"),
        lines(
            "Sweep", "learning rate", "validation loss",
            {"loss": ([trial.learning_rate for trial in ordered], [trial.validation_loss for trial in ordered])},
            log="x",
        ),
    ]  # fmt: skip
    print(f"written: {draw(arguments.out / 'learning_rate.svg', panels)}")


def find_memory(arguments: argparse.Namespace) -> None:
    from reference_model.figures import draw, lines
    from reference_model.train import choose_device
    from reference_model.tune import measure_footprint

    device = choose_device(arguments.device)
    config = PRESETS[arguments.preset]
    print(f"{'batch':>6}{'length':>8}{'weights MiB':>13}{'activations MiB':>17}{'ms per step':>28}{'tokens/s':>11}")
    curves: dict[str, tuple[list[float], list[float]]] = {}
    for length in arguments.lengths:
        for size in arguments.batch_sizes:
            found = measure_footprint(config, size, length, device, arguments.repeats)
            print(
                f"{size:>6}{length:>8}{found.weights / 2**20:>13.1f}{found.activations / 2**20:>17.1f}"
                f"{found.seconds.scaled(1000)!s:>28}{found.tokens_per_second:>11,.0f}",
                flush=True,
            )
            sizes, activations = curves.setdefault(f"length {length}", ([], []))
            sizes.append(float(size))
            activations.append(found.activations / 2**20)
    panel = lines("Kept for the backward pass", "batch size", "MiB", curves, log="xy")
    print(f"written: {draw(arguments.out / 'memory.svg', [panel])}")
