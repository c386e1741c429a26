"""Closed formulas of what was counted: sums of products of named sizes, with repeated blocks written once.

A factor gets its name as every size does, from runs at other values (`dims`). A number stays a number where it is
the same in all runs. One factor that is neither leaves the whole formula unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from torch import nn

from analyzer.evaluator.dims import DimNamer
from analyzer.records.evidence import Unknown
from analyzer.records.tensors import ModuleNode
from analyzer.shapes.operators import Amount
from analyzer.shapes.polynomials import Polynomial, exact_products, parse_polynomial

MINIMUM_RUNS = 3
"""The base and two probes."""
MOST_UNUSUAL = 2
ByModule = Mapping[str, Polynomial]
Amounts = Sequence[Amount]
Sizes = tuple[int | None, ...]
"""One size in all runs; None in runs that do not tell."""


class NoFormula(Exception):
    """There is no closed formula; the reason is an identifier with its arguments."""

    def __init__(self, reason: str, *arguments: tuple[str, str]) -> None:
        super().__init__(reason)
        self.unknown = Unknown(reason, arguments)


@dataclass(frozen=True)
class Repeats:
    """Blocks of which the configuration says how often they stand in a row, by the path of the first."""

    by_path: Mapping[str, Polynomial] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted({name for polynomial in self.by_path.values() for name in polynomial.names}))


def weight_amounts(model: nn.Module, *, trainable: bool = False, in_bytes: bool = False) -> list[Amount]:
    """Every parameter once, by the module that it was made in."""
    found = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad or not trainable:
            size = (parameter.element_size(),) if in_bytes else ()
            path, _, own = name.rpartition(".")
            found.append(Amount(path, own, (*size, *map(int, parameter.shape))))
    return found


class FormulaWriter:
    """Formulas of one mode of one model. `runs` of amounts are the base first, then the probes of `namer`."""

    def __init__(
        self,
        namer: DimNamer,
        tree: ModuleNode | None,
        repeats: Repeats,
        exact: Collection[tuple[str, str]] = (),
        inputs: Sequence[str] = (),
    ) -> None:
        self._namer, self._tree, self.repeats, self._exact = namer, tree, repeats, exact
        self._inputs = tuple(inputs)
        self._outer = (*repeats.names, *inputs)
        self._named: dict[Sizes, Polynomial] = {}

    @property
    def named_at(self) -> Sequence[Mapping[str, int]]:
        """The values of all names in the runs that named the sizes, the base first."""
        return self._namer.runs

    def by_module(self, runs: Sequence[Amounts | None], *, training: bool = False) -> ByModule:
        """What each module itself adds; raises NoFormula. A run that tells nothing is None."""
        found: dict[str, list[Polynomial]] = {}
        for number, amount in enumerate(runs[0] or ()):
            product = Polynomial.number(amount.passes if training else 1)
            for axis in range(len(amount.factors)):
                sizes = tuple(run[number].factors[axis] if run is not None else None for run in runs)
                product = product * self._factor(sizes, amount)
            found.setdefault(amount.path, []).append(product)
        return {path: Polynomial.total(parts) for path, parts in found.items()}

    def total(self, by_module: ByModule) -> Polynomial:
        """The sum over all modules, repeated blocks as their number times one of them."""
        if self._tree is None:
            return self._simple(by_module.values())
        elsewhere = [polynomial for path, polynomial in by_module.items() if path and not self._inside(path)]
        return self._simple([self.of_node(self._tree, by_module), *elsewhere])

    def of_node(self, node: ModuleNode, by_module: ByModule) -> Polynomial:
        """One module with all its parts."""
        parts = [by_module.get(node.path, Polynomial())]
        for child in node.children:
            parts += self._children(child, by_module)
        return self._simple(parts)

    def text(self, polynomial: Polynomial) -> str:
        return polynomial.text(self._outer)

    def _children(self, child: ModuleNode, by_module: ByModule) -> Iterator[Polynomial]:
        number = self.repeats.by_path.get(child.path)
        if child.repeats == 1 and number is None:
            yield self.of_node(child, by_module)
            return
        each = [self._simple([_sum_below(path, by_module)]) for path in child.paths]
        usual = max(reversed(each), key=each.count)
        if number is None or each.count(usual) < len(each) - MOST_UNUSUAL:
            yield from each
        elif len(set(each)) == 1:
            yield number * self.of_node(child, by_module)
        else:  # the first and the last block may keep more, or less, than the others
            yield number * usual
            yield from (Polynomial.total((one, Polynomial.number(-1) * usual)) for one in each if one != usual)

    def _inside(self, path: str) -> bool:
        children = self._tree.children if self._tree else ()
        return path.partition(".")[0] in {p for child in children for p in child.paths}

    def _simple(self, parts: Iterable[Polynomial]) -> Polynomial:
        return exact_products(Polynomial.total(parts), self._exact)

    def _factor(self, sizes: Sizes, amount: Amount) -> Polynomial:
        if sizes not in self._named:
            self._named[sizes] = self._name(sizes, amount)
        return self._named[sizes]

    def _name(self, sizes: Sizes, amount: Amount) -> Polynomial:
        found = self._alone(sizes)
        if found is None:
            raise NoFormula("size_without_name", ("size", str(sizes[0])), ("module", amount.path or "."))
        return found

    def _alone(self, sizes: Sizes) -> Polynomial | None:
        """A number that is the same in all runs, a named size, or a name times such a size (`B*T*…`, flattened)."""
        known = [size for size in sizes if size is not None]
        if len(set(known)) == 1:
            return Polynomial.number(known[0])
        name = self._namer.name(sizes)
        if name is not None:
            return parse_polynomial(name, self._exact)
        for factor in sorted(self._namer.names, key=lambda name: name not in self._inputs):
            pairs = [(size, run[factor]) for size, run in zip(sizes, self._namer.runs, strict=True)]
            if all(size is None or size % value == 0 for size, value in pairs):
                rest = self._alone(tuple(None if size is None else size // value for size, value in pairs))
                if rest is not None:
                    return Polynomial.atom(factor) * rest
        return None


def alike_runs(runs: Sequence[Amounts], values: Sequence[Mapping[str, int]]) -> list[bool]:
    """Which runs have the operators of the base. Others may differ only where a size is one: there, a tensor is
    contiguous that is not elsewhere, and nothing is copied. Raises NoFormula.
    """
    forms = [tuple((a.path, a.operator, len(a.factors)) for a in run) for run in runs]
    alike = [form == forms[0] for form in forms]
    if any(not same and 1 not in run.values() for same, run in zip(alike, values, strict=True)):
        raise NoFormula("operators_differ")
    if sum(alike) < MINIMUM_RUNS:
        raise NoFormula("too_few_probes")
    return alike


def _sum_below(path: str, by_module: ByModule) -> Polynomial:
    return Polynomial.total(p for q, p in by_module.items() if q == path or q.startswith(f"{path}."))
