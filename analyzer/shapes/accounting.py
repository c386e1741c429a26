"""What a model costs: weights, gradients, optimizer state, products, kept activations and cache, as numbers and as
closed formulas.

A formula is derived from the runs that named the sizes, and printed only if it also gives what was counted at
configurations that took no part in its derivation (`holdouts`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from torch import nn

from analyzer.evaluator.dims import DimNamer
from analyzer.records.evidence import Known, Unknown
from analyzer.records.formulas import evaluate_formula
from analyzer.records.source import Span
from analyzer.records.tensors import Cost, CostBasis, FormulaVariable, ModuleNode, ModuleShare
from analyzer.shapes.closed_forms import ByModule, FormulaWriter, NoFormula, Repeats, alike_runs, weight_amounts
from analyzer.shapes.operators import Amount, CallLog
from analyzer.shapes.polynomials import Polynomial

MINIMUM_CHECKS = 2
ADAMW_STATES = 2
FLOAT32_BYTES = 4
CONVENTIONS = {
    "parameters": "each_tensor_once",
    "active_parameters": "chosen_experts_only",
    "parameter_bytes": "parameter_dtypes",
    "gradient_bytes": "gradients_like_parameters",
    "optimizer_bytes": "adamw_two_float32_states",
    "training_flops": "forward_and_backward_products",
    "activation_bytes": "kept_by_autograd",
    "kv_bytes_per_token": "cache_dtypes",
}
FLOPS = "one_multiply_add_is_two_flops"
OF_WEIGHTS = ("parameters", "parameter_bytes", "gradient_bytes", "optimizer_bytes")
Values = Mapping[str, int]


@dataclass(frozen=True)
class Quantity:
    """What is added up: amounts, each `scale` times; `training` counts the backward products too."""

    amounts: Sequence[Amount]
    training: bool = False
    scale: int = 1

    @property
    def total(self) -> int:
        return self.scale * sum(a.value * (a.passes if self.training else 1) for a in self.amounts)


@dataclass(frozen=True)
class Observed:
    """A model at one configuration: its values, what its calls computed by mode, one position of its cache."""

    values: Values
    model: nn.Module
    logs: Mapping[str, CallLog]
    first: str = ""
    """The mode whose products are simply `flops`."""
    cache: Sequence[Amount] | None = None

    @cached_property
    def quantities(self) -> Mapping[str, Quantity]:
        weights, trained = weight_amounts(self.model), weight_amounts(self.model, trainable=True)
        found = {
            "parameters": Quantity(weights),
            "parameter_bytes": Quantity(weight_amounts(self.model, in_bytes=True)),
            "gradient_bytes": Quantity(weight_amounts(self.model, trainable=True, in_bytes=True)),
            "optimizer_bytes": Quantity(trained, scale=ADAMW_STATES * FLOAT32_BYTES),
        }
        for mode, log in self.logs.items():
            found["flops" if mode == self.first else f"flops_{mode}"] = Quantity(log.products)
        kept = self.logs.get("training", self.logs.get(self.first))
        if "training" in self.logs:
            found["training_flops"] = Quantity(self.logs["training"].products, training=True)
        if kept is not None and kept.gradient:
            found["activation_bytes"] = Quantity(kept.kept)
        if self.cache is not None:
            found["kv_bytes_per_token"] = Quantity(self.cache)
        return found


def mode_of(name: str, modes: Sequence[str], first: str) -> str | None:
    """The mode whose call a cost is one of; None for costs of the weights."""
    if name in OF_WEIGHTS or name == "active_parameters":
        return None
    if name == "kv_bytes_per_token":
        return "prefill"
    if name in ("training_flops", "activation_bytes"):
        return "training" if "training" in modes else first
    return name.removeprefix("flops_") if name != "flops" else first


@dataclass
class Ledger:
    """Runs at the configurations that named the sizes, the base first; each mode has the namer of its own runs."""

    runs: Sequence[Observed]
    namers: Mapping[str, DimNamer]
    tree: ModuleNode | None
    first: str = ""
    repeats: Repeats = field(default_factory=Repeats)
    exact: frozenset[tuple[str, str]] = frozenset()
    inputs: tuple[str, ...] = ()
    """Names of sizes of inputs, which stand before a bracket."""
    examples: frozenset[str] = frozenset()
    """Names whose values the repository does not state: no formula may rest on one."""
    further: Callable[[bool], Sequence[Observed]] = lambda repeated: ()
    """Configurations that took no part in the derivation; with other numbers of blocks, where asked for."""

    @property
    def modes(self) -> list[str]:
        return list(self.runs[0].logs)

    def writer(self, name: str, repeats: Repeats) -> FormulaWriter | None:
        namer = self.namers.get(mode_of(name, self.modes, self.first) or self.first)
        return FormulaWriter(namer, self.tree, repeats, self.exact, self.inputs) if namer is not None else None


@dataclass(frozen=True)
class Formula:
    """A closed formula and by how many configurations it was checked."""

    polynomial: Polynomial
    text: str
    by_module: ByModule
    writer: FormulaWriter
    runs: Sequence[Observed]
    """Those that it was derived from."""
    checked: tuple[Values, ...]


def derive_formula(ledger: Ledger, name: str) -> Formula | Unknown:
    """The formula with named numbers of repetitions; without them where it does not hold for those."""
    reason: Unknown | None = None
    for repeats in (ledger.repeats, Repeats()) if ledger.repeats.by_path else (Repeats(),):
        writer = ledger.writer(name, repeats)
        try:
            if writer is not None:
                return _checked(ledger, name, writer)
        except NoFormula as error:
            reason = reason or error.unknown
    return reason or Unknown("too_few_probes")


def _checked(ledger: Ledger, name: str, writer: FormulaWriter) -> Formula:
    runs = _named_runs(ledger, name, writer)
    quantities = [run.quantities[name] for run in runs]
    alike = alike_runs([q.amounts for q in quantities], [run.values for run in runs])
    amounts = [q.amounts if same else None for q, same in zip(quantities, alike, strict=True)]
    by_module = writer.by_module(amounts, training=quantities[0].training)
    polynomial = Polynomial.number(quantities[0].scale) * writer.total(by_module)
    used = [run for run, same in zip(runs, alike, strict=True) if same]
    formula = Formula(polynomial, writer.text(polynomial), by_module, writer, used, ())
    checked = []
    for run in used:
        _require_equal(formula.text, run, run.quantities[name])
    for run in ledger.further(bool(writer.repeats.by_path)):
        if name in run.quantities:
            _require_equal(formula.text, run, run.quantities[name])
            checked.append(run.values)
    if len(checked) < MINIMUM_CHECKS:
        raise NoFormula("too_few_probes")
    held = _held([*(run.values for run in used), *checked], ledger.examples)
    if held:
        raise NoFormula("formula_rests_on_example", ("names", ", ".join(held)))
    return replace(formula, checked=tuple(checked))


def _named_runs(ledger: Ledger, name: str, writer: FormulaWriter) -> list[Observed]:
    """The base, and of the probes those that named the sizes of this mode: another mode may have finished more."""
    runs = [run for run in ledger.runs if name in run.quantities]
    named = [run for number, run in enumerate(runs) if number == 0 or dict(run.values) in writer.named_at]
    if len(named) != len(writer.named_at):
        raise NoFormula("too_few_probes")
    return named


def _held(runs: Sequence[Values], names: Collection[str]) -> list[str]:
    """Names that were not varied: a number of the formula may be made of their values."""
    return [name for name in sorted(names) if len({run.get(name) for run in runs}) <= MINIMUM_CHECKS]


def _require_equal(text: str, run: Observed, quantity: Quantity) -> None:
    if evaluate_formula(text, run.values) != quantity.total:
        raise NoFormula("formula_fails_elsewhere")


def derive_costs(ledger: Ledger, where: Span, bases: Mapping[str, CostBasis]) -> dict[str, tuple[Cost, Formula | None]]:
    """Every cost of the base with its formula, where one holds."""
    found: dict[str, tuple[Cost, Formula | None]] = {}
    for name, quantity in ledger.runs[0].quantities.items():
        basis = bases.get(mode_of(name, ledger.modes, ledger.first) or "")
        convention = CONVENTIONS.get(name, FLOPS)
        reason = _uncountable(name, ledger.runs[0].logs.get(basis.mode) if basis else None, where)
        if reason is not None:
            found[name] = (Cost(reason, None, convention, basis), None)
            continue
        cost = Cost(Known(quantity.total, (where,), "counted"), None, convention, basis)
        formula = derive_formula(ledger, name) if ledger.namers else Unknown("too_few_probes")
        if isinstance(formula, Unknown):
            found[name] = (replace(cost, no_formula=formula), None)
        else:
            found[name] = (_with_formula(cost, formula, ledger), formula)
    return found


def _uncountable(name: str, log: CallLog | None, where: Span) -> Unknown | None:
    """Why what a call computed has no total."""
    if log is None or name == "kv_bytes_per_token":
        return None
    if log.open:
        return Unknown("amount_depends_on_data", (), where)
    if log.uncounted and "flops" in name:
        return Unknown("operator_not_counted", (("operators", ", ".join(sorted(log.uncounted))),), where)
    return None


def _with_formula(cost: Cost, formula: Formula, ledger: Ledger) -> Cost:
    return replace(
        cost,
        formula=formula.text,
        variables=tuple(_variables(formula, ledger)),
        checked=len(formula.checked),
    )


def _variables(formula: Formula, ledger: Ledger) -> Iterator[FormulaVariable]:
    """Names of the formula, those of the configuration before those of the input."""
    base = ledger.runs[0].values
    for name in sorted(formula.polynomial.names, key=lambda name: (name in ledger.inputs, name)):
        values = [
            values[name] for values in (*(run.values for run in formula.runs), *formula.checked) if name in values
        ]
        yield FormulaVariable(name, base[name], min(values), max(values))


def module_shares(ledger: Ledger, formulas: Mapping[str, Formula | None]) -> tuple[ModuleShare, ...]:
    """Parameters and products of every folded module, one of its instances."""
    base = ledger.runs[0]
    flops = {mode: _by_path(log.products) for mode, log in base.logs.items() if not log.uncounted and not log.open}
    of_mode = {
        mode_of(name, ledger.modes, ledger.first): formula
        for name, formula in formulas.items()
        if name.startswith("flops")
    }
    found = []
    for node, instances in _instances(ledger.tree):
        found.append(
            ModuleShare(
                node.path,
                node.class_name,
                instances,
                node.parameters,
                _of_node(node, formulas.get("parameters")),
                tuple((mode, _below(node.path, paths)) for mode, paths in flops.items()),
                tuple((m, text) for m in flops if (text := _of_node(node, of_mode.get(m))) is not None),
            )
        )
    return tuple(found)


def _of_node(node: ModuleNode, formula: Formula | None) -> str | None:
    if formula is None:
        return None
    return formula.writer.text(formula.writer.of_node(node, formula.by_module))


def _by_path(amounts: Sequence[Amount]) -> dict[str, int]:
    found: dict[str, int] = {}
    for amount in amounts:
        found[amount.path] = found.get(amount.path, 0) + amount.value
    return found


def _below(path: str, amounts: Mapping[str, int]) -> int:
    return sum(value for p, value in amounts.items() if not path or p == path or p.startswith(f"{path}."))


def _instances(node: ModuleNode | None, times: int = 1) -> Iterator[tuple[ModuleNode, int]]:
    if node is not None:
        yield node, times * node.repeats
        for child in node.children:
            yield from _instances(child, times * node.repeats)
