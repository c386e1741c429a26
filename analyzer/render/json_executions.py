"""Runs of the target's own code in facts.json: marked as executed, beside what was derived."""

from __future__ import annotations

from analyzer.records.executions import Comparison, ExecutedCall, Execution
from analyzer.render.json_values import Json, Object, source, unknown
from analyzer.render.text import clean


def execution(item: Execution) -> Object:
    described: Object = {
        "model": item.class_name,
        "how": "executed",
        "source": source(item.where),
        "build": clean(item.build_expression),
        "device": item.device,
        "nets": list(item.nets),
        "totals": _comparisons(item.totals),
        "calls": [_call(call) for call in item.calls],
        "checks": [{"name": one.name, "passed": one.passed, "detail": clean(one.detail)} for one in item.checks],
    }
    return described if item.failure is None else described | {"ended": unknown(item.failure)}


def _call(item: ExecutedCall) -> Object:
    described: Object = {
        "mode": item.mode, "method": item.method, "inputs": [clean(text) for text in item.inputs],
        "comparisons": _comparisons(item.comparisons),
    }  # fmt: skip
    return described if item.stopped is None else described | {"ended": unknown(item.stopped)}


def _comparisons(items: tuple[Comparison, ...]) -> list[Json]:
    return [
        {"subject": item.subject, "verdict": item.verdict, "evaluated": item.evaluated, "executed": item.executed}
        for item in items
    ]
