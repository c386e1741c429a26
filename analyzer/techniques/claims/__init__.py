"""What documents, comments and docstrings say, held against the source: agrees, differs, cannot be told.

`all_claims` is the door. A statement differs only where its syntax names what it speaks of; everything else that
states a number is listed as what cannot be told, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts, Shapes
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.arithmetic import find_equations
from analyzer.techniques.claims.commands import check_commands
from analyzer.techniques.claims.counts import find_counts
from analyzer.techniques.claims.docstrings import check_docstrings
from analyzer.techniques.claims.help_defaults import find_help_defaults
from analyzer.techniques.claims.sentences import check_documents
from analyzer.techniques.claims.shape_comments import audit_comments
from analyzer.techniques.claims.sizes import Sizes
from analyzer.techniques.claims.tables import find_table_counts


def all_claims(index: SourceIndex, facts: Facts, shapes: Shapes) -> tuple[Claim, ...]:
    """Every statement once, by place; what one reader could tell counts before what another could not."""
    sizes = Sizes(facts, shapes)
    found = (
        *find_counts(index, facts, sizes), *find_table_counts(index, sizes), *find_help_defaults(facts),
        *find_equations(index), *check_commands(facts), *check_documents(index, facts), *check_docstrings(index),
        *audit_comments(index, shapes),
    )  # fmt: skip
    return _once(found)


def _once(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """One verdict for what is stated at one place."""
    best: dict[tuple[str, int, str], Claim] = {}
    for claim in claims:
        key = (claim.where.path, claim.where.first_line, "".join(claim.claimed.split()))
        if key not in best or (best[key].verdict == "unknown" and claim.verdict != "unknown"):
            best[key] = claim
    return tuple(sorted(best.values(), key=lambda claim: (claim.where, claim.claimed)))
