"""Runs of one model at several values laid side by side, and the records with names that follow from them."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from math import prod

from analyzer.evaluator.dims import MINIMUM_PROBES, DimNamer
from analyzer.evaluator.recorder import TensorShape
from analyzer.index import SourceIndex
from analyzer.records.tensors import CallCondition, Dim, ModuleCall, ShapeRow, ShapeTarget, TensorSpec
from analyzer.shapes.runs import LineSite, RawTrace, Tensors

MAXIMUM_CODE = 300
NAME = re.compile(r"[A-Za-z_]\w*")


class NamedTraces:
    """One mode of a model: the base trace first, then the same call at each probe."""

    def __init__(
        self,
        index: SourceIndex,
        namer: DimNamer,
        traces: Sequence[RawTrace | None],
        examples: Mapping[str, int] | None = None,
    ) -> None:
        """`examples` are the sizes that the repository does not state, with the values that stand for them."""
        self._index = index
        self._examples = examples or {}
        held = {name: value for name, value in self._examples.items() if name not in namer.names}
        self._all_varied = held.keys() <= namer.counts
        self._held = frozenset(held.values())
        self._namer = namer
        base = traces[0]
        assert base is not None
        self._base = base
        self._probes = traces[1:]
        self.used: set[str] = set()
        """Expressions that stand in some dim."""
        self.varied = namer.names
        """Names that had other values in probes."""

    def calls(self) -> dict[str, tuple[ModuleCall, ...]]:
        """Calls of every module by its path; a call that did not finish has no outputs."""
        found = {}
        for path, calls in self._base.calls.items():
            named = []
            for number, (inputs, outputs) in enumerate(calls):
                others = [_item(probe.calls.get(path), number, len(calls)) for probe in self._present()]
                ins = self._tensors(inputs, [other[0] if other else None for other in others])
                outs = self._tensors(outputs or (), [other[1] if other else None for other in others])
                conditions = self._conditions(path, number)
                takes_unknown = any(self._base.takes_unknown.get(path, [])[number : number + 1])
                hooked = all(self._base.hooked.get(path, [])[number : number + 1])
                named.append(ModuleCall(ins, outs, outputs is not None, conditions, takes_unknown, hooked))
            found[path] = tuple(named)
        return found

    def _conditions(self, path: str, number: int) -> tuple[CallCondition, ...]:
        places = self._base.under.get(path, [])
        found = places[number] if number < len(places) else ()
        return tuple(
            CallCondition(text, self._index.span(place.path, place.first_line, place.last_line))
            for text, place in found
            if place is not None and place.path in self._index.files
        )

    def names_used(self) -> set[str]:
        """Names that stand in some dim."""
        return set(NAME.findall(" ".join(self.used)))

    def output(self) -> tuple[TensorSpec, ...]:
        return self._tensors(self._base.output, [probe.output for probe in self._present()])

    def rows(self) -> tuple[ShapeRow, ...]:
        """Executed lines in order of first execution; modules that saw the same shapes share one row."""
        folded: dict[tuple[object, ...], ShapeRow] = {}
        for row in self._module_rows():
            key = (row.where, row.class_name, row.function, row.targets)
            earlier = folded.get(key)
            if earlier is None:
                folded[key] = row
            else:
                modules = (*earlier.modules, *(m for m in row.modules if m not in earlier.modules))
                folded[key] = _replaced(earlier, modules, earlier.times + row.times)
        return tuple(folded.values())

    def _present(self) -> list[RawTrace]:
        return [probe for probe in self._probes if probe is not None]

    def _module_rows(self) -> Iterable[ShapeRow]:
        """One row per line, module and variant of shapes."""
        lines: dict[tuple[str, int, str, str], list[LineSite]] = {}
        for site in self._base.lines:
            if site.path in self._index.files:
                lines.setdefault((site.path, site.line, site.module, site.function), []).append(site)
        for sites in lines.values():
            variants = max(len(self._base.lines[site]) for site in sites)
            for variant in range(variants):
                yield self._row(sites, variant)

    def _row(self, sites: Sequence[LineSite], variant: int) -> ShapeRow:
        targets, times = [], 0
        for site in sites:
            seen = self._base.lines[site]
            tensors, count = seen[min(variant, len(seen) - 1)]
            number = min(variant, len(seen) - 1)
            others = [_item(probe.lines.get(site), number, len(seen)) for probe in self._present()]
            named = self._tensors(tensors, [other[0] if other else None for other in others], self._local(site))
            targets.append(ShapeTarget(site.target, named, site.nested))
            times = max(times, count)
        first = sites[0]
        where = self._index.span(first.path, first.line)
        code = self._index.quote(first.path, first.line, first.line).strip()[:MAXIMUM_CODE]
        return ShapeRow(
            where, code, first.module, (first.module,), first.class_name, first.function, times, tuple(targets)
        )

    def _tensors(
        self, base: Tensors, others: Sequence[Tensors | None], local: Collection[str] = ()
    ) -> tuple[TensorSpec, ...]:
        return tuple(
            self._tensor(tensor, [_same_form(tensor, other, number, len(base)) for other in others], local)
            for number, tensor in enumerate(base)
        )

    def _tensor(self, base: TensorShape, others: Sequence[TensorShape | None], local: Collection[str]) -> TensorSpec:
        dims = []
        for axis, size in enumerate(base.shape):
            if not isinstance(size, int):
                dims.append(Dim(None))
                continue
            sizes = (int(size), *(_number(other.shape[axis]) if other else None for other in others))
            name = self._namer.name(sizes, local)
            if name is not None:
                self.used.add(name)
            dims.append(self._dim(sizes, name))
        return TensorSpec(tuple(dims), base.dtype)

    def _dim(self, sizes: Sequence[int | None], name: str | None) -> Dim:
        """What an example value would say of a size is left out."""
        if not self._examples:
            return Dim(sizes[0], name)
        if name is None or self._divides_by_example(name):
            return Dim(sizes[0]) if self._is_stated(sizes) else Dim(None)
        return Dim(None if self._examples.keys() & set(NAME.findall(name)) else sizes[0], name)

    def _divides_by_example(self, name: str) -> bool:
        """Whether the constants that a name divides by make up an example value that no probe changed: `d//2//2` where
        four heads stand for a number of heads that nothing states.
        """
        divisors = (
            node.right.value
            for node in ast.walk(ast.parse(name, mode="eval"))
            if isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.FloorDiv)
            and isinstance(node.right, ast.Constant)
        )
        divided = prod(value for value in divisors if isinstance(value, int))
        return any(value > 1 and divided % value == 0 for value in self._held)

    def _is_stated(self, sizes: Sequence[int | None]) -> bool:
        """Whether a size without a name can rest on none of the example values: it is the same at probes that change
        them all but the counts, and no multiple of a count.
        """
        probed = [size for size in sizes[1:] if size is not None]
        same = self._all_varied and len(probed) >= MINIMUM_PROBES and set(probed) == {sizes[0]}
        return same and not any((sizes[0] or 0) % value == 0 for value in self._held)

    def _local(self, site: LineSite) -> frozenset[str]:
        return identifiers(self._index, site.path, site.function)


@cache
def identifiers(index: SourceIndex, path: str, function: str) -> frozenset[str]:
    """Names that a function of the repository mentions."""
    definition = index.symbols.definitions.get(path, {}).get(function)
    if definition is None:
        return frozenset()
    nodes = list(ast.walk(definition.node))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return frozenset(names | {node.attr for node in nodes if isinstance(node, ast.Attribute)})


def _item(items: Sequence[object] | None, number: int, expected: int) -> tuple[Tensors, Tensors | None] | None:  # type: ignore[type-arg]
    """The entry of a probe that stands where the base's does, if both have as many."""
    return items[number] if items is not None and len(items) == expected else None  # type: ignore[return-value]


def _same_form(base: TensorShape, other: Tensors | None, number: int, expected: int) -> TensorShape | None:
    if other is None or len(other) != expected or len(other[number].shape) != len(base.shape):
        return None
    return other[number]


def _number(size: object) -> int | None:
    return int(size) if isinstance(size, int) else None


def _replaced(row: ShapeRow, modules: tuple[str, ...], times: int) -> ShapeRow:
    return ShapeRow(row.where, row.code, row.module, modules, row.class_name, row.function, times, row.targets)
