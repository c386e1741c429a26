"""How configuration values come about: default → configuration file → command line → assignment → effective."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.document.override_lines import layers_of
from analyzer.records.bundles import Analysis
from analyzer.records.configuration import ConfigValue, Override
from analyzer.records.diagrams import Arrow, Box, Diagram
from analyzer.records.evidence import Known, Unknown
from analyzer.records.source import Span
from analyzer.records.techniques import Text

MOST_VALUES = 6
MOST_BOXES = 24
LONGEST_VALUE = 24
MOST_ALTERNATIVES = 4


def build(analysis: Analysis) -> tuple[Diagram, ...]:
    """The values with the longest chains, what parts of a model are given apart; nothing where none is overridden."""
    tables = [table for table in analysis.facts.configuration.tables if table.format != "init_defaults"]
    values = [value for table in tables for value in table.values if _steps(value)]
    longest = sorted(values, key=lambda value: (-len(layers_of(value)), -len(_steps(value))))[:MOST_VALUES]
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    where: list[Span] = []
    for number, value in enumerate(longest):
        chain = _chain(f"v{number}", value)
        if len(boxes) + len(chain) > MOST_BOXES:
            break
        boxes += chain
        arrows += [Arrow(chain[n].id, chain[n + 1].id) for n in range(len(chain) - 1)]
        where.append(value.where)
    if not boxes:
        return ()
    title = Text("How configuration values come about", "配置值的覆盖链")
    flow = Diagram(
        "configuration_chain", title, "flow", tuple(boxes), tuple(arrows), direction="right", where=tuple(where)
    )
    return (flow,)


def _steps(value: ConfigValue) -> list[Override]:
    """Overrides apart from the definition itself; a preset stands for itself elsewhere."""
    return [step for step in value.overrides if step.layer not in ("default", "preset")]


def _chain(name: str, value: ConfigValue) -> list[Box]:
    """One box per layer, in the order of the layers: what a layer offers are alternatives, not steps."""
    first = f"{value.name} = {_shown(value.value, value.expression)}"
    chain = [Box(f"{name}_0", first, ("default", str(value.where)), "io")]
    for number, steps in enumerate(layers_of(value), 1):
        if steps[0].layer != "preset":
            label = steps[0].layer.replace("_", " ")
            title = f"{label}, one of" if steps[0].choice and len(steps) > 1 else label
            chain.append(Box(f"{name}_{number}", title, _alternatives(steps), "plain", where=steps[0].where))
    if value.effective is not None:
        chain.append(Box(f"{name}_end", _shown(value.effective, "not derived"), ("effective",), "core"))
    return chain


def _alternatives(steps: Sequence[Override]) -> tuple[str, ...]:
    """Each value with the first place that gives it; the other places and values are counted."""
    by_value: dict[str, list[Override]] = {}
    for step in steps:
        by_value.setdefault(_shown(step.value, step.expression), []).append(step)
    groups = list(by_value.items())
    lines = [f"{text} ← {group[0].where}{_others(len(group) - 1)}" for text, group in groups[:MOST_ALTERNATIVES]]
    left = sum(len(group) for _, group in groups[MOST_ALTERNATIVES:])
    return (*lines, *([f"… at {left} more places"] if left else []))


def _others(count: int) -> str:
    return f" (+{count})" if count else ""


def _shown(value: Known[object] | Unknown, expression: str) -> str:
    text = repr(value.value) if isinstance(value, Known) else expression
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST_VALUE else flat[: LONGEST_VALUE - 1] + "…"
