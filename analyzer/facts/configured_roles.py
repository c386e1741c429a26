"""Which files keep the role of configuration: what a run's records or a test sets up for itself configures nothing."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.facts.configuration_owners import CLASS_FORMATS
from analyzer.facts.testing import is_test_file
from analyzer.index import SourceIndex
from analyzer.records.configuration import Configuration
from analyzer.records.structure import RoleAssignment

OF_FIELDS = frozenset({"defines_fields", "fills_fields"})


def roles_with_settings(
    index: SourceIndex, roles: Sequence[RoleAssignment], configuration: Configuration
) -> tuple[RoleAssignment, ...]:
    """The roles without those that rest on records of a run's state alone, or stand in a test."""
    settings = {table.where.path for table in configuration.tables if table.format in CLASS_FORMATS}
    return tuple(
        role
        for role in roles
        if role.role != "config"
        or (not is_test_file(index, role.path) and (role.path in settings or not _rests_on_fields(role)))
    )


def _rests_on_fields(role: RoleAssignment) -> bool:
    rules = {evidence.rule for evidence in role.evidence}
    return rules <= OF_FIELDS and "defines_fields" in rules
