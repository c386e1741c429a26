"""Parameter counts of standard modules as formulas over the arguments that their own description names."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class ClosedForm:
    """The formula with names, with numbers, and what it comes to."""

    symbolic: str
    numeric: str
    value: int


def closed_form(class_name: str, detail: str) -> ClosedForm | None:
    """The formula for a module of a known class; None for any other class or an unreadable description."""
    maker = FORMS.get(class_name)
    try:
        return maker(detail) if maker else None
    except (ValueError, IndexError, KeyError):
        return None


def _sizes(detail: str) -> list[int]:
    """The leading unnamed sizes of a description: `768, 2304, bias=True` → 768, 2304."""
    head = detail.split("=", 1)[0]
    return [int(part) for part in re.findall(r"\d+", head.rsplit(",", 1)[0] if "=" in detail else head)]


def _named(detail: str, name: str, default: str = "") -> str:
    found = re.search(rf"{name}=(\([^)]*\)|[^,]+)", detail)
    return found[1].strip() if found else default


def _linear(detail: str) -> ClosedForm:
    wide, high = (int(_named(detail, key)) for key in ("in_features", "out_features"))
    if _named(detail, "bias", "True") == "True":
        return ClosedForm("in*out + out", f"{wide}*{high} + {high}", wide * high + high)
    return ClosedForm("in*out", f"{wide}*{high}", wide * high)


def _linear_any(detail: str) -> ClosedForm:
    if "in_features" in detail:
        return _linear(detail)
    wide, high = _sizes(detail)[:2]
    return _linear(f"in_features={wide}, out_features={high}, bias={_named(detail, 'bias', 'True')}")


def _embedding(detail: str) -> ClosedForm:
    entries, width = _sizes(detail)[:2]
    return ClosedForm("entries*width", f"{entries}*{width}", entries * width)


def _layer_norm(detail: str) -> ClosedForm | None:
    sizes = [int(part) for part in re.findall(r"\d+", detail.split(")", 1)[0])]
    width = math.prod(sizes)
    if _named(detail, "elementwise_affine") != "True":
        return ClosedForm("0", "0", 0)
    factor = 1 if _named(detail, "bias", "True") == "False" else 2
    return ClosedForm(f"{factor}*width", f"{factor}*{width}", factor * width)


def _batch_norm(detail: str) -> ClosedForm:
    width = _sizes(detail)[0]
    if _named(detail, "affine", "True") != "True":
        return ClosedForm("0", "0", 0)
    return ClosedForm("2*channels", f"2*{width}", 2 * width)


def _convolution(detail: str) -> ClosedForm:
    ins, outs = _sizes(detail)[:2]
    kernel = [int(part) for part in re.findall(r"\d+", _named(detail, "kernel_size"))]
    groups = int(_named(detail, "groups", "1"))
    area = "*".join(str(size) for size in kernel)
    value = ins // groups * outs * math.prod(kernel)
    if _named(detail, "bias", "True") == "True":
        return ClosedForm("in/groups*out*kernel + out", f"{ins}/{groups}*{outs}*{area} + {outs}", value + outs)
    return ClosedForm("in/groups*out*kernel", f"{ins}/{groups}*{outs}*{area}", value)


def _rms_norm(detail: str) -> ClosedForm | None:
    """Torch's own RMSNorm; a class of the repository with this name describes itself differently or not at all."""
    if "elementwise_affine" not in detail:
        return None
    width = math.prod(int(part) for part in re.findall(r"\d+", detail.split(")", 1)[0]))
    return ClosedForm("width", str(width), width)


FORMS: dict[str, Callable[[str], ClosedForm | None]] = {
    "Linear": _linear_any,
    "Embedding": _embedding,
    "LayerNorm": _layer_norm,
    "RMSNorm": _rms_norm,
    "BatchNorm1d": _batch_norm,
    "BatchNorm2d": _batch_norm,
    "BatchNorm3d": _batch_norm,
    "Conv1d": _convolution,
    "Conv2d": _convolution,
    "Conv3d": _convolution,
}
