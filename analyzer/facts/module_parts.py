"""Module classes that are parts by the way they are used: handed as a class to what builds a module, attached to a
module that exists already, or made by functions that only modules call.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from analyzer.facts.assignments import own_nodes
from analyzer.facts.behaviour import Behaviour, Key, Unit
from analyzer.index import Definition, External
from analyzer.index.symbols import dotted_name

REGISTERING = frozenset({"register_module", "add_module"})
HOLDING = frozenset({"Parameter", "register_parameter", "setattr", "getattr", "eval", *REGISTERING})
WEIGHTLESS = frozenset({"register_buffer", "buffers", "named_buffers", "train", "eval", "to", "extra_repr"})
"""Methods of every module that give it no part and call none."""
PLAIN_BASES = frozenset({"torch.nn.Module", "torch.nn.modules.module.Module", "abc.ABC", "typing.Generic", "object"})
LISTS = frozenset(
    f"torch.nn.{part}{name}" for part in ("", "modules.container.") for name in ("ModuleList", "ModuleDict")
)
"""Containers, which hold what they are given."""
TRAINING_STEP = "training_step"
TRAINING_HOOKS = frozenset({TRAINING_STEP, "configure_optimizers"})
"""Methods of modules that wrap a whole model in order to train it."""


def handed_classes(behaviour: Behaviour) -> frozenset[str]:
    """Classes that stand as arguments where a module is built, or as their defaults: `Net(Block, [2, 2])`."""
    return frozenset(name for unit in behaviour.units.values() for name in _handed_in(behaviour, unit))


def assembled_classes(behaviour: Behaviour) -> dict[str, frozenset[str]]:
    """Module classes that are put together from several module objects, `Net(encoder=Encoder(), decoder=Decoder())`,
    with the classes of these; one object alone may as well be a whole model that is wrapped.
    """
    found: dict[str, frozenset[str]] = {}
    for unit in behaviour.units.values():
        for node in own_nodes(unit.root):
            if isinstance(node, ast.Call):
                for owner, parts in _assembled_by(behaviour, unit, node):
                    found[owner] = found.get(owner, frozenset()) | parts
    return found


def trained_by_themselves(behaviour: Behaviour) -> frozenset[str]:
    """Module classes with the step that a trainer calls: whole models, however they are built."""
    table = behaviour.instances.index.symbols
    return frozenset(
        owner.qualified_name
        for owner in table.classes()
        if behaviour.instances.hierarchy.is_module(owner) and _defines(owner, TRAINING_STEP)
    )


def weightless_classes(behaviour: Behaviour) -> frozenset[str]:
    """Module classes whose lines, with those of their bases, make no parameter and call nothing that they hold: losses,
    metrics, reorderings of axes. What they are given and never call does not make them models.
    """
    table = behaviour.instances.index.symbols
    modules = (owner for owner in table.classes() if behaviour.instances.hierarchy.is_module(owner))
    return frozenset(owner.qualified_name for owner in modules if _is_weightless(behaviour, owner))


def _is_weightless(behaviour: Behaviour, owner: Definition) -> bool:
    ancestors = behaviour.instances.hierarchy.order(owner)
    own = [base for base in ancestors if isinstance(base, Definition)]
    foreign = [base.dotted for base in ancestors if isinstance(base, External)]
    containers = [name for name in foreign if name in LISTS]
    if any(name not in PLAIN_BASES and name not in LISTS for name in foreign):
        return False
    if containers and any(_is_filled(node) for base in own for node in ast.walk(base.node)):
        return False
    methods = {name for base in own for name in _methods(base)}
    return not any(_holds(node, methods) for base in own for node in ast.walk(base.node))


def _is_filled(node: ast.AST) -> bool:
    """`super().__init__(…)` with something to hold."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "__init__":
        return False
    return bool(node.args or node.keywords)


