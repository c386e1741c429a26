"""Module classes that are parts by the way they are used: handed as a class to what builds a module, or attached to a
module that exists already.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.assignments import own_nodes
from analyzer.facts.behaviour import Behaviour, Unit
from analyzer.index import Definition
from analyzer.index.symbols import dotted_name


def handed_classes(behaviour: Behaviour) -> frozenset[str]:
    """Classes that stand as arguments where a module is built, or as their defaults: `Net(Block, [2, 2])`."""
    return frozenset(name for unit in behaviour.units.values() for name in _handed_in(behaviour, unit))


def attached_classes(behaviour: Behaviour) -> frozenset[str]:
    """Classes whose objects are set as attributes of other objects: `setattr(module, "adapter", Adapter())`."""
    return frozenset(name for unit in behaviour.units.values() for name in _attached_in(behaviour, unit))


def _handed_in(behaviour: Behaviour, unit: Unit) -> Iterator[str]:
    instances = behaviour.instances
    arguments = getattr(unit.root, "args", None)
    if isinstance(arguments, ast.arguments) and behaviour.is_model_method(unit):
        defaults = [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
        yield from (found for d in defaults if (found := _module_class(behaviour, unit, d)) is not None)
    for node in own_nodes(unit.root):
        if not isinstance(node, ast.Call):
            continue
        given = [_module_class(behaviour, unit, part) for part in (*node.args, *(k.value for k in node.keywords))]
        handed = [found for found in given if found is not None]
        callees = instances.callees(unit.path, unit.scope, node.func) if handed else ()
        if any(_builds_module(behaviour, callee) for callee in callees if isinstance(callee, Definition)):
            yield from handed


def _builds_module(behaviour: Behaviour, callee: Definition) -> bool:
    """A constructor of a module, or a method of one, which builds its layers."""
    hierarchy = behaviour.instances.hierarchy
    if isinstance(callee.node, ast.ClassDef):
        return hierarchy.is_module(callee)
    unit = behaviour.units.get((callee.path, callee.name))
    return unit is not None and behaviour.is_model_method(unit)


def _module_class(behaviour: Behaviour, unit: Unit, node: ast.expr) -> str | None:
    """Qualified name of the module class that an expression names, None for everything else."""
    dotted = dotted_name(node)
    found = behaviour.instances.index.symbols.resolve(unit.path, dotted, unit.scope) if dotted else None
    is_class = isinstance(found, Definition) and isinstance(found.node, ast.ClassDef)
    if not is_class or not isinstance(found, Definition) or not behaviour.instances.hierarchy.is_module(found):
        return None
    return found.qualified_name


def _attached_in(behaviour: Behaviour, unit: Unit) -> Iterator[str]:
    for node in own_nodes(unit.root):
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr"
        if is_call and isinstance(node, ast.Call) and len(node.args) == 3:
            for owner in behaviour.instances.classes(unit.path, unit.scope, node.args[2]):
                if isinstance(owner, Definition):
                    yield owner.qualified_name
