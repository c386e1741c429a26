"""`bench`: prefill, first token and decoding of a checkpoint, for several batch sizes."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", type=Path, help="checkpoint.pt of a run (default: the bundled tiny model)")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[1, 4, 16], help="default: 1 4 16")
    parser.add_argument("--prompt-length", type=int, default=64, help="tokens (default: %(default)s)")
    parser.add_argument("--new-tokens", type=int, default=32, help="default: %(default)s")
    parser.add_argument("--repeats", type=int, default=5, help="after one warm-up (default: %(default)s)")
    parser.add_argument("--picture", type=Path, help="draw throughput over the batch size into this file")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")


def run_bench(arguments: argparse.Namespace) -> None:
    from reference_model.bench import HEADER, describe, measure_speed
    from reference_model.checkpoint import load_model
    from reference_model.data import ASSETS
    from reference_model.figures import draw, lines
    from reference_model.train import choose_device

    device = choose_device(arguments.device)
    model, _ = load_model(arguments.checkpoint or ASSETS / "tiny.pt", device)
    print(f"{model.num_parameters():,} parameters on {device}; median and middle half of {arguments.repeats} runs")
    print(HEADER)
    found = []
    for size in arguments.batch_sizes:
        speed = measure_speed(model, size, arguments.prompt_length, arguments.new_tokens, arguments.repeats)
        found.append(speed)
        print(describe(speed), flush=True)
    if arguments.picture is not None:
        sizes = [float(speed.batch_size) for speed in found]
        rates = [speed.tokens_per_second.median for speed in found]
        panel = lines("Decoding", "batch size", "tokens per second", {"tokens per second": (sizes, rates)}, log="x")
        print(f"written: {draw(arguments.picture, [panel])}")
