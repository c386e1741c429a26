"""Half precision: in which type products are computed, and how gradients stay within its range.

bfloat16 has the range of float32 and needs nothing more. float16 has not: gradients below 6e-8 would vanish, so the
loss is multiplied by a large factor before the backward pass and the gradients divided by it after (Micikevicius et
al., 2018, section 3.2). Weights and optimizer stay float32.
"""

from __future__ import annotations

import torch

from reference_model.config import TrainingConfig
from reference_model.errors import UserError

SMALLEST_SCALE = 1.0  # a loss that needs to be made smaller than it is cannot be trained in float16
TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def choose_precision(config: TrainingConfig, device: torch.device) -> torch.dtype:
    """What matrix products are computed in; unless it is named, bfloat16 on a GPU that has it, else float32."""
    if config.precision == "auto":
        return torch.bfloat16 if device.type == "cuda" and torch.cuda.is_bf16_supported() else torch.float32
    return TYPES[config.precision]


def mixed_precision(config: TrainingConfig, device: torch.device) -> torch.autocast:
    """Matrix products in half the bits, sums and weights in float32."""
    dtype = choose_precision(config, device)
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


def build_scaler(config: TrainingConfig, device: torch.device) -> torch.amp.GradScaler:
    """Scales the loss for float16 and does nothing for other types.

    A step whose gradients overflow is left out and the factor halved; after many good ones it is doubled.
    """
    return torch.amp.GradScaler(device.type, enabled=choose_precision(config, device) == torch.float16)


def require_scale(scaler: torch.amp.GradScaler, step: int) -> None:
    """Stop where every factor overflows: then the run only leaves out steps."""
    if scaler.is_enabled() and scaler.get_scale() < SMALLEST_SCALE:
        raise UserError(
            f"step {step}: gradients overflow float16 at every loss scale; the last checkpoint is kept; "
            "lower --learning-rate or choose --precision bfloat16"
        )
