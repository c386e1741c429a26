"""A configuration as text: every value with its place, what counts, its consumers and its chain."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.records.configuration import Configuration, ConfigValue
from analyzer.records.evidence import Known, Unknown


def listing(found: Configuration) -> str:
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Configuration) -> Iterator[str]:
    for table in found.tables:
        yield f"{table.format} {table.name} @ {table.where}"
        for value in table.values:
            yield from _value_lines(value)
    for preset in found.presets:
        values = " ".join(f"{name}={_text(known)}@{_place(known)}" for name, known in preset.values)
        yield f"preset {preset.name} of {preset.table} @ {preset.where} build {preset.build}: {values}"
    for derived in found.derived:
        yield f"derived {derived.name} = {derived.formula} = {_text(derived.value)} @ {derived.where}"
    for value in found.unused:
        yield f"unused {value.name} @ {value.where}"
    for gap in found.gaps:
        yield f"gap {gap.where} {gap.reason}"


def _value_lines(value: ConfigValue) -> Iterator[str]:
    effective = "" if value.effective is None else f" counts {_text(value.effective)}"
    used = "".join(f" {span}" for span in value.used_at)
    yield f"  {value.name} = {_text(value.value)} @ {value.where}{effective}{' used' if used else ''}{used}"
    for step in value.overrides[1:]:
        name = f" {step.preset}" if step.preset else ""
        yield f"    {step.layer}{name}: {_text(step.value)} @ {step.where}"


def _text(known: Known[object] | Unknown) -> str:
    return repr(known.value) if isinstance(known, Known) else f"unknown:{known.reason}"


def _place(known: Known[object] | Unknown) -> str:
    return str(known.where[0] if isinstance(known, Known) else known.where)
