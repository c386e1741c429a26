"""The training loop: AdamW, mixed precision, accumulation, clipping, evaluation, checkpoints.

It works on tokens; where text comes from is data.py's business, the learning rate schedule.py's.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reference_model.adapters import add_lora, merge_lora
from reference_model.checkpoint import (
    Run,
    build_model,
    read_checkpoint,
    restore_generators,
    save_checkpoint,
)
from reference_model.compilation import compile_network
from reference_model.config import ModelConfig, TrainingConfig
from reference_model.data import draw_batch
from reference_model.distributed import Team, synchronized, wrap
from reference_model.documents import Tokens
from reference_model.errors import UserError
from reference_model.health import dead_share, gradient_norms, record_dead_units, weight_norm
from reference_model.metrics import Metrics, drop_metrics_from, report
from reference_model.model import GPT
from reference_model.precision import build_scaler, mixed_precision, require_scale
from reference_model.progress import progress_bar
from reference_model.schedule import learning_rate_at
from reference_model.tokenizer import Tokenizer


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


def start_run(
    model_config: ModelConfig,
    config: TrainingConfig,
    corpus: str,
    tokenizer: Tokenizer,
    device: torch.device,
    team: Team = Team(),  # noqa: B008  (frozen)
) -> Run:
    """A run at step 0; the seed decides weights, batches and dropout."""
    torch.manual_seed(config.seed)
    model = GPT(replace(model_config, vocab_size=tokenizer.vocab_size)).to(device)
    if config.lora_rank > 0:
        raise UserError("a low-rank update needs weights to update: name a checkpoint with --start-from")
    torch.manual_seed(config.seed + team.rank)  # each process drops other units
    generator = torch.Generator().manual_seed(config.seed)
    optimizer, scaler = build_optimizer(model, config), build_scaler(config, device)
    return Run(model, optimizer, tokenizer, config, generator, corpus, team=team, scaler=scaler)


def resume_run(
    path: Path,
    device: torch.device,
    team: Team = Team(),  # noqa: B008  (frozen)
    anew: TrainingConfig | None = None,
    corpus: str = "",
) -> Run:
    """The run that `path` holds, as if it had never stopped; `anew`, one at step 0 on `corpus` with its weights."""
    content = read_checkpoint(path, device)
    model, tokenizer = build_model(content, path, device)
    if content.get("quantized"):
        raise UserError(f"{path}: holds weights in eight bits; they can generate, not train")
    if anew is not None:
        optimizer, generator = fine_tune(model, anew, team), torch.Generator().manual_seed(anew.seed)
        return Run(model, optimizer, tokenizer, anew, generator, corpus, team=team, scaler=build_scaler(anew, device))
    if "optimizer" not in content:
        raise UserError(f"{path}: holds a model without the state of its training; it can generate, not resume")
    config = TrainingConfig(**content["training_config"])
    optimizer = build_optimizer(model, config)
    optimizer.load_state_dict(content["optimizer"])
    scaler = build_scaler(config, device)
    if scaler.is_enabled() and content.get("loss_scale"):
        scaler.load_state_dict(content["loss_scale"])
    generator = torch.Generator()
    restore_generators(content, generator, team)
    return Run(model, optimizer, tokenizer, config, generator, content["corpus"], content["step"], team, scaler)


def fine_tune(model: GPT, config: TrainingConfig, team: Team) -> torch.optim.Optimizer:
    """Prepare trained weights for another training, of all of them or of a low-rank update."""
    merge_lora(model)  # of an earlier fine-tuning
    if config.lora_rank > 0:
        torch.manual_seed(config.seed)  # the update starts alike in every process
        add_lora(model, config.lora_rank)
    torch.manual_seed(config.seed + team.rank)
    return build_optimizer(model, config)


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


def training_step(run: Run, tokens: Tokens, device: torch.device, network: nn.Module | None = None) -> float:
    """One optimizer step over `accumulation` batches; returns the gradient norm before clipping.

    `network` is the model as it is called here: compiled, or one of a team; the model itself by default.
    """
    model, optimizer, config = run.model, run.optimizer, run.config
    network = model if network is None else network
    share = (run.team.rank, run.team.size)
    for group in optimizer.param_groups:
        group["lr"] = learning_rate_at(run.step, config)
    optimizer.zero_grad(set_to_none=True)
    for index in range(config.accumulation):
        length = model.config.context_length
        x, y, documents = draw_batch(tokens, config.batch_size, length, run.generator, share, config.isolate)  # (B, T)
        with synchronized(network, index == config.accumulation - 1):
            with mixed_precision(config, device):
                _, loss = network(x.to(device), y.to(device), documents=on_device(documents, device))
            loss = loss / config.accumulation  # gradients add up over the batches: their mean is wanted
            run.scaler.scale(loss).backward()
        require_finite(loss, "loss", run.step)
    run.scaler.unscale_(optimizer)
    gradient_norm = nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
    if not run.scaler.is_enabled():  # it leaves out steps that overflow
        require_finite(gradient_norm, "gradient norm", run.step)
    run.scaler.step(optimizer)
    run.scaler.update()
    require_scale(run.scaler, run.step)
    run.step += 1
    return float(gradient_norm)


def on_device(documents: Tensor | None, device: torch.device) -> Tensor | None:
    return None if documents is None else documents.to(device)


def require_finite(value: Tensor, name: str, step: int) -> None:
    """Stop before a broken gradient reaches the weights, and with them the next checkpoint."""
    if not torch.isfinite(value):
        raise UserError(
            f"step {step}: the {name} is {value.item()}; the last checkpoint is kept; lower --learning-rate"
        )


@torch.no_grad()
def evaluate(model: GPT, tokens: Tokens, config: TrainingConfig, device: torch.device) -> float:
    """Mean loss over the same `eval_batches` random batches at every call, without dropout."""
    generator = torch.Generator().manual_seed(config.seed)
    model.eval()
    losses: list[float] = []
    for _ in range(config.eval_batches):
        length = model.config.context_length
        x, y, documents = draw_batch(tokens, config.batch_size, length, generator, isolate=config.isolate)  # (B, T)
        with mixed_precision(config, device):
            _, loss = model(x.to(device), y.to(device), documents=on_device(documents, device))
        losses.append(loss.item())
    model.train()
    return sum(losses) / len(losses)


# ---- the loop


def train(run: Run, training: Tokens, validation: Tokens, folder: Path) -> list[Metrics]:
    """Train until `config.steps`, writing metrics.jsonl and checkpoint.pt into `folder`."""
    device = next(run.model.parameters()).device
    config = run.config
    network = wrap(run.model, run.team)
    if config.compile:
        network = compile_network(network, device)
    began, first = time.perf_counter(), run.step
    gradient_norm = 0.0
    history: list[Metrics] = []

    def measure() -> None:
        if not run.team.leads:
            return
        seconds = time.perf_counter() - began
        training_loss = evaluate(run.model, training, config, device)
        with record_dead_units(run.model) as dead:
            validation_loss = evaluate(run.model, validation, config, device)
        metrics = Metrics(
            step=run.step,
            training_loss=training_loss,
            validation_loss=validation_loss,
            learning_rate=learning_rate_at(run.step, config),
            gradient_norm=gradient_norm,
            gradient_norms=gradient_norms(run.model),
            weight_norm=weight_norm(run.model),
            loss_scale=run.scaler.get_scale(),
            dead_units=dead_share(dead),
            tokens_per_second=round((run.step - first) * tokens_per_step(run) / seconds, 1),
            seconds=round(time.perf_counter() - began, 2),
        )
        history.append(metrics)
        report(metrics, folder / "metrics.jsonl")

    if run.team.leads:
        drop_metrics_from(folder / "metrics.jsonl", run.step)
    run.model.train()
    with progress_bar("training", run.step, config.steps) as show_progress:
        while run.step < config.steps:
            if run.step % config.eval_interval == 0:
                measure()
            gradient_norm = training_step(run, training, device, network)
            show_progress(run.step)
            if run.step % config.checkpoint_interval == 0:
                save_checkpoint(folder / "checkpoint.pt", run)
    measure()
    save_checkpoint(folder / "checkpoint.pt", run)
    return history


def tokens_per_step(run: Run) -> int:
    """What all processes together learn from in one optimizer step."""
    return run.config.batch_size * run.config.accumulation * run.model.config.context_length * run.team.size
