"""`quantize`: a checkpoint with linear layers in eight bits, and what that saved and cost."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", type=Path, help="checkpoint.pt of a run (default: the bundled tiny model)")
    parser.add_argument("--corpus", default="opticks", help="text on whose end the loss is measured (default: opticks)")
    parser.add_argument("--out", type=Path, default="out/quantized", help="folder (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="of each timing (default: %(default)s)")


def run_quantize(arguments: argparse.Namespace) -> None:
    import torch

    from reference_model.checkpoint import load_model
    from reference_model.config import TrainingConfig
    from reference_model.data import ASSETS, load_text, split
    from reference_model.rounding_cost import compare, describe

    model, tokenizer = load_model(arguments.checkpoint or ASSETS / "tiny.pt", torch.device("cpu"))
    tokens = torch.tensor(tokenizer.encode(load_text(arguments.corpus)))
    _, validation = split(tokens, TrainingConfig().validation_fraction, model.config.context_length)
    print(describe(compare(model, tokenizer, validation, arguments.out, arguments.repeats)))
    small = arguments.out / "int8.pt"
    print(f"written: {arguments.out / 'float32.pt'}, {small}; generate --checkpoint {small} runs it")
