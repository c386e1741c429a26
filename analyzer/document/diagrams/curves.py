"""Lines: the learning rate over the steps from the code's own function, and the growth of the key-value cache."""

from __future__ import annotations

from analyzer.document.diagrams.describe import drawn_model
from analyzer.records.bundles import Analysis
from analyzer.records.diagrams import Diagram, Series
from analyzer.records.evidence import Known
from analyzer.records.techniques import Text

TOKENS = (0.0, 256.0, 512.0, 1024.0, 2048.0)


def learning_rate(analysis: Analysis) -> tuple[Diagram, ...]:
    """One curve per schedule of the main training program that could be evaluated."""
    pipelines = sorted(analysis.facts.processes.training, key=lambda pipeline: not pipeline.main)
    drawn: list[Diagram] = []
    for at, schedule in enumerate(pipelines[0].schedules if pipelines else ()):
        if len(schedule.curve) < 2:
            continue
        name = "learning_rate_curve" if at == 0 else f"learning_rate_curve_{at}"
        label = schedule.kind.rpartition(":")[2].rpartition(".")[2]
        steps, rates = zip(*schedule.curve, strict=True)
        series = Series(label, tuple(float(step) for step in steps), tuple(float(rate) for rate in rates))
        title = Text(f"Learning rate of {label}", f"{label} 的学习率曲线")
        drawn.append(
            Diagram(
                name, title, "line", series=(series,), x_label="step", y_label="learning rate", where=(schedule.where,)
            )
        )
    return tuple(drawn)


def cache_growth(analysis: Analysis) -> tuple[Diagram, ...]:
    """Bytes of the cache for one sequence, with the reference model as yardstick."""
    model = drawn_model(analysis)
    cost = dict(model.costs).get("kv_bytes_per_token") if model else None
    if model is None or cost is None or not isinstance(cost.value, Known) or not cost.value.value:
        return ()
    series = [_growth(model.class_name, cost.value.value)]
    reference = analysis.shapes.reference
    if reference is not None and reference.kv_bytes_per_token and reference.kv_bytes_per_token != cost.value.value:
        series.append(_growth(f"reference ({reference.preset})", reference.kv_bytes_per_token))
    title = Text("Key-value cache of one sequence", "单条序列的键值缓存大小")
    return (
        Diagram(
            "kv_cache", title, "line", series=tuple(series), x_label="tokens", y_label="bytes", where=cost.value.where
        ),
    )


def _growth(label: str, per_token: int) -> Series:
    return Series(label, TOKENS, tuple(per_token * tokens for tokens in TOKENS))
