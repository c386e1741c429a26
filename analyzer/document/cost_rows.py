"""Costs with the call that was counted, their closed formula and the convention under which the number holds."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.document.blocks import note, paragraph, table
from analyzer.document.context import Context
from analyzer.document.inline import byte_size, code, number, numeric, reason_of, ref, value
from analyzer.document.optimizer_state import costs_with_own_state
from analyzer.records.configuration import ConfigValue
from analyzer.records.document import Block, Line, Plain
from analyzer.records.evidence import Known, Unknown
from analyzer.records.formulas import evaluate_formula
from analyzer.records.tensors import Cost, CostBasis, TensorSpec

LONGEST_FORMULA = 1200
Costs = Sequence[tuple[str, Cost]]


def cost_table(context: Context, name: str, wanted: tuple[str, ...]) -> tuple[Block, ...]:
    """Rows of the costs asked for that were derived, what their names are, and how the formulas were checked."""
    costs = costs_with_own_state(context.analysis, dict(context.model.costs if context.model else ()))
    chosen = [(key, costs[key]) for key in wanted if key in costs]
    underived = [cost.value for _, cost in chosen if isinstance(cost.value, Unknown)]
    without: tuple[Block, ...] = ()
    if underived and len(underived) == len(chosen):
        without = (note(context.words, "gap", "costs.none", reason=reason_of(context.words, underived[0])),)
        chosen = [(key, cost) for key, cost in chosen if is_formula(cost)]
        if not chosen:
            return without
    rows = [_row(context, key, cost) for key, cost in chosen]
    blocks = table(context.words, name, "quantity value formula convention", rows)
    return (*without, *blocks, *_names(context, name, chosen), *_notes(context, chosen))


def _row(context: Context, key: str, cost: Cost) -> tuple[Line, ...]:
    words = context.words
    label = words.line(f"costs.{key}") if words.has(f"costs.{key}") else code(key)
    if cost.basis is not None and key != "kv_bytes_per_token":
        label = words.line("costs.with_basis", quantity=label, basis=_basis(context, cost.basis))
    formula = code(cost.formula or "", LONGEST_FORMULA) if is_formula(cost) else _no_formula(context, cost)
    return (label, amount(context, key, cost), formula, words.reason(cost.convention))


def is_formula(cost: Cost) -> bool:
    """Whether there is a formula that says more than its number."""
    return cost.formula is not None and not cost.formula.isdigit()


def _no_formula(context: Context, cost: Cost) -> Line:
    reason = cost.no_formula
    return context.words.reason(reason.reason, reason.arguments) if reason is not None else code("")


def _basis(context: Context, basis: CostBasis) -> Line:
    """The mode and the sizes of its inputs: `training, B=2, T=16`."""
    mode = context.words.line(f"shapes.mode_{basis.mode}")
    sizes = code(", ".join(f"{name}={size}" for name, size in basis.variables)) if basis.variables else ()
    return (*mode, Plain(", "), *sizes) if sizes else mode


def _names(context: Context, name: str, chosen: Costs) -> tuple[Block, ...]:
    """What each name of the formulas is, with the line that sets it."""
    variables = {v.name: v for _, cost in chosen for v in cost.variables}
    rows = []
    for variable in sorted(variables.values(), key=lambda v: v.name):
        setting = _setting(context, variable.name, variable.value)
        span = f"{number(variable.smallest)} … {number(variable.largest)}"
        place = ref(setting.where) if setting is not None else context.words.line("costs.size_of_input")
        known = setting is not None or _is_input(chosen, variable.name)
        rows.append((code(variable.name), (Plain(number(variable.value)),), (Plain(span),), place if known else ()))
    return table(context.words, f"{name}_names", "name value checked_between where", rows)


def _is_input(chosen: Costs, name: str) -> bool:
    return any(name in dict(cost.basis.variables) for _, cost in chosen if cost.basis is not None)


def _setting(context: Context, name: str, size: int) -> ConfigValue | None:
    """The setting of that name with that value; of several, one in the file of the model."""
    found = [
        item
        for table in context.analysis.facts.configuration.tables
        for item in table.values
        if item.name == name and isinstance(item.value, Known) and item.value.value == size
    ]
    home = context.model.where.path if context.model else ""
    return next((item for item in found if item.where.path == home), found[0] if found else None)


def _notes(context: Context, chosen: Costs) -> tuple[Block, ...]:
    """How the formulas were proved, and what else must be said of the calls."""
    words = context.words
    checked = [cost.checked for _, cost in chosen if is_formula(cost) and cost.checked]
    blocks: tuple[Block, ...] = (paragraph(words, "costs.checked", number=number(min(checked))),) if checked else ()
    said = dict.fromkeys(
        (cost.basis.mode, item) for _, cost in chosen if cost.basis is not None for item in cost.basis.notes
    )
    for mode, item in said:
        text = words.line("costs.note", mode=words.line(f"shapes.mode_{mode}"), text=words.reason(item))
        blocks += (note(words, "info", "costs.plain", text=text),)
    return blocks


def counted_sizes(context: Context) -> Line:
    """The call beside a figure of it."""
    words, traces = context.words, context.model.traces if context.model else ()
    trace = context.trace_of("inference") or (traces[0] if traces else None)
    if trace is None:
        return ()
    tensors = [(item.name, item.value) for item in trace.inputs if isinstance(item.value, TensorSpec)]
    inputs = words.listed([code(f"{name}: {spec.dtype}{numeric(spec)}") for name, spec in tensors])
    return words.line("costs.counted_sizes", mode=words.line(f"shapes.mode_{trace.mode}"), inputs=inputs)


def amount(context: Context, key: str, cost: Cost) -> Line:
    """The number in its unit, or why there is none; nothing where the formula stands alone, in names."""
    if not isinstance(cost.value, Known):
        return () if is_formula(cost) else value(context.words, cost.value)
    return (Plain(byte_size(cost.value.value) if "bytes" in key else number(cost.value.value)),)


def per_token(cost: Cost) -> tuple[int, str, int] | None:
    """Products for one position of the longest input: the number, the name of that length, and the length.

    None where no setting bounds the length, or where the formula is not proportional to the number of sequences.
    """
    if cost.formula is None or cost.basis is None or not cost.basis.longest:
        return None
    size, name = cost.basis.longest[0]
    values = {v.name: v.value for v in cost.variables} | dict(cost.basis.variables)
    length = cost.basis.limit
    batch = [n for n, _ in cost.basis.variables if n != size]
    one = evaluate_formula(cost.formula, {**values, size: length, **dict.fromkeys(batch, 1)})
    two = evaluate_formula(cost.formula, {**values, size: length, **dict.fromkeys(batch, 2)})
    if len(batch) != 1 or one is None or two != 2 * one or one % length:
        return None
    return one // length, name, length
