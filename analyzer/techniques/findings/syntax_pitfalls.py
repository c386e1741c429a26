"""All pitfalls that the syntax of one or several files shows without reading its terms."""

from __future__ import annotations

from analyzer.index import SourceIndex
from analyzer.records.techniques import Pitfall
from analyzer.techniques.findings import code_pitfalls, layer_pitfalls, option_pitfalls, run_pitfalls, state_pitfalls
from analyzer.techniques.findings.syntax_rules import SyntaxRule, pitfalls_of

RULES: dict[str, SyntaxRule] = {
    **layer_pitfalls.RULES, **option_pitfalls.RULES, **run_pitfalls.RULES, **code_pitfalls.RULES,
    **state_pitfalls.RULES,
}  # fmt: skip


def find_syntax_pitfalls(index: SourceIndex) -> tuple[Pitfall, ...]:
    """Every finding of every rule, by place; the same sentence once with all its places."""
    found: dict[tuple[str, object], Pitfall] = {}
    for name, rule in RULES.items():
        for pitfall in pitfalls_of(index, name, rule):
            known = found.get((name, pitfall.arguments))
            where = {*pitfall.where, *(known.where if known is not None else ())}
            found[name, pitfall.arguments] = Pitfall(name, tuple(sorted(where)), pitfall.arguments)
    return tuple(sorted(found.values(), key=lambda pitfall: (pitfall.where, pitfall.rule)))
