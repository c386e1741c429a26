"""How many parameters the named models of a repository have: presets and factories that were built, and presets
whose values fill the main model's own formula. Each with other ways to count, for people leave embeddings out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from analyzer.records.bundles import Facts, Shapes
from analyzer.records.configuration import Preset
from analyzer.records.evidence import Known
from analyzer.records.formulas import number_of
from analyzer.records.source import Span
from analyzer.records.tensors import Cost, ModelShapes, ParameterCounts
from analyzer.techniques.claims.figures import Figure, Verdict, is_rounding, judged

LARGE_SHARE = 0.01
"""A part below this share changes no printed figure."""


@dataclass(frozen=True)
class Size:
    """The parameters of one named model. `exact` is false where values that the preset leaves open were taken from
    another build: such a size can confirm a figure, not refute one.
    """

    name: str
    total: int
    others: tuple[tuple[str, int], ...]
    """Other ways to count, each with what it leaves out or means."""
    where: tuple[Span, ...]
    exact: bool
    taken: str = ""
    """The values that were taken from another build, as text."""

    def judge(self, figure: Figure) -> tuple[Verdict, str]:
        """The verdict on a stated figure, and what was derived."""
        taken = f" ({self.taken})" if self.taken else ""
        if is_rounding(figure, self.total):
            return "agree", f"{self.total:,}{taken}"
        other = next(((label, count) for label, count in self.others if is_rounding(figure, count)), None)
        if other is not None:
            return "agree", f"{other[1]:,} {other[0]}, {self.total:,} in all{taken}"
        return (judged(figure, self.total) if self.exact else "unknown"), f"{self.total:,}{taken}"


class Sizes:
    """Sizes by name, and the one of the main model."""

    def __init__(self, facts: Facts, shapes: Shapes) -> None:
        self.main = next((size for m in shapes.models if m.main and (size := _built(m.class_name, m, ()))), None)
        self.main_class = next((m.class_name for m in shapes.models if m.main), "")
        found: dict[str, list[Size]] = {}
        for size in (*_of_builds(facts, shapes), *_of_formula(facts, shapes)):
            found.setdefault(normal(size.name), []).append(size)
        self._named = {name: sizes[0] for name, sizes in found.items() if len({s.total for s in sizes}) == 1 and name}

    def call_main(self, names: Iterable[str]) -> None:
        """Names that documents give to the main model: its size can confirm what is said of them, not refute it."""
        if self.main is not None:
            main = replace(self.main, exact=False)
            self._named = {normal(name): main for name in names if normal(name)} | self._named

    def named(self, name: str) -> Size | None:
        """The size of the model of that name; spelling of case and punctuation apart."""
        return self._named.get(normal(name))

    def at(self, path: str, line: int) -> Size | None:
        """The size of the preset that is defined on that very line, or ends on it."""
        here = [
            size for size in self._named.values()
            for span in size.where if span.path == path and span.last_line == line and _is_short(span)
        ]  # fmt: skip
        return here[0] if len({size.total for size in here}) == 1 else None


def normal(name: str) -> str:
    """A name without case and punctuation: `GPT-2` is `gpt2`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _is_short(span: Span) -> bool:
    return span.last_line - span.first_line < 3


def _of_builds(facts: Facts, shapes: Shapes) -> Iterator[Size]:
    for model in (*shapes.models, *shapes.presets):
        names: dict[str, tuple[Span, ...]] = {}
        for preset in facts.configuration.presets:
            if model.build_where == preset.where or (preset.build and preset.build == model.build_expression):
                names[preset.name] = (preset.where,)
        callee = re.fullmatch(r"([A-Za-z_]\w*)\(\)", model.build_call)
        if callee is not None and model.build_origin in ("factory", "preset") and model.build_where is not None:
            names.setdefault(callee.group(1), (model.build_where,))
        for name, where in names.items():
            size = _built(name, model, where)
            if size is not None:
                yield size


def _built(name: str, model: ModelShapes, where: tuple[Span, ...]) -> Size | None:
    counted = model.parameters
    if not isinstance(counted, Known) or not isinstance(counted.value, ParameterCounts) or model.unstated:
        return None
    counts = counted.value
    others = list(_left_out(model, counts.total))
    if counts.trainable != counts.total:
        others.append(("trainable", counts.trainable))
    return Size(name, counts.total, tuple(others), tuple(dict.fromkeys((*where, *counted.where))), True)


