"""Which branches of a call depend on the sizes of its inputs, as one call with symbolic sizes tells."""

from __future__ import annotations

from analyzer.records.evidence import Condition
from analyzer.shapes.draft import Draft, Mode
from analyzer.shapes.input_spec import TensorValue, sizes_of
from analyzer.shapes.runs import readable


def conditions_on_sizes(draft: Draft, mode: Mode) -> tuple[Condition, ...]:
    """Branches that depend on the sizes of inputs, from one call with symbolic sizes."""
    if draft.request.effort != "full" or mode.name not in ("inference", "training"):
        return ()
    symbols = _symbolic_inputs(draft, mode)
    if symbols is None:
        return ()
    recording = draft.source.interpreter.call(
        draft.model, (), symbols, method=draft.request.method, training=mode.training
    )
    found = []
    for condition in recording.conditions:
        where = draft.source.span(condition.place)
        if where is not None and condition.text not in ("True", "False"):
            found.append(Condition(readable(condition.text), where, condition.decided))
    return tuple(dict.fromkeys(found))


def _symbolic_inputs(draft: Draft, mode: Mode) -> dict[str, object] | None:
    """The inputs with their named dims as symbols; None where an input is no single tensor."""
    sizes = sizes_of([planned.spec for planned in mode.plan])
    found: dict[str, object] = {}
    for planned in mode.plan:
        value = planned.spec.value
        if not isinstance(value, TensorValue):
            return None
        dims = [(d.name, sizes[d.name]) if d.name and d.factor == 1 else d.number(sizes) for d in value.dims]
        found[planned.spec.name] = draft.source.interpreter.tensor(dims, value.dtype)
    return found
