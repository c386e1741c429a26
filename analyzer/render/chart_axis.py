"""Round numbers for the axis of a chart, and how they are written."""

from __future__ import annotations

from math import ceil, floor, isfinite, log10


def ticks(low: float, high: float, count: int = 5) -> tuple[float, ...]:
    """About `count` round values that cover the range."""
    if not (isfinite(low) and isfinite(high)) or high <= low:
        return (low, low + 1.0)
    rough = (high - low) / count
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return tuple(float(f"{number * step:.12g}") for number in range(first, last + 1))


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """Powers of ten that cover the range."""
    return tuple(10.0**power for power in range(floor(log10(low)), ceil(log10(high)) + 1))


def tick_text(value: float) -> str:
    """`0`, `250`, `1.5k`, `124M`, `6e-05`."""
    if value == 0:
        return "0"
    if abs(value) < 0.01:
        return f"{value:.3g}"
    for factor, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{value / factor:.4g}{letter}"
    return f"{value:.4g}"
