"""Defaults that an option's own help text or comment states, against the default that it has."""

from __future__ import annotations

import ast
import re

from analyzer.records.bundles import Facts
from analyzer.records.configuration import ConfigValue
from analyzer.records.evidence import Known
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.figures import Verdict

DEFAULT = re.compile(
    r"\bdefaults?(?:\s+(?:is|to|value|value is)\s+|\s*[:=]\s*)[`'\"]?(-?[\w.+\-]*\w)[`'\"]?\s*(?=[),;\]]|\.?$)"
)
"""`default: 3`, `defaults to 0.1)`: the value ends its clause, so that no prose is taken for one."""


def find_help_defaults(facts: Facts) -> tuple[Claim, ...]:
    """One claim for each value whose help states a default of its own kind."""
    values = [value for table in facts.configuration.tables for value in table.values]
    found = [_claim(value) for value in values if "%(" not in (value.help or "")]
    return tuple(dict.fromkeys(claim for claim in found if claim is not None))


def _claim(value: ConfigValue) -> Claim | None:
    match = DEFAULT.search(value.help or "")
    if match is None or not isinstance(value.value, Known):
        return None
    verdict = compared(match.group(1), value.value.value)
    if verdict is None:
        return None
    return Claim(
        value.help or "", match.group(1), repr(value.value.value), verdict, value.where, (value.where,), value.name
    )


def compared(stated: str, actual: object) -> Verdict | None:
    """A literal of the same kind as the value; words are compared as they stand. None where kinds differ."""
    literal = _literal(stated)
    if actual is None or isinstance(actual, bool):
        comparable = literal is None or isinstance(literal, bool)
    elif isinstance(actual, (int, float)):
        comparable = isinstance(literal, (int, float)) and not isinstance(literal, bool)
    else:
        comparable, literal = isinstance(actual, str), stated
    if not comparable:
        return None
    return "agree" if literal == actual else "differ"


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
