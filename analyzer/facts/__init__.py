"""What the source says, without building the model: `derive_facts` assembles everything of this layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts
from analyzer.records.configuration import Configuration
from analyzer.records.evidence import Gap
from analyzer.records.structure import Structure

__all__ = ["derive_facts"]


def derive_facts(index: SourceIndex) -> Facts:
    """All facts of a repository."""
    from analyzer.evaluator import Interpreter
    from analyzer.facts.configuration import derive_configuration
    from analyzer.facts.configured_roles import roles_with_settings
    from analyzer.facts.processes import derive_processes
    from analyzer.facts.structure import derive_structure
    from analyzer.facts.unknowns import gaps_in
    from analyzer.facts.usages import find_usages

    structure = derive_structure(index)
    value_of = Interpreter(index).value_of
    configuration = derive_configuration(index, structure, value_of)
    processes = derive_processes(index, structure, configuration, value_of)
    structure = replace(structure, roles=roles_with_settings(index, structure.roles, configuration))
    return Facts(
        index.repository,
        tuple(index.files.values()),
        structure,
        configuration,
        replace(processes, usages=find_usages(index, structure.roles)),
        (*index.gaps, *configuration.gaps, *gaps_in(_without_chains(configuration)), *_absent(index, structure)),
    )


def _without_chains(configuration: Configuration) -> Configuration:
    """The configuration without the steps of its chains: a step is quoted as it stands, and what its expression
    gives differs from call to call. What the default run ends with is `effective`.
    """
    tables = (
        replace(table, values=tuple(replace(value, overrides=()) for value in table.values))
        for table in configuration.tables
    )
    return replace(configuration, tables=tuple(tables))


def _absent(index: SourceIndex, structure: Structure) -> Iterator[Gap]:
    """What a reader of such a report expects and this repository does not have."""
    if not index.python_paths():
        yield Gap(".", "no_python")
    elif index.trees() and all(dependency.name != "torch" for dependency in structure.dependencies):
        yield Gap(".", "no_pytorch")
    elif index.trees() and not structure.models:
        yield Gap(".", "no_model_class")