def _left_out(model: ModelShapes, total: int) -> Iterator[tuple[str, int]]:
    """The total without an embedding, without all of them, without the output layer."""
    weights = {m.path: m.own_parameters for m in model.modules if m.class_name == "Embedding"}
    heads = {
        m.path: m.own_parameters for m in model.modules
        if m.class_name == "Linear" and _is_reversed(m.detail, [e.detail for e in model.modules if e.path in weights])
    }  # fmt: skip
    tied = {path for pair in model.ties for path in pair}
    last = [m for m in model.modules if m.class_name == "Linear"][-1:]
    heads |= {m.path: m.own_parameters for m in last}
    parts = {p: n for p, n in (heads | weights).items() if n >= LARGE_SHARE * total and f"{p}.weight" not in tied}
    yield from _less(parts, {p: n for p, n in weights.items()}, total)


def _less(parts: Mapping[str, int], weights: Mapping[str, int], total: int) -> Iterator[tuple[str, int]]:
    for path, size in parts.items():
        yield f"without {path}", total - size
    if len(weights) > 1 and 0 < sum(weights.values()) < total:
        yield "without embeddings", total - sum(weights.values())


def _is_reversed(detail: str, embeddings: list[str]) -> bool:
    """`in_features=768, out_features=50257` against `50257, 768`."""
    sizes = re.findall(r"\d+", detail)[:2]
    return len(sizes) == 2 and any(re.findall(r"\d+", item)[:2] == sizes[::-1] for item in embeddings)


# ---- presets that fill the main model's formula


def _of_formula(facts: Facts, shapes: Shapes) -> Iterator[Size]:
    model = next((m for m in shapes.models if m.main), None)
    cost = dict(model.costs).get("parameters") if model is not None else None
    if model is None or cost is None or cost.formula is None or model.unstated:
        return
    varied = {variable.name for _, item in model.costs for variable in item.variables}
    for preset in facts.configuration.presets:
        values = _numbers(preset)
        whole = len(values) + len(_usual_switches(facts, preset, model)) == len(preset.values)
        if preset.layer == "preset" and values and whole and values.keys() <= varied:
            size = _filled(preset, values, model, cost)
            if size is not None:
                yield size


def _usual_switches(facts: Facts, preset: Preset, model: ModelShapes) -> list[str]:
    """Switches that a preset sets as the main model has them: it is built from the defaults of the preset's table."""
    tables = [table for table in facts.configuration.tables if table.name == preset.table]
    usual = {item.name: item.value for table in tables for item in table.values}
    if model.build_origin != "defaults" or len(tables) != 1:
        return []
    return [
        name
        for name, value in preset.values
        if isinstance(value, Known)
        and isinstance(value.value, bool)
        and value.value == getattr(usual.get(name), "value", None)
    ]


def _filled(preset: Preset, values: Mapping[str, float], model: ModelShapes, cost: Cost) -> Size | None:
    base = {variable.name: float(variable.value) for variable in cost.variables}
    names = base | {name: value for name, value in values.items() if name in base}
    total = number_of(cost.formula or "", names.get)
    if total is None or not any(name in base for name in values):
        return None
    left = {path: int(n) for path, formula in _parts(model) if (n := number_of(formula, names.get)) is not None}
    others = tuple((f"without {path}", int(total) - n) for path, n in left.items())
    where = tuple(dict.fromkeys((preset.where, *((model.build_where,) if model.build_where else ()))))
    taken = ", ".join(f"{name} = {int(value)}" for name, value in base.items() if name not in values)
    return Size(preset.name, int(total), others, where, exact=not taken, taken=taken)


def _parts(model: ModelShapes) -> Iterator[tuple[str, str]]:
    """Embeddings and output layers that are no tied twin, with their formulas."""
    tied = {path for pair in model.ties for path in pair}
    embeddings = [m.detail for m in model.modules if m.class_name == "Embedding"]
    kinds = {m.path: m for m in model.modules}
    for share in sorted(
        model.shares, key=lambda share: kinds[share.path].class_name == "Embedding" if share.path in kinds else True
    ):
        module = kinds.get(share.path)
        if module is None or share.parameters_formula is None or f"{share.path}.weight" in tied:
            continue
        is_head = module.class_name == "Linear" and _is_reversed(module.detail, embeddings)
        if share.instances == 1 and (module.class_name == "Embedding" or is_head):
            yield share.path, share.parameters_formula


def _numbers(preset: Preset) -> dict[str, float]:
    found = {name.rpartition(".")[2]: value.value for name, value in preset.values if isinstance(value, Known)}
    return {n: float(v) for n, v in found.items() if isinstance(v, (int, float)) and not isinstance(v, bool)}
