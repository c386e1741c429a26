"""What the source says, without building the model: `derive_facts` assembles everything of this layer."""

from __future__ import annotations

from dataclasses import replace

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts
from analyzer.records.processes import Processes

__all__ = ["derive_facts"]


def derive_facts(index: SourceIndex) -> Facts:
    """All facts of a repository."""
    from analyzer.facts.configuration import derive_configuration
    from analyzer.facts.structure import derive_structure
    from analyzer.facts.usages import find_usages

    structure = derive_structure(index)
    configuration = derive_configuration(index, structure)
    processes = Processes()
    processes = replace(processes, usages=find_usages(index, structure.roles))
    return Facts(
        index.repository,
        tuple(index.files.values()),
        structure,
        configuration,
        processes,
        index.gaps,
    )
