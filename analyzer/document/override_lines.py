"""What can replace a value, layer after layer in the order in which they take effect.

Inside of a layer, files, presets and commands are alternatives; only the layers follow each other. A preset that code
chooses and what code sets elsewhere are ways of different programs.
"""

from __future__ import annotations

from analyzer.document.inline import NOTHING, code, join, refs, value
from analyzer.document.wording import Words
from analyzer.records.configuration import ConfigValue, Override
from analyzer.records.document import Line, Plain
from analyzer.records.evidence import Unknown

MOST_VALUES = 6
MOST_PLACES = 3


def layers_of(item: ConfigValue) -> tuple[tuple[Override, ...], ...]:
    """The steps behind the definition, one group per layer."""
    found: dict[tuple[str, bool], list[Override]] = {}
    for step in item.overrides:
        if step.layer != "default":
            found.setdefault((step.layer, step.choice), []).append(step)
    return tuple(map(tuple, found.values()))


def overrides_line(words: Words, item: ConfigValue) -> Line:
    """`one file of: 8 (a.py:4, b.py:4); 12 (c.py:3) → set in code: …`; nothing where nothing replaces the value."""
    line: Line = ()
    for at, steps in enumerate(layers := layers_of(item)):
        follows = at and layers[at - 1][0].layer != "preset"
        line += (*((Plain(" → " if follows else "; "),) if at else ()), *_layer(words, steps))
    return line


def _layer(words: Words, steps: tuple[Override, ...]) -> Line:
    if not steps[0].choice and steps[0].layer == "config_file":
        items = [(*_told(words, step), Plain(" "), *refs((step.where,))) for step in steps]
        return words.line("configuration.over_config_file", items=join(items, " → "))
    kind = ("_choice" if len(steps) > 1 else "_chosen") if steps[0].choice else ""
    return words.line(f"configuration.over_{steps[0].layer}{kind}", items=_alternatives(words, steps))


def _alternatives(words: Words, steps: tuple[Override, ...]) -> Line:
    """Each value once with the places that give it; what is left out is counted."""
    by_value: dict[tuple[str, str], list[Override]] = {}
    for step in steps:
        by_value.setdefault((step.expression, step.condition), []).append(step)
    groups = list(by_value.values())
    told = [
        (*_told(words, group[0]), Plain(" "), *refs([step.where for step in group], MOST_PLACES), *_if(words, group[0]))
        for group in groups[:MOST_VALUES]
    ]
    if len(groups) > MOST_VALUES:
        left = sum(len(group) for group in groups[MOST_VALUES:])
        told.append(words.line("configuration.over_more", count=str(left)))
    return join(told, "; ")


def _if(words: Words, step: Override) -> Line:
    return words.line("configuration.over_if", condition=code(step.condition, 60)) if step.condition else ()


def _told(words: Words, step: Override) -> Line:
    if step.expression:
        return code(step.expression, 60)
    return value(words, step.value) if isinstance(step.value, Unknown) else NOTHING
