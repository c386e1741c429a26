"""What a training run measures of itself: one line for people, one for programs in metrics.jsonl."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from reference_model.errors import UserError


@dataclass(frozen=True)
class Metrics:
    """One line of metrics.jsonl."""

    step: int
    training_loss: float  # mean over the same number of batches as validation_loss, without dropout
    validation_loss: float
    learning_rate: float
    gradient_norm: float  # before clipping, of the last step; 0 before the first
    gradient_norms: dict[str, float]  # the same after clipping, part by part
    weight_norm: float
    loss_scale: float  # what the loss is multiplied by for float16; 1 for other types
    dead_units: float  # share of the feed-forward layers' hidden units that no validation token activated
    tokens_per_second: float  # trained by all processes together, evaluation included
    seconds: float  # since this process began to train


def report(metrics: Metrics, path: Path) -> None:
    """One line for people on standard output, one for programs in `path`."""
    print(
        f"step {metrics.step:6}  training loss {metrics.training_loss:.4f}  "
        f"validation loss {metrics.validation_loss:.4f}  learning rate {metrics.learning_rate:.2e}  "
        f"gradient norm {metrics.gradient_norm:.2f}  {metrics.seconds:.0f} s",
        flush=True,
    )
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(metrics)) + "\n")
    except OSError as problem:
        raise UserError(f"{path}: cannot be written: {problem.strerror}; the last checkpoint is kept") from None


def drop_metrics_from(path: Path, step: int) -> None:
    """Remove the lines of another run (this one starts at 0) or of steps that a resumed run does again."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]  # an interruption may have torn the last one
    kept = "".join(line for line in whole if json.loads(line)["step"] < step)
    partial = path.with_suffix(".partial")
    try:
        partial.write_text(kept, encoding="utf-8")
        os.replace(partial, path)
    except OSError as problem:
        raise UserError(f"{path}: cannot be written: {problem.strerror}; it is untouched") from None
