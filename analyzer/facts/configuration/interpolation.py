"""`${section.name}` in configuration files: the value it takes from the composed settings, with all places.

What asks the environment, the machine or a resolver of the program's own has no one value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from analyzer.records.configuration import PlainValue
from analyzer.records.evidence import Known, Unknown
from analyzer.records.source import Span

Settings = Mapping[str, tuple[PlainValue, Span]]
"""Value and place of every leaf, by dotted name."""
REFERENCE = re.compile(r"\$\{([^${}]*)\}")
MACHINE = ("oc.env:", "env:", "now:", "hydra:", "oc.decode:")
MAX_STEPS = 40


class _Unresolved(Exception):
    """A reference that has no one value, with the reason."""


def has_reference(value: PlainValue) -> bool:
    """True for a text, or a list with a text, that refers to another setting."""
    items = value if isinstance(value, list) else [value]
    return any(isinstance(item, str) and REFERENCE.search(item) is not None for item in items)


def resolved(name: str, settings: Settings) -> Known[PlainValue] | Unknown:
    """The value that finally stands under a name."""
    value, where = settings[name]
    resolver = _Resolver(settings)
    try:
        found = (
            [resolver.value(item, name) for item in value] if isinstance(value, list) else resolver.value(value, name)
        )
    except _Unresolved as problem:
        reason = str(problem)
        return Unknown(reason, (("expression", str(value)),), where)
    return Known(found, tuple(dict.fromkeys((where, *resolver.places))), "evaluated")


class _Resolver:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._left = MAX_STEPS
        self.places: list[Span] = []

    def value(self, value: PlainValue, name: str) -> PlainValue:
        """A text that is one reference takes the value with its type; in a longer text it becomes text."""
        if not isinstance(value, str):
            return value
        self._left -= 1
        if self._left < 0:
            raise _Unresolved("interpolation_not_resolved")
        whole = REFERENCE.fullmatch(value.strip())
        if whole is not None:
            return self._referred(whole.group(1), name)
        text = REFERENCE.sub(lambda match: _text(self._referred(match.group(1), name)), value)
        return self.value(text, name) if REFERENCE.search(text) else text

    def _referred(self, reference: str, name: str) -> PlainValue:
        reference = reference.strip()
        if reference.startswith(MACHINE):
            raise _Unresolved("interpolation_of_environment")
        target = _absolute(reference, name)
        if ":" in reference or target not in self._settings:
            raise _Unresolved("interpolation_not_resolved")
        value, where = self._settings[target]
        self.places.append(where)
        return [self.value(item, target) for item in value] if isinstance(value, list) else self.value(value, target)


def _absolute(reference: str, name: str) -> str:
    """A leading dot is the section of the value itself, each further one the section around."""
    dots = len(reference) - len(reference.lstrip("."))
    if not dots:
        return reference
    sections = name.split(".")[:-dots] if dots < len(name.split(".")) else []
    return ".".join([*sections, reference.lstrip(".")])


def _text(value: PlainValue) -> str:
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)
