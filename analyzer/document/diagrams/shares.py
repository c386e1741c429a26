"""Bars: where the parameters are, what memory is needed for what, how large the presets are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from analyzer.document.diagrams.describe import drawn_model
from analyzer.document.optimizer_state import costs_with_own_state, has_own_state
from analyzer.records.bundles import Analysis
from analyzer.records.diagrams import Diagram, Series
from analyzer.records.evidence import Known
from analyzer.records.source import Span
from analyzer.records.techniques import Text
from analyzer.records.tensors import ModelShapes, ModuleNode

MOST_BARS = 12
MEMORY = ("parameter_bytes", "gradient_bytes", "optimizer_bytes", "activation_bytes")
Bars = list[tuple[str, float]]


def build(analysis: Analysis) -> tuple[Diagram, ...]:
    model = drawn_model(analysis)
    if model is None or not isinstance(model.parameters, Known):
        return ()  # what was built of it, or with example sizes, is no total that shares could be of
    where = (model.where,)
    presets = _presets(analysis, model)
    which = _which_build(analysis, model.parameters.value.total)
    shares, memory = Text("Where the parameters are", "参数分布"), Text("Memory", "内存构成")
    return (
        *_bars("parameter_shares", _joined(shares, which), _parameters(model), "parameters", where),
        *(replace(drawn, title=_joined(drawn.title, which)) for drawn in _costs(model)),
        *_bars("memory", _joined(memory, which), _memory(analysis, model), "bytes", where),
        *_bars("preset_sizes", Text("Presets by size", "各预设的规模"), presets, "parameters", where, log=True),
    )


def _which_build(analysis: Analysis, total: int) -> Text:
    """By its total, where a training program builds another one."""
    if not analysis.shapes.program_builds:
        return Text("", "")
    return Text(f": the build with {total:,} parameters", f"：{total:,} 参数的构建")


def _joined(title: Text, more: Text) -> Text:
    return Text(title.en + more.en, title.zh + more.zh)


def _bars(
    name: str, title: Text, bars: Bars, unit: str, where: tuple[Span, ...], *, log: bool = False
) -> tuple[Diagram, ...]:
    if len(bars) < 2:
        return ()
    places = tuple(float(number) for number in range(len(bars)))
    series = Series(unit, places, tuple(value for _, value in bars))
    categories = tuple(label for label, _ in bars)
    log = log and all(value > 0 for _, value in bars)
    return (Diagram(name, title, "bar", series=(series,), categories=categories, y_label=unit, log_y=log, where=where),)


def _costs(model: ModelShapes) -> tuple[Diagram, ...]:
    """Parameters and products of the same modules beside each other, in percent of the whole model."""
    shares = {share.path: share for share in model.shares}
    whole = shares.get("")
    mode = next((mode for mode, flops in (whole.flops if whole else ()) if mode == "training" and flops), None)
    if whole is None or mode is None or not whole.parameters:
        return ()
    total = dict(whole.flops)[mode]
    rows = []
    flops = {path: dict(share.flops).get(mode, 0) for path, share in shares.items()}
    for part in _opened(model):
        node = part.node
        own = 0 if node.path in _shared(model) else part.parameters
        computed = flops.get(node.path, 0)
        if part.alone:
            computed -= sum(flops.get(child.path, 0) * child.repeats for child in node.children)
        if own or computed > 0:
            weights = _percent(own * part.times, whole.parameters)
            rows.append((part.name, weights, _percent(max(computed, 0) * part.times, total)))
    if len(rows) < 2:
        return ()
    places = tuple(float(number) for number in range(len(rows)))
    series = (
        Series("parameters", places, tuple(weights for _, weights, _ in rows)),
        Series("FLOPs of the training call", places, tuple(flops for _, _, flops in rows)),
    )
    title = Text("Parameters and FLOPs by module, in percent", "各模块的参数与 FLOPs 占比（%）")
    categories = tuple(label for label, _, _ in rows)
    return (
        Diagram("cost_shares", title, "bar", series=series, categories=categories, y_label="%", where=(model.where,)),
    )


def _percent(part: int, whole: int) -> float:
    """To one decimal; what is less than that keeps two digits, for it is not nothing."""
    percent = 100 * part / whole
    return round(percent, 1) if percent >= 0.1 else float(f"{percent:.2g}")


def _shared(model: ModelShapes) -> set[str]:
    return {path.rpartition(".")[0] for _, path in model.ties}


@dataclass(frozen=True)
class _Part:
    """A module with the number of its copies; `alone` where its children stand beside it and only its own count."""

    node: ModuleNode
    times: int
    parameters: int
    alone: bool = False

    @property
    def name(self) -> str:
        path = self.node.path or self.node.class_name
        own = f"{path}: own" if self.alone else path
        return f"{own} ×{self.times}" if self.times > 1 else own


def _opened(model: ModelShapes) -> list[_Part]:
    """Modules, opened from the largest down while there is room."""
    if model.tree is None:
        return []
    shared = _shared(model)
    parts = [_Part(model.tree, 1, model.tree.parameters)]
    while True:
        whole = sorted((part for part in parts if not part.alone), key=lambda part: -part.parameters * part.times)
        opened = [(part, _inside(part, shared)) for part in whole]
        room = next(((p, inner) for p, inner in opened if inner and len(parts) - 1 + len(inner) <= MOST_BARS), None)
        if room is None:
            return parts
        at = parts.index(room[0])
        parts[at : at + 1] = room[1]


def _inside(part: _Part, shared: set[str]) -> list[_Part]:
    """What may stand in the place of a module: its children and what it holds itself; nothing where they hold more
    than it, so that a tensor would be counted twice.
    """
    node = part.node
    held = sum(child.parameters * child.repeats for child in node.children if child.path not in shared)
    if not node.children or held > node.parameters:
        return []
    children = [_Part(child, part.times * child.repeats, child.parameters) for child in node.children]
    own = node.parameters - held
    return [*children, _Part(node, part.times, own, alone=True)] if own else children


def _parameters(model: ModelShapes) -> Bars:
    """The opened modules; a tied weight stands where it was made."""
    bars = [
        (part.name, float(part.parameters * part.times))
        for part in _opened(model)
        if part.parameters and (part.alone or part.node.path not in _shared(model))
    ]
    return sorted(bars, key=lambda bar: -bar[1])


def _memory(analysis: Analysis, model: ModelShapes) -> Bars:
    costs = costs_with_own_state(analysis, dict(model.costs))
    wanted = [name for name in MEMORY if name != "optimizer_bytes" or has_own_state(analysis)]
    return [
        (name.removesuffix("_bytes"), float(costs[name].value.value))  # type: ignore[union-attr]
        for name in wanted
        if name in costs and isinstance(costs[name].value, Known)
    ]


def _presets(analysis: Analysis, model: ModelShapes) -> Bars:
    sized = [
        (preset.build_expression, float(preset.parameters.value.total))
        for preset in analysis.shapes.presets
        if isinstance(preset.parameters, Known) and preset.class_name == model.class_name
    ]
    return sorted(dict(sized).items(), key=lambda bar: bar[1])[-MOST_BARS:]
