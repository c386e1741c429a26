"""A run on disk: everything that training changes, so that a resumed run equals an uninterrupted one bit for bit.

Checkpoints hold tensors and plain values only and are read with `weights_only=True`: a foreign file cannot run code.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import warnings
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch

from reference_model.adapters import add_lora, merge_lora
from reference_model.config import ModelConfig, TrainingConfig
from reference_model.distributed import Team, gather, wait_for_all
from reference_model.errors import UserError
from reference_model.model import GPT
from reference_model.quantize import is_quantized, quantize_model
from reference_model.tokenizer import CharacterTokenizer, Tokenizer

FORMAT = "reference_model/checkpoint/1"
SMALLEST_ROOM = 1 << 20  # bytes; with less, a failed write needs no other explanation


@dataclass
class Run:
    """What a training run changes with every step, and what it was started with."""

    model: GPT
    optimizer: torch.optim.Optimizer
    tokenizer: Tokenizer
    config: TrainingConfig
    generator: torch.Generator  # draws the batches
    corpus: str  # the name or path that the text came from
    step: int = 0  # optimizer steps done
    team: Team = field(default_factory=Team)  # the processes that train together
    scaler: torch.amp.GradScaler = field(default_factory=partial(torch.amp.GradScaler, "cpu", enabled=False))


def save_checkpoint(path: Path, run: Run) -> None:
    """Everything of the run, for `resume_run`; when it returns, the file is there for every process of the team."""
    generators = gather(dropout_generators(), run.team)
    if run.team.leads:
        content = {
            **model_content(run.model, run.tokenizer),
            "training_config": dataclasses.asdict(run.config),
            "corpus": run.corpus,
            "step": run.step,
            "model": run.model.state_dict(),
            "optimizer": run.optimizer.state_dict(),
            "loss_scale": run.scaler.state_dict(),  # empty where nothing is scaled
            "batch_generator": run.generator.get_state(),
            "dropout_generators": generators,
        }
        write_content(path, content)
    wait_for_all(run.team)


def export_model(path: Path, model: GPT, tokenizer: Tokenizer) -> None:
    """The model alone, in half precision: enough for `load_model`, a sixth of the size, and not resumable."""
    weights = {name: weight.half() for name, weight in model.state_dict().items()}
    write_content(path, model_content(model, tokenizer) | {"model": weights})


def write_weights(path: Path, model: GPT, tokenizer: Tokenizer) -> int:
    """The model alone, its weights as they are, int8 ones too; returns how large the file is."""
    write_content(path, model_content(model, tokenizer) | {"model": model.state_dict()})
    return path.stat().st_size


def model_content(model: GPT, tokenizer: Tokenizer) -> dict[str, Any]:
    """What a model is besides its weights."""
    return {
        "format": FORMAT,
        "model_config": dataclasses.asdict(model.config),
        "quantized": is_quantized(model),
        **tokenizer.content(),
    }


def write_content(path: Path, content: dict[str, Any]) -> None:
    """Write beside `path` and rename, so that an interruption or a full disk leaves the old checkpoint whole."""
    partial = path.with_suffix(".partial")
    try:
        torch.save(content, partial)
        os.replace(partial, path)
    except (OSError, RuntimeError) as problem:  # torch reports a failed write as RuntimeError
        reason = why_unwritten(problem, path.parent)
        partial.unlink(missing_ok=True)
        raise UserError(f"{path}: cannot be written ({reason}); an older checkpoint there is untouched") from None


def why_unwritten(problem: Exception, folder: Path) -> str:
    """The system's reason; torch gives a position in the file where the disk is full."""
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror
    is_full = folder.is_dir() and shutil.disk_usage(folder).free < SMALLEST_ROOM
    return "no space is left on the device" if is_full else str(problem).splitlines()[0]


def dropout_generators() -> dict[str, torch.Tensor]:
    """The states of torch's global generators, from which dropout draws, in this process."""
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def read_checkpoint(path: Path, device: torch.device) -> dict[str, Any]:
    """The content of a checkpoint of this program; anything else is refused."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch describes foreign pickles at length; one line follows below
            content = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise UserError(f"{path}: no such checkpoint; train one first or name another") from None
    except Exception:  # the reader of pickles fails on foreign bytes in any way it likes
        raise UserError(f"{path}: no readable checkpoint (truncated, or written by another program)") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{path}: no checkpoint of this program (format {FORMAT!r} is missing)")
    return content


def load_model(path: Path, device: torch.device) -> tuple[GPT, Tokenizer]:
    """The model and its tokenizer, for generation; low-rank updates are merged into the weights."""
    model, tokenizer = build_model(read_checkpoint(path, device), path, device)
    return merge_lora(model), tokenizer


def read_tokenizer(content: dict[str, Any]) -> Tokenizer:
    """The tokenizer that a checkpoint holds."""
    if "byte_pairs" in content:
        from reference_model.bpe import BytePairTokenizer

        return BytePairTokenizer(content["byte_pairs"])
    return CharacterTokenizer(content["characters"])


def build_model(content: dict[str, Any], path: Path, device: torch.device) -> tuple[GPT, Tokenizer]:
    try:
        tokenizer = read_tokenizer(content)
        model = GPT(ModelConfig(**content["model_config"])).to(device)
        rank = content.get("training_config", {}).get("lora_rank", 0)
        if rank > 0:
            add_lora(model, rank)
        if content.get("quantized"):
            quantize_model(model)
        model.load_state_dict(content["model"])
    except (KeyError, TypeError, RuntimeError, UserError) as problem:
        lines = [line.strip() for line in str(problem).splitlines()]  # torch names the first misfit in its second line
        raise UserError(f"{path}: its weights do not fit its configuration ({' '.join(lines[:2])})") from None
    if tokenizer.vocab_size != model.config.vocab_size:
        raise UserError(
            f"{path}: {tokenizer.vocab_size} tokens, but a model for {model.config.vocab_size}; it is damaged"
        )
    return model, tokenizer


def restore_generators(content: dict[str, Any], generator: torch.Generator, team: Team) -> None:
    states = content["dropout_generators"]
    if len(states) != team.size:
        raise UserError(
            f"the run was trained by {len(states)} processes and this one has {team.size}: "
            "it goes on bit for bit only with as many as before"
        )
    generator.set_state(content["batch_generator"].cpu())
    torch.set_rng_state(states[team.rank]["cpu"].cpu())
    if "cuda" in states[team.rank] and torch.cuda.is_available():
        torch.cuda.set_rng_state(states[team.rank]["cuda"].cpu())
