"""`python -m reference_model train | generate`: arguments in, one line per error, exit code 2 for wrong input."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import fields, replace
from pathlib import Path

from reference_model.config import PRESETS, TRAINING_PRESETS, TrainingConfig
from reference_model.errors import UserError

OVERRIDES = ("steps", "batch_size", "accumulation", "learning_rate", "eval_interval", "checkpoint_interval", "seed")


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reference_model", description="Train and sample a small GPT.")
    commands = parser.add_subparsers(dest="command", required=True)
    add_train_arguments(commands.add_parser("train", help="find weights for a corpus and write checkpoints"))
    add_generate_arguments(commands.add_parser("generate", help="continue a prompt with a trained checkpoint"))
    return parser


def add_train_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--preset", choices=sorted(PRESETS), default="tiny", help="model and training sizes (default: tiny)"
    )
    parser.add_argument(
        "--corpus", default="opticks", help="opticks (bundled), stdlib (Python's own sources), a file or a folder"
    )
    parser.add_argument(
        "--out", type=Path, help="folder for checkpoint.pt and metrics.jsonl (default: out/runs/PRESET)"
    )
    parser.add_argument(
        "--resume", type=Path, metavar="CHECKPOINT", help="go on with this run; its own preset and corpus hold"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    types = {field.name: field.type for field in fields(TrainingConfig)}
    for name in OVERRIDES:
        kind = float if types[name] == "float" else int
        parser.add_argument("--" + name.replace("_", "-"), type=kind, help="instead of the preset's value")


def add_generate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint", type=Path, help="checkpoint.pt of a run (default: the bundled tiny model, trained for a minute)"
    )
    parser.add_argument("--prompt", default="The Rays of Light", help="text to continue (default: %(default)r)")
    parser.add_argument("--max-new-tokens", type=int, default=400, help="default: %(default)s")
    parser.add_argument("--temperature", type=float, default=0.8, help="0 is greedy (default: %(default)s)")
    parser.add_argument("--top-k", type=int, help="keep the k likeliest tokens")
    parser.add_argument("--top-p", type=float, help="keep the likeliest tokens that together reach this probability")
    parser.add_argument("--seed", type=int, default=1337, help="default: %(default)s")
    parser.add_argument(
        "--no-cache", action="store_true", help="recompute all keys and values each step: the same text, slower"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")


def run_train(arguments: argparse.Namespace) -> None:
    import torch

    from reference_model.data import load_text, split
    from reference_model.train import choose_device, resume_run, start_run, train

    device = choose_device(arguments.device)
    given = {name: getattr(arguments, name) for name in OVERRIDES if getattr(arguments, name) is not None}
    if arguments.resume is not None:
        run = resume_run(arguments.resume, device)
        run.config = replace(run.config, **given)
        text = load_text(run.corpus)
        folder = arguments.out or arguments.resume.parent
    else:
        text = load_text(arguments.corpus)
        config = replace(TRAINING_PRESETS[arguments.preset], **given)
        run = start_run(PRESETS[arguments.preset], config, arguments.corpus, text, device)
        folder = arguments.out or Path("out/runs") / arguments.preset
    make_folder(folder)
    tokens = torch.tensor(run.tokenizer.encode(text))
    training, validation = split(tokens, run.config.validation_fraction, run.model.config.context_length)
    print(
        f"{run.model.num_parameters():,} parameters on {device}; {len(tokens):,} tokens of {run.corpus}, "
        f"{run.tokenizer.vocab_size} different; step {run.step} of {run.config.steps}"
    )
    train(run, training, validation, folder)
    print(f"written: {folder / 'checkpoint.pt'}, {folder / 'metrics.jsonl'}")


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UserError(f"{folder}: cannot be made: {problem.strerror}") from None


def run_generate(arguments: argparse.Namespace) -> None:
    import torch

    from reference_model.checkpoint import load_model
    from reference_model.data import ASSETS
    from reference_model.generate import SamplingConfig, generate
    from reference_model.train import choose_device

    device = choose_device(arguments.device)
    sampling = SamplingConfig(
        max_new_tokens=arguments.max_new_tokens,
        temperature=arguments.temperature,
        top_k=arguments.top_k,
        top_p=arguments.top_p,
        use_cache=not arguments.no_cache,
        seed=arguments.seed,
    )
    model, tokenizer = load_model(arguments.checkpoint or ASSETS / "tiny.pt", device)
    prompt = torch.tensor([tokenizer.encode(arguments.prompt)], dtype=torch.long, device=device)  # (1, T)
    print(arguments.prompt, end="", flush=True)
    for token in generate(model, prompt, sampling):
        print(tokenizer.decode(token[0].tolist()), end="", flush=True)
    print()


def main(argv: list[str] | None = None) -> int:
    # GNU OpenMP lets idle threads spin; where another program uses a core, that slows a run down tenfold.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    arguments = build_parser().parse_args(argv)
    try:
        if arguments.command == "train":
            run_train(arguments)
        else:
            run_generate(arguments)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted; the last checkpoint is whole", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
