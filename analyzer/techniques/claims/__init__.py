"""What documents, comments and docstrings say, held against the source: agrees, differs, cannot be told.

`all_claims` is the door. A statement differs only where its syntax names what it speaks of; everything else that
states a number is listed as what cannot be told, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts, Shapes
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.above import find_above
from analyzer.techniques.claims.arithmetic import find_equations
from analyzer.techniques.claims.beside import find_beside
from analyzer.techniques.claims.beyond import find_beyond
from analyzer.techniques.claims.commands import check_commands
from analyzer.techniques.claims.counts import find_counts
from analyzer.techniques.claims.docstrings import check_docstrings
from analyzer.techniques.claims.examples import check_examples
from analyzer.techniques.claims.help_defaults import find_help_defaults
from analyzer.techniques.claims.items import check_items
from analyzer.techniques.claims.launches import check_launches
from analyzer.techniques.claims.options import check_options
from analyzer.techniques.claims.sentences import check_documents
from analyzer.techniques.claims.shape_comments import audit_comments
from analyzer.techniques.claims.shape_docstrings import audit_docstrings
from analyzer.techniques.claims.sizes import Sizes
from analyzer.techniques.claims.tables import find_table_counts
from analyzer.techniques.claims.texts import sentence_of
from analyzer.techniques.claims.value_tables import check_value_tables, names_of_main
from analyzer.techniques.claims.values import LineValues
from analyzer.techniques.claims.versions import check_versions


def all_claims(index: SourceIndex, facts: Facts, shapes: Shapes) -> tuple[Claim, ...]:
    """Every statement once, by place; what one reader could tell counts before what another could not."""
    sizes = Sizes(facts, shapes)
    sizes.call_main(names_of_main(index, facts, sizes))
    values = LineValues(index, facts)
    in_code = (
        *find_equations(index, values),
        *find_beside(index, values),
        *find_above(index, facts),
        *check_docstrings(index),
    )
    in_documents = (
        *check_options(index, facts), *check_documents(index, facts), *check_commands(index, facts),
        *check_items(index), *check_versions(index, facts), *check_launches(index, facts), *find_beyond(index),
    )  # fmt: skip
    in_tables = (*find_table_counts(index, sizes), *check_value_tables(index, facts, sizes))
    of_sizes = (*find_counts(index, facts, sizes), *in_tables)
    of_shapes = (*audit_comments(index, shapes), *audit_docstrings(index, shapes), *check_examples(index, shapes))
    return _once((*of_sizes, *in_documents, *find_help_defaults(facts), *in_code, *of_shapes))


def _once(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """One verdict for what is stated at one place; what one reader could tell, another need not leave open."""
    found = {(c.where.path, c.where.first_line, c.claimed.strip("~ "), c.subject): c for c in reversed(tuple(claims))}
    told = {key[:3] for key, claim in found.items() if claim.verdict != "unknown"}
    derived: dict[tuple[str, int, str, str], Claim] = {}
    for key, claim in reversed(found.items()):
        if claim.verdict != "unknown" or key[:3] not in told:
            derived.setdefault((*key[:3], claim.derived or claim.subject), claim)
    claims = (replace(claim, text=sentence_of(claim.text, claim.claimed)) for claim in derived.values())
    return tuple(sorted(claims, key=lambda claim: (claim.where, claim.claimed, claim.subject)))
