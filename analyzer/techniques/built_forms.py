"""Which of several forms of one layer the built model has, where a setting chooses the activation: `SiLU` or `GELU`.

Only forms of the same class are told apart, by the activations that the module tree holds inside that class.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from analyzer.index import SourceIndex
from analyzer.records.bundles import Shapes
from analyzer.records.techniques import TechniqueFinding
from analyzer.records.tensors import ModuleRecord

ACTIVATIONS = {
    "swiglu": frozenset({"SiLU"}),
    "geglu": frozenset({"GELU", "QuickGELU"}),
    "gelu_ffn": frozenset({"GELU", "QuickGELU"}),
    "relu_ffn": frozenset({"ReLU"}),
}
"""Classes of modules that make the form; an activation that is a function has no module and decides nothing."""


def without_other_forms(
    index: SourceIndex, shapes: Shapes, findings: tuple[TechniqueFinding, ...]
) -> tuple[TechniqueFinding, ...]:
    """Forms that the built model does not take are not in use."""
    inside = _activations_by_class(index, shapes)
    forms: dict[str, set[str]] = {}
    for found in findings:
        for owner in found.models if found.sheet_id in ACTIVATIONS else ():
            forms.setdefault(owner, set()).add(found.sheet_id)
    taken = {
        owner: {sheet for sheet in sheets if ACTIVATIONS[sheet] & inside.get(owner, frozenset())}
        for owner, sheets in forms.items()
        if len(sheets) > 1
    }
    return tuple(
        replace(found, in_use=found.in_use and not _is_other(found, taken)) if found.sheet_id in ACTIVATIONS else found
        for found in findings
    )


def _is_other(found: TechniqueFinding, taken: dict[str, set[str]]) -> bool:
    """The one class that holds the form was built with another one."""
    known = [taken.get(owner) for owner in found.models]
    return bool(known) and all(sheets and found.sheet_id not in sheets for sheets in known)


def _activations_by_class(index: SourceIndex, shapes: Shapes) -> dict[str, frozenset[str]]:
    """Names of the torch activations inside the modules of each of the repository's classes."""
    modules = next((model.modules for model in shapes.models if model.main), ())
    places = {(d.path, d.node.lineno): d.qualified_name for d in index.symbols.classes()}
    found: dict[str, set[str]] = {}
    for module in modules:
        owner = places.get((module.defined_at.path, module.defined_at.first_line)) if module.defined_at else None
        if owner is not None:
            found.setdefault(owner, set()).update(_below(module, modules))
    return {owner: frozenset(names) for owner, names in found.items()}


def _below(module: ModuleRecord, modules: Iterable[ModuleRecord]) -> set[str]:
    prefix = f"{module.path}." if module.path else ""
    return {other.class_name for other in modules if other.path.startswith(prefix) and other.path != module.path}
