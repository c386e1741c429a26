"""How outputs are drawn in inference: temperature, top-k, top-p, greedy choice, penalties, caches, guidance.

Each is recognised by the arithmetic on the model's scores; where a value is an argument, its default is stated.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.facts.program import Program
from analyzer.records.processes import Feature


def decoding_features(program: Program) -> Iterator[Feature]:
    """Decoding features of a program."""
    yield from ()
