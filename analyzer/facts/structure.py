"""Which classes the repository defines and which of them are models: its modules, their parts, and the main one.

Assembles the `Structure` record; roles, entry points, relations and dependencies come from their own readers.
"""

from __future__ import annotations

import ast

from analyzer.facts.assignments import methods
from analyzer.facts.behaviour import Behaviour
from analyzer.facts.dependencies import derive_dependencies
from analyzer.facts.entry_points import find_entry_points
from analyzer.facts.functions import derive_function
from analyzer.facts.initialisation import find_initialisers
from analyzer.facts.instances import Instances
from analyzer.facts.main_model import rank_models
from analyzer.facts.relations import derive_relations
from analyzer.facts.roles import derive_roles
from analyzer.facts.submodules import find_submodules
from analyzer.index import Definition, SourceIndex
from analyzer.records.structure import ClassInfo, Structure


def derive_structure(index: SourceIndex) -> Structure:
    """Classes, models, roles, entry points, module relations and dependencies of a repository."""
    instances = Instances(index)
    classes = tuple(_class_info(instances, definition) for definition in index.symbols.classes())
    entry_points = find_entry_points(index)
    behaviour = Behaviour(instances)
    roles = derive_roles(behaviour, entry_points)
    return Structure(
        classes,
        rank_models(behaviour, classes, entry_points, roles),
        roles,
        entry_points,
        derive_relations(index),
        derive_dependencies(index),
        find_initialisers(index),
    )


def _class_info(instances: Instances, definition: Definition) -> ClassInfo:
    index, hierarchy, node = instances.index, instances.hierarchy, definition.node
    assert isinstance(node, ast.ClassDef)
    is_module = hierarchy.is_module(definition)
    forward = hierarchy.method(definition, "forward") if is_module else None
    return ClassInfo(
        node.name,
        definition.qualified_name,
        index.span(definition.path, node),
        tuple(index.segment(definition.path, base) for base in node.bases),
        is_module,
        tuple(derive_function(index, method) for method in methods(index, definition)),
        find_submodules(instances, definition) if is_module else (),
        ast.get_docstring(node),
        derive_function(index, forward) if forward is not None else None,
    )
