"""What documents, comments and docstrings say, held against the source: agrees, differs, cannot be told.

`all_claims` is the door. A statement differs only where its syntax names what it speaks of; everything else that
states a number is listed as what cannot be told, with the reason.
"""

from __future__ import annotations

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts, Shapes
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.commands import check_commands
from analyzer.techniques.claims.counts import find_claims
from analyzer.techniques.claims.docstrings import check_docstrings
from analyzer.techniques.claims.sentences import check_documents
from analyzer.techniques.claims.shape_comments import audit_comments


def all_claims(index: SourceIndex, facts: Facts, shapes: Shapes) -> tuple[Claim, ...]:
    """Every statement once, by the kind of statement and then by place."""
    stated = (*find_claims(index, facts, shapes), *check_commands(facts), *check_documents(index, facts))
    return (*stated, *check_docstrings(index), *audit_comments(index, shapes))
