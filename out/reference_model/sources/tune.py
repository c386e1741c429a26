"""Which learning rate, batch size and sequence length: found by running, not by formula."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from reference_model.config import ModelConfig, TrainingConfig
from reference_model.data import random_batch
from reference_model.errors import UserError
from reference_model.measurement import Measured, bytes_for_backward, measure_seconds, stored_bytes
from reference_model.model import GPT
from reference_model.train import build_optimizer, evaluate


@dataclass(frozen=True)
class RangeTest:
    """The smoothed loss while the learning rate grows step by step (Smith, 2017)."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    steepest: float  # the rate at which the loss falls fastest
    diverged: float | None  # the rate at which it exceeds four times its best, where the test ends


def range_test(
    model: GPT, tokens: Tensor, config: TrainingConfig, steps: int, low: float = 1e-5, high: float = 1.0
) -> RangeTest:
    """One step per learning rate, evenly spaced in the logarithm; the model that is handed in is not changed."""
    if steps < 3 or not 0 < low < high:
        raise UserError(f"a range test needs three steps or more and 0 < low < high, not {steps}, {low:g}, {high:g}")
    model = copy.deepcopy(model).train()
    device = next(model.parameters()).device
    optimizer = build_optimizer(model, config)
    generator = torch.Generator().manual_seed(config.seed)
    rates: list[float] = []
    losses: list[float] = []
    average = 0.0
    diverged = None
    for step in range(steps):
        rate = low * (high / low) ** (step / (steps - 1))
        for group in optimizer.param_groups:
            group["lr"] = rate
        x, y = random_batch(tokens, config.batch_size, model.config.context_length, generator)  # (B, T) each
        _, loss = model(x.to(device), y.to(device))
        average = 0.8 * average + 0.2 * loss.item()
        smoothed = average / (1 - 0.8 ** (step + 1))  # without the pull towards the first zero
        if not math.isfinite(smoothed) or smoothed > 4 * min(losses, default=smoothed):
            diverged = rate
            break
        rates.append(rate)
        losses.append(smoothed)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return RangeTest(tuple(rates), tuple(losses), find_steepest(rates, losses), diverged)


def find_steepest(rates: list[float], losses: list[float]) -> float:
    """Where the loss falls most per step; the steps are even in the logarithm of the rate."""
    falls = [losses[at - 1] - losses[at] for at in range(1, len(losses))]
    return rates[max(range(len(falls)), key=falls.__getitem__) + 1] if falls else rates[0]


@dataclass(frozen=True)
class Trial:
    learning_rate: float
    validation_loss: float  # nan where the run did not stay finite


def sweep(
    model: GPT, training: Tensor, validation: Tensor, config: TrainingConfig, rates: list[float], steps: int
) -> list[Trial]:
    """The same short training from the same weights with each learning rate, best first."""
    device = next(model.parameters()).device
    trials = []
    for rate in rates:
        candidate = copy.deepcopy(model).train()
        optimizer = build_optimizer(candidate, replace(config, learning_rate=rate))
        generator = torch.Generator().manual_seed(config.seed)
        for _ in range(steps):
            x, y = random_batch(training, config.batch_size, candidate.config.context_length, generator)  # (B, T)
            _, loss = candidate(x.to(device), y.to(device))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(candidate.parameters(), config.clip_norm)
            optimizer.step()
        trials.append(Trial(rate, evaluate(candidate, validation, config, device)))
    return sorted(trials, key=lambda trial: (math.isnan(trial.validation_loss), trial.validation_loss))


@dataclass(frozen=True)
class Footprint:
    """One training step of one size."""

    batch_size: int
    length: int
    weights: int  # bytes of parameters and buffers
    activations: int  # bytes that the forward pass keeps for the backward pass
    seconds: Measured

    @property
    def tokens_per_second(self) -> float:
        return self.batch_size * self.length / self.seconds.median


def measure_footprint(
    config: ModelConfig, batch_size: int, length: int, device: torch.device, repeats: int
) -> Footprint:
    """Forward and backward on random tokens."""
    model = GPT(replace(config, context_length=max(length, config.context_length))).to(device).train()
    tokens = torch.randint(config.vocab_size, (batch_size, length), device=device)  # (B, T)

    def step() -> None:
        model.zero_grad(set_to_none=True)
        _, loss = model(tokens, tokens)
        loss.backward()

    kept = bytes_for_backward(lambda: model(tokens, tokens))
    own = {
        p.untyped_storage().data_ptr(): p.untyped_storage().nbytes() for p in (*model.parameters(), *model.buffers())
    }
    return Footprint(
        batch_size,
        length,
        stored_bytes(model),
        max(0, kept - sum(own.values())),
        measure_seconds(step, device, repeats),
    )
