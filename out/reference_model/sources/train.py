"""The training loop: AdamW, warm-up and cosine, accumulation, clipping, evaluation, checkpoints.

It works on token tensors; where text comes from is data.py's business.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reference_model.checkpoint import Run, build_model, read_checkpoint, restore_generators, save_checkpoint
from reference_model.config import ModelConfig, TrainingConfig
from reference_model.data import random_batch
from reference_model.errors import UserError
from reference_model.model import GPT
from reference_model.tokenizer import CharacterTokenizer


@dataclass(frozen=True)
class Metrics:
    """One line of metrics.jsonl."""

    step: int
    training_loss: float  # mean over the same number of batches as validation_loss, without dropout
    validation_loss: float
    learning_rate: float
    gradient_norm: float  # before clipping, of the last step; 0 before the first
    seconds: float  # since this process began to train


def choose_device(name: str = "auto") -> torch.device:
    """CUDA, else Apple's GPU, else the CPU, unless a device is named; the named one must be there."""
    if name != "auto":
        try:
            return torch.empty(0, device=name).device
        except (RuntimeError, AssertionError) as problem:  # torch asserts when it was built without CUDA
            raise UserError(f"device {name!r} cannot be used: {str(problem).splitlines()[0]}") from None
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


# ---- beginning


def start_run(model_config: ModelConfig, config: TrainingConfig, corpus: str, text: str, device: torch.device) -> Run:
    """A run at step 0; the seed decides weights, batches and dropout."""
    torch.manual_seed(config.seed)
    tokenizer = CharacterTokenizer.from_text(text)
    model = GPT(replace(model_config, vocab_size=tokenizer.vocab_size)).to(device)
    generator = torch.Generator().manual_seed(config.seed)
    return Run(model, build_optimizer(model, config), tokenizer, config, generator, corpus)


def resume_run(path: Path, device: torch.device) -> Run:
    """The run that `path` holds, as if it had never stopped."""
    content = read_checkpoint(path, device)
    if "optimizer" not in content:
        raise UserError(f"{path}: holds a model without the state of its training; it can generate, not resume")
    model, tokenizer = build_model(content, path, device)
    config = TrainingConfig(**content["training_config"])
    optimizer = build_optimizer(model, config)
    optimizer.load_state_dict(content["optimizer"])
    generator = torch.Generator()
    restore_generators(content, generator)
    return Run(model, optimizer, tokenizer, config, generator, content["corpus"], content["step"])


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Matrices decay; vectors (norm weights, biases) do not: pulling a scale towards zero has no use."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]


def build_optimizer(model: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    """AdamW: weight decay apart from the gradient's statistics (Loshchilov & Hutter, 2019)."""
    groups = parameter_groups(model, config.weight_decay)
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(config.beta1, config.beta2))


# ---- one step


def learning_rate_at(step: int, config: TrainingConfig) -> float:
    """Linear warm-up to the peak, then half a cosine down to the minimum (Loshchilov & Hutter, 2017)."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    progress = (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps)
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))  # from 1 to 0
    return config.min_learning_rate + cosine * (config.learning_rate - config.min_learning_rate)


def training_step(run: Run, tokens: Tensor, device: torch.device) -> float:
    """One optimizer step over `accumulation` batches; returns the gradient norm before clipping."""
    model, optimizer, config = run.model, run.optimizer, run.config
    for group in optimizer.param_groups:
        group["lr"] = learning_rate_at(run.step, config)
    optimizer.zero_grad(set_to_none=True)
    for _ in range(config.accumulation):
        x, y = random_batch(tokens, config.batch_size, model.config.context_length, run.generator)  # (B, T) each
        _, loss = model(x.to(device), y.to(device))
        loss = loss / config.accumulation  # gradients add up over the batches: their mean is wanted
        loss.backward()
        require_finite(loss, "loss", run.step)
    gradient_norm = nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
    require_finite(gradient_norm, "gradient norm", run.step)
    optimizer.step()
    run.step += 1
    return float(gradient_norm)


def require_finite(value: Tensor, name: str, step: int) -> None:
    """Stop before a broken gradient reaches the weights, and with them the next checkpoint."""
    if not torch.isfinite(value):
        raise UserError(
            f"step {step}: the {name} is {value.item()}; the last checkpoint is kept; lower --learning-rate"
        )


@torch.no_grad()
def evaluate(model: GPT, tokens: Tensor, config: TrainingConfig, device: torch.device) -> float:
    """Mean loss over the same `eval_batches` random batches at every call, without dropout."""
    generator = torch.Generator().manual_seed(config.seed)
    model.eval()
    losses: list[float] = []
    for _ in range(config.eval_batches):
        x, y = random_batch(tokens, config.batch_size, model.config.context_length, generator)  # (B, T) each
        _, loss = model(x.to(device), y.to(device))
        losses.append(loss.item())
    model.train()
    return sum(losses) / len(losses)


# ---- the loop


def train(run: Run, training: Tensor, validation: Tensor, folder: Path) -> list[Metrics]:
    """Train until `config.steps`, writing metrics.jsonl and checkpoint.pt into `folder`."""
    device = next(run.model.parameters()).device
    config = run.config
    began = time.perf_counter()
    gradient_norm = 0.0
    history: list[Metrics] = []

    def measure() -> None:
        metrics = Metrics(
            step=run.step,
            training_loss=evaluate(run.model, training, config, device),
            validation_loss=evaluate(run.model, validation, config, device),
            learning_rate=learning_rate_at(run.step, config),
            gradient_norm=gradient_norm,
            seconds=round(time.perf_counter() - began, 2),
        )
        history.append(metrics)
        report(metrics, folder / "metrics.jsonl")

    drop_metrics_from(folder / "metrics.jsonl", run.step)
    run.model.train()
    while run.step < config.steps:
        if run.step % config.eval_interval == 0:
            measure()
        gradient_norm = training_step(run, training, device)
        if run.step % config.checkpoint_interval == 0:
            save_checkpoint(folder / "checkpoint.pt", run)
    measure()
    save_checkpoint(folder / "checkpoint.pt", run)
    return history


def report(metrics: Metrics, path: Path) -> None:
    """One line for people on standard output, one for programs in `path`."""
    print(
        f"step {metrics.step:6}  training loss {metrics.training_loss:.4f}  "
        f"validation loss {metrics.validation_loss:.4f}  learning rate {metrics.learning_rate:.2e}  "
        f"gradient norm {metrics.gradient_norm:.2f}  {metrics.seconds:.0f} s",
        flush=True,
    )
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(metrics)) + "\n")


def drop_metrics_from(path: Path, step: int) -> None:
    """Remove the lines of another run (this one starts at 0) or of steps that a resumed run does again."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]  # an interruption may have torn the last one
    path.write_text("".join(line for line in whole if json.loads(line)["step"] < step), encoding="utf-8")
