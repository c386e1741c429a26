"""How configuration values come about: default → configuration file → command line → assignment → effective."""

from __future__ import annotations

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
    """The values with the longest chains; nothing where no value is overridden."""
    values = [value for table in analysis.facts.configuration.tables for value in table.values if _steps(value)]
    longest = sorted(values, key=lambda value: -len(_steps(value)))[:MOST_VALUES]
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
    """One box per layer: several files that override the same value are alternatives, not steps."""
    first = f"{value.name} = {_shown(value.value, value.expression)}"
    chain = [Box(f"{name}_0", first, ("default", str(value.where)), "io")]
    layers: dict[str, list[Override]] = {}
    for step in _steps(value):
        layers.setdefault(step.layer, []).append(step)
    for layer, steps in layers.items():
        lines = [f"{_shown(step.value, step.expression)} ← {step.where}" for step in steps[:MOST_ALTERNATIVES]]
        lines += [f"… {len(steps) - MOST_ALTERNATIVES} more"] if len(steps) > MOST_ALTERNATIVES else []
        chain.append(Box(f"{name}_{layer}", layer.replace("_", " "), tuple(lines), "plain", where=steps[0].where))
    if value.effective is not None:
        chain.append(Box(f"{name}_end", _shown(value.effective, "not derived"), ("effective",), "core"))
    return chain


def _shown(value: Known[object] | Unknown, expression: str) -> str:
    text = repr(value.value) if isinstance(value, Known) else expression
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST_VALUE else flat[: LONGEST_VALUE - 1] + "…"
