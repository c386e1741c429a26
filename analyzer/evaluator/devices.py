"""Everything is evaluated on one device: what names another in a call is replaced."""

from __future__ import annotations

import re
from typing import Any

import torch

DEVICE_TEXT = re.compile(r"^(cuda|mps|xpu|npu|hpu|cpu|meta|mlu)(:\d+)?$")


def without_devices(name: str, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Everything is evaluated on one device: arguments that name another are replaced."""
    if kwargs.get("device") is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    if name in ("to", "_to"):
        args = tuple(neutral(arg) for arg in args)
    return args, kwargs


def neutral(value: Any) -> Any:
    is_device = isinstance(value, torch.device) or (isinstance(value, str) and DEVICE_TEXT.match(value))
    return torch.device("cpu") if is_device else value
