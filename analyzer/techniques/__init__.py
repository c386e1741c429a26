"""What facts and shapes together show: techniques with their lines, claims, pitfalls, unspecified values, modes.

`derive_findings` is the one way in; it works with facts alone too, and says less then.
"""

from __future__ import annotations

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts, Findings, Shapes

__all__ = ["derive_findings"]


def derive_findings(index: SourceIndex, facts: Facts, shapes: Shapes | None = None) -> Findings:
    """Everything recognised in the repository."""
    from analyzer.techniques.assembly import assemble

    return assemble(index, facts, shapes or Shapes())
