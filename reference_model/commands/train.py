"""`train`: find weights for a corpus, go on with a run, or fine-tune a checkpoint."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from reference_model.config import PRECISIONS, PRESETS, SCHEDULES, TRAINING_PRESETS, TrainingConfig
from reference_model.errors import UserError

OVERRIDES = (
    "steps", "batch_size", "accumulation", "learning_rate", "min_learning_rate", "warmup_steps", "schedule", "restarts",
    "eval_interval", "checkpoint_interval", "precision", "compile", "lora_rank", "seed",
)  # fmt: skip
CHOICES = {"schedule": SCHEDULES, "precision": PRECISIONS}
KINDS = {"int": int, "float": float}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--preset", choices=sorted(PRESETS), default="tiny", help="model and training sizes (default: tiny)"
    )
    parser.add_argument(
        "--corpus", default="opticks", help="opticks (bundled), stdlib (Python's own sources), a file or a folder"
    )
    parser.add_argument(
        "--out", type=Path, help="folder for checkpoint.pt, metrics.jsonl and training.svg (default: out/runs/PRESET)"
    )
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument(
        "--resume", type=Path, metavar="CHECKPOINT", help="go on with this run; its own preset and corpus hold"
    )
    begin.add_argument(
        "--start-from", type=Path, metavar="CHECKPOINT",
        help="fine-tune these weights and their tokenizer on the corpus, with --lora-rank as a low-rank update",
    )  # fmt: skip
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: auto)")
    types = {field.name: field.type for field in fields(TrainingConfig)}
    for name in OVERRIDES:
        option = "--" + name.replace("_", "-")
        if types[name] == "bool":
            parser.add_argument(option, action="store_true", default=None, help="instead of the preset's value")
        else:
            kind = KINDS.get(str(types[name]), str)
            parser.add_argument(option, type=kind, choices=CHOICES.get(name), help="instead of the preset's value")


def run_train(arguments: argparse.Namespace) -> None:
    import torch

    from reference_model.data import load_text, split
    from reference_model.distributed import join_team
    from reference_model.train import choose_device, resume_run, start_run, train, tune_run

    team, device = join_team(choose_device(arguments.device))
    given = {name: getattr(arguments, name) for name in OVERRIDES if getattr(arguments, name) is not None}
    if arguments.resume is not None:
        run = resume_run(arguments.resume, device, team)
        run.config = change_config(run.config, given)
        text = load_text(run.corpus)
        folder = arguments.out or arguments.resume.parent
    else:
        text = load_text(arguments.corpus)
        config = replace(TRAINING_PRESETS[arguments.preset], **given)
        if arguments.start_from is not None:
            run = tune_run(arguments.start_from, config, arguments.corpus, device, team)
        else:
            run = start_run(PRESETS[arguments.preset], config, arguments.corpus, text, device, team)
        folder = arguments.out or Path("out/runs") / arguments.preset
    make_folder(folder)
    tokens = torch.tensor(run.tokenizer.encode(text))
    training, validation = split(tokens, run.config.validation_fraction, run.model.config.context_length)
    if team.leads:
        print(
            f"{run.model.num_parameters():,} parameters on {device}; {len(tokens):,} tokens of {run.corpus}, "
            f"{run.tokenizer.vocab_size} different; step {run.step} of {run.config.steps}"
        )
    train(run, training, validation, folder)
    if team.leads:
        draw_curves(folder)
        print(f"written: {folder / 'checkpoint.pt'}, {folder / 'metrics.jsonl'}")


def change_config(config: TrainingConfig, given: dict[str, Any]) -> TrainingConfig:
    """What a resumed run may change; the rank of its low-rank update is in its weights already."""
    if given.get("lora_rank", config.lora_rank) != config.lora_rank:
        raise UserError("--lora-rank belongs to the start of a run: a resumed one has its rank already")
    return replace(config, **given)


def draw_curves(folder: Path) -> None:
    """The picture of the run; a machine without matplotlib has the numbers all the same."""
    from reference_model.figures import draw_training

    try:
        draw_training(folder / "metrics.jsonl", folder / "training.svg")
    except UserError as problem:
        print(f"no picture: {problem}")


def make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UserError(f"{folder}: cannot be made: {problem.strerror}") from None