def _methods(owner: Definition) -> Iterator[str]:
    assert isinstance(owner.node, ast.ClassDef)
    return (node.name for node in owner.node.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def _holds(node: ast.AST, methods: Collection[str]) -> bool:
    """A call of an attribute that is no method, or of what makes a parameter, a layer or an attribute by name."""
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id == "self":
        return node.func.attr not in methods and node.func.attr not in WEIGHTLESS
    dotted = dotted_name(node.func) or ""
    last = dotted.rpartition(".")[2]
    return last in HOLDING or (last[:1].isupper() and last not in ("ValueError", "NotImplementedError"))


def attached_classes(behaviour: Behaviour) -> frozenset[str]:
    """Classes whose objects are set as attributes of other objects: `setattr(module, "adapter", Adapter())`."""
    return frozenset(name for unit in behaviour.units.values() for name in _attached_in(behaviour, unit))


def part_makers(behaviour: Behaviour) -> frozenset[Key]:
    """Functions that modules call for their parts, and nobody else but other such functions: `build_norm(config)`."""
    inside = {key for key, unit in behaviour.units.items() if behaviour.is_model_method(unit)}
    inside -= {key for key in inside if _wraps_a_model(behaviour, behaviour.units[key])}
    makers: set[Key] = set()
    while True:
        known = inside | makers
        found = {
            key
            for key, callers in behaviour.callers.items()
            if key[1] and key not in known and all(caller in known or caller == key for caller in callers)
        }
        found = {key for key in found if behaviour.owner(behaviour.units[key]) is None}
        if not found:
            return frozenset(makers)
        makers |= found


def made_classes(behaviour: Behaviour, makers: frozenset[Key]) -> frozenset[str]:
    """Classes of what these functions return."""
    table = behaviour.instances.index.symbols.definitions
    functions = [table[path][scope] for path, scope in sorted(makers) if scope in table[path]]
    returned = (made for function in functions for made in behaviour.instances.returned(function))
    return frozenset(made.qualified_name for made in returned if isinstance(made, Definition))


def _wraps_a_model(behaviour: Behaviour, unit: Unit) -> bool:
    owner = behaviour.owner(unit)
    return owner is not None and _defines(owner, *TRAINING_HOOKS)


def _defines(owner: Definition, *names: str) -> bool:
    body = owner.node.body if isinstance(owner.node, ast.ClassDef) else []
    return any(isinstance(node, ast.FunctionDef) and node.name in names for node in body)


def _assembled_by(behaviour: Behaviour, unit: Unit, node: ast.Call) -> Iterator[tuple[str, frozenset[str]]]:
    instances = behaviour.instances
    made = [c for c in instances.callees(unit.path, unit.scope, node.func) if isinstance(c, Definition)]
    owners = [
        c
        for c in made
        if isinstance(c.node, ast.ClassDef) and instances.hierarchy.is_module(c) and not _defines(c, *TRAINING_HOOKS)
    ]
    if not owners:
        return
    given = [_module_objects(behaviour, unit, part) for part in (*node.args, *(k.value for k in node.keywords))]
    parts = [classes for classes in given if classes]
    for owner in owners if len(parts) > 1 else ():
        yield owner.qualified_name, frozenset().union(*parts) - {owner.qualified_name}


def _module_objects(behaviour: Behaviour, unit: Unit, node: ast.expr) -> frozenset[str]:
    """Classes of the repository that the module object of an expression may have."""
    instances = behaviour.instances
    owners = [c for c in instances.classes(unit.path, unit.scope, node) if isinstance(c, Definition)]
    return frozenset(c.qualified_name for c in owners if instances.hierarchy.is_module(c))


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
        value = _attached_value(behaviour, unit, node)
        for owner in behaviour.instances.classes(unit.path, unit.scope, value) if value is not None else ():
            if isinstance(owner, Definition):
                yield owner.qualified_name


def _attached_value(behaviour: Behaviour, unit: Unit, node: ast.AST) -> ast.expr | None:
    """`x` of `setattr(module, name, x)` and of `module.register_module(name, x)`, but for a module's own parts."""
    if not isinstance(node, ast.Call):
        return None
    function = node.func
    if isinstance(function, ast.Name):
        return node.args[2] if function.id == "setattr" and len(node.args) == 3 else None
    registers = isinstance(function, ast.Attribute) and function.attr in REGISTERING and len(node.args) == 2
    return node.args[1] if registers and not behaviour.is_model_method(unit) else None
