"""Pictures of measured numbers. matplotlib is imported when the first one is drawn.

Every picture is drawn from numbers that a run wrote or returned; nothing here computes a result.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from reference_model.errors import UserError

FEW = 8
Series = Mapping[str, tuple[Sequence[float], Sequence[float]]]  # name: (x, y)


def draw(path: Path, panels: Sequence[Callable[[Any], None]], width: float = 5.5) -> Path:
    """One panel beside the other, written as the suffix of `path` says (.svg, .png, .pdf)."""
    try:
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError:
        raise UserError("pictures need matplotlib: pip install matplotlib") from None
    figure = Figure(figsize=(width * len(panels), 3.6), layout="constrained")
    FigureCanvasSVG(figure)
    for panel, axes in zip(panels, figure.subplots(1, len(panels), squeeze=False)[0], strict=True):
        panel(axes)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
    except OSError as problem:
        raise UserError(f"{path}: cannot be written: {problem.strerror}") from None
    return path


def lines(title: str, x: str, y: str, series: Series, log: str = "") -> Callable[[Any], None]:
    """A panel with one line per series; `log` names the logarithmic axes ("x", "y", "xy")."""

    def panel(axes: Any) -> None:
        for name, (xs, ys) in series.items():
            axes.plot(xs, ys, marker="o", markersize=3, label=name)
        axes.set(title=title, xlabel=x, ylabel=y)
        if "x" in log:
            axes.set_xscale("log")
            mark_points(axes, sorted({x for xs, _ in series.values() for x in xs}))
        if "y" in log:
            axes.set_yscale("log")
        if len(series) > 1:
            axes.legend()
        axes.grid(alpha=0.3)

    return panel


def mark_points(axes: Any, points: Sequence[float]) -> None:
    """A few measured places are told as they are; powers of ten are for many."""
    if len(points) <= FEW:
        axes.set_xticks(points, labels=[f"{point:.3g}" for point in points])
        axes.minorticks_off()


def bars(title: str, y: str, heights: Mapping[str, float]) -> Callable[[Any], None]:
    def panel(axes: Any) -> None:
        drawn = axes.bar(list(heights), list(heights.values()))
        axes.bar_label(
            drawn, labels=[f"{height:,.0f}" if height >= 1000 else f"{height:.4g}" for height in heights.values()]
        )
        axes.margins(y=0.1)  # room for the labels
        axes.set(title=title, ylabel=y)
        axes.tick_params(axis="x", labelrotation=20)

    return panel


def histogram(title: str, x: str, y: str, values: Sequence[float]) -> Callable[[Any], None]:
    def panel(axes: Any) -> None:
        axes.hist(values, bins=40)
        axes.set(title=title, xlabel=x, ylabel=y)

    return panel


def heat(title: str, x: str, y: str, rows: Sequence[Sequence[float]]) -> Callable[[Any], None]:
    def panel(axes: Any) -> None:
        axes.imshow(rows, cmap="viridis", aspect="auto")
        axes.set(title=title, xlabel=x, ylabel=y)

    return panel


def draw_training(metrics: Path, path: Path) -> Path:
    """Losses, learning rate and gradient norm over the steps of metrics.jsonl."""
    rows = [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()]
    steps = [row["step"] for row in rows]

    taken = [row for row in rows if row["gradient_norm"] > 0]  # none was taken yet where a process begins
    after, norms = [row["step"] for row in taken], [row["gradient_norm"] for row in taken]

    def series(*names: str) -> Series:
        return {name.replace("_", " "): (steps, [row[name] for row in rows]) for name in names}

    return draw(
        path,
        [
            lines("Loss", "step", "cross-entropy (nats per token)", series("training_loss", "validation_loss")),
            lines("Learning rate", "step", "learning rate", series("learning_rate")),
            lines("Gradient", "step", "norm before clipping", {"gradient norm": (after, norms)}),
        ],
        width=4,
    )
