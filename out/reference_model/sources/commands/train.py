"""`train`: find weights for a corpus, go on with a run, or fine-tune a checkpoint."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reference_model.config import PRECISIONS, PRESETS, SCHEDULES, TRAINING_PRESETS, TrainingConfig
from reference_model.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from reference_model.checkpoint import Run
    from reference_model.documents import PackedRows, Tokens
    from reference_model.tokenizer import Tokenizer

OVERRIDES = {
    "steps": "optimizer steps",
    "batch_size": "sequences per forward pass",
    "accumulation": "forward passes per optimizer step",
    "learning_rate": "the peak, at the end of the warm-up",
    "min_learning_rate": "where the schedule ends",
    "warmup_steps": "steps of linear growth at the beginning",
    "schedule": "what follows the warm-up",
    "restarts": "how many cosines, where the schedule is restarts",
    "eval_interval": "steps between two evaluations",
    "checkpoint_interval": "steps between two checkpoints",
    "isolate": "packed conversations do not see each other",
    "precision": "of matrix products; float16 scales its loss",
    "compile": "let torch.compile fuse the passes",
    "lora_rank": "above 0, train a low-rank update only",
    "seed": "of weights, batches and dropout",
}
CHOICES = {"schedule": SCHEDULES, "precision": PRECISIONS}
KINDS = {"int": int, "float": float}
METAVARS = {int: "N", float: "X"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--preset", choices=sorted(PRESETS), default="tiny", help="model and training sizes (default: tiny)"
    )
    parser.add_argument(
        "--corpus",
        default="opticks",
        help="opticks (bundled), stdlib (Python's own sources), a file (text, JSON lines) or a folder",
    )
    parser.add_argument(
        "--tokenizer", default="characters", help="characters, bpe (learned from the corpus) or a saved .json file"
    )
    parser.add_argument("--vocab-size", type=int, default=1024, help="of --tokenizer bpe (default: %(default)s)")
    parser.add_argument(
        "--stream", action="store_true", help="keep the tokens in a file below --out, for corpora larger than memory"
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
    overrides = parser.add_argument_group("instead of the preset's values")
    for name, meaning in OVERRIDES.items():
        option = "--" + name.replace("_", "-")
        if types[name] == "bool":
            overrides.add_argument(option, action=argparse.BooleanOptionalAction, default=None, help=meaning)
        else:
            kind = KINDS.get(str(types[name]), str)
            overrides.add_argument(
                option, type=kind, choices=CHOICES.get(name), help=meaning, metavar=METAVARS.get(kind)
            )


def run_train(arguments: argparse.Namespace) -> None:
    import torch

    from reference_model.data import load_text, split
    from reference_model.distributed import join_team
    from reference_model.documents import PackedRows
    from reference_model.train import choose_device, resume_run, start_run, train

    team, device = join_team(choose_device(arguments.device))
    given = {name: getattr(arguments, name) for name in OVERRIDES if getattr(arguments, name) is not None}
    if arguments.resume is not None or arguments.start_from is not None:
        anew = replace(TRAINING_PRESETS[arguments.preset], **given) if arguments.resume is None else None
        run = resume_run(arguments.resume or arguments.start_from, device, team, anew, arguments.corpus)
        if arguments.resume is not None:
            change_config(run, given)
        folder = arguments.out or (arguments.resume.parent if arguments.resume else Path("out/runs") / arguments.preset)
    else:
        config = replace(TRAINING_PRESETS[arguments.preset], **given)
        tokenizer = build_tokenizer(arguments)
        run = start_run(PRESETS[arguments.preset], config, arguments.corpus, tokenizer, device, team)
        folder = arguments.out or Path("out/runs") / arguments.preset
    make_folder(folder)
    length = run.model.config.context_length
    training: Tokens
    validation: Tokens
    if is_chat(run.corpus):
        training, validation = load_conversations(run, length)
    elif arguments.stream:
        tokens = map_tokens(run, folder)
        training, validation = split(tokens, run.config.validation_fraction, length)
    else:
        text = load_text(run.corpus)
        tokens = torch.tensor(run.tokenizer.encode(text))
        training, validation = split(tokens, run.config.validation_fraction, length)
    if team.leads:
        amount = "rows of conversations" if isinstance(training, PackedRows) else "tokens"
        print(
            f"{run.model.num_parameters():,} parameters on {device}; {len(training) + len(validation):,} {amount} of "
            f"{run.corpus}, {run.tokenizer.vocab_size} different; step {run.step} of {run.config.steps}"
        )
    train(run, training, validation, folder)
    if team.leads:
        draw_curves(folder)
        print(f"written: {folder / 'checkpoint.pt'}, {folder / 'metrics.jsonl'}")


def build_tokenizer(arguments: argparse.Namespace) -> Tokenizer:
    """A new tokenizer for the corpus, or a saved one."""
    from reference_model.bpe import BytePairTokenizer
    from reference_model.token_file import collect_characters, stream_pieces
    from reference_model.tokenizer import CharacterTokenizer

    if arguments.tokenizer == "bpe":
        return BytePairTokenizer.from_texts(stream_pieces(arguments.corpus), arguments.vocab_size)
    if arguments.tokenizer == "characters":
        return CharacterTokenizer(collect_characters(stream_pieces(arguments.corpus)))
    return BytePairTokenizer.load(Path(arguments.tokenizer))


def is_chat(corpus: str) -> bool:
    from reference_model.documents import holds_conversations

    return Path(corpus).is_file() and holds_conversations(Path(corpus))


def load_conversations(run: Run, length: int) -> tuple[PackedRows, PackedRows]:
    """Conversations packed into rows of the context length."""
    from reference_model.documents import encode_conversation, pack, read_conversations, split_rows

    conversations = read_conversations(Path(run.corpus))
    rows = pack((encode_conversation(run.tokenizer, conversation) for conversation in conversations), length)
    if run.team.leads:
        print(
            f"{len(conversations):,} conversations: rows {rows.fill:.0%} full, {rows.dropped:,} without room to answer"
        )
    return split_rows(rows, run.config.validation_fraction)


def map_tokens(run: Run, folder: Path) -> Tensor:
    """The tokens of the corpus in a file of this process, one piece of text in memory at a time."""
    from reference_model.token_file import stream_pieces, write_tokens

    return write_tokens(stream_pieces(run.corpus), run.tokenizer, folder / f"tokens.{run.team.rank}.bin")


def change_config(run: Run, given: dict[str, Any]) -> None:
    """What a resumed run may change; the rank of its low-rank update is in its weights already."""
    from reference_model.precision import build_scaler

    if given.get("lora_rank", run.config.lora_rank) != run.config.lora_rank:
        raise UserError("--lora-rank belongs to the start of a run: a resumed one has its rank already")
    run.config = replace(run.config, **given)
    if "precision" in given:
        run.scaler = build_scaler(run.config, next(run.model.parameters()).device)


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
