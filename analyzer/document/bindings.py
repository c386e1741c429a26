"""The names that a technique has in the code, with the value that the built model gives them where it is known."""

from __future__ import annotations

import ast
import re

from analyzer.document.context import Context
from analyzer.document.inline import number
from analyzer.records.document import Code, Line, Plain
from analyzer.records.evidence import Known
from analyzer.records.source import Span
from analyzer.records.structure import ClassInfo
from analyzer.records.techniques import Binding


def bound(context: Context, holes: tuple[str, ...], *categories: str) -> Binding | None:
    """The first binding of one of the holes, in findings of these categories, whose value is known."""
    for found in context.techniques_of(*categories):
        for binding in found.bindings:
            if binding.hole in holes and binding_value(context, binding) is not None:
                return binding
    return None


def binding_line(context: Context, item: Binding) -> Line:
    """A bound name with its value."""
    amount = binding_value(context, item)
    if amount is None or repr(amount) == item.code:
        return (Code(item.code),)
    return (Code(item.code), *value_line(amount))


def value_line(amount: object) -> Line:
    """Behind a name: a number as numbers are written in prose, anything else as Python writes it."""
    if isinstance(amount, int) and not isinstance(amount, bool):
        return (Plain(f" = {number(amount)}"),)
    return (Plain(" = "), Code(repr(amount)))


def binding_value(context: Context, item: Binding) -> object | None:
    """The binding's own value, else the size that the traced model has under this name; None where neither is known."""
    if isinstance(item.value, Known):
        return item.value.value
    if item.code.isidentifier():
        owner = owner_of(context, item.where)
        if owner is None:
            return None  # a name of a function's own says nothing of a setting that is called the same
        given = _given(context, owner, item.code)
        if given:
            return given[0] if len(given) == 1 else None
    name = item.code.rsplit(".", 1)[-1]
    if _is_parameter(context, item):
        return None  # a weight, whatever a setting of the same name says
    held = attribute_value(context, item.code, item.where)
    if held is not None:
        return held
    sizes: dict[str, object] = dict(context.model.variables) if context.model else {}
    if name in sizes:
        return sizes[name]
    amount = built_with(context, name)
    return _assigned(context, item) if amount is None and item.code == f"self.{name}" else amount


def _given(context: Context, owner: ClassInfo, name: str) -> list[object]:
    """What the constructor of a class was given for this parameter in the built model, each value once."""
    if context.examples:
        return []
    texts = {dict(one.arguments).get(name) for one in context.records.values() if one.defined_at == owner.where}
    return [_literal(text) for text in sorted(text for text in texts if text is not None)]


def _literal(text: str) -> object | None:
    """The value of Python text; None for what only names an object."""
    try:
        found: object = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return None
    return found


def attribute_value(context: Context, code: str, where: Span) -> object | None:
    """What `self.name` holds in the modules of the class that holds the line; None where they differ."""
    base, _, name = code.rpartition(".")
    owner = owner_of(context, where) if base == "self" else None
    if owner is None or context.examples:
        return None
    family = {owner.where, *(one.where for one in context.classes.values() if owner.name in one.bases)}
    modules = context.model.modules if context.model else ()
    found = {dict(one.values).get(name) for one in modules if one.defined_at in family}
    return next(iter(found)) if len(found) == 1 else None


def _is_parameter(context: Context, item: Binding) -> bool:
    """Whether `self.name` is a weight that modules of the class register themselves."""
    base, _, name = item.code.rpartition(".")
    owner = owner_of(context, item.where) if base == "self" else None
    modules = context.model.modules if context.model and owner is not None else ()
    return any(name in dict(one.own_shapes) for one in modules if owner is not None and one.defined_at == owner.where)


def owner_of(context: Context, where: Span) -> ClassInfo | None:
    """The class of modules that holds a line."""
    return next((one for one in context.classes.values() if one.is_module and _holds(one.where, where)), None)


def _assigned(context: Context, item: Binding) -> object | None:
    """The setting that the class assigns to the attribute unchanged: `self.n_local_heads = config.num_heads`."""
    owner = owner_of(context, item.where)
    source = context.quote(owner.where) if owner else ""
    found = re.findall(rf"^\s*{re.escape(item.code)}\s*=\s*(?:\w+\.)+(\w+)\s*(?:#.*)?$", source, re.MULTILINE)
    return built_with(context, found[0]) if len(found) == 1 else None


def _holds(outer: Span, inner: Span) -> bool:
    return outer.path == inner.path and outer.first_line <= inner.first_line <= outer.last_line


def built_with(context: Context, name: str) -> object | None:
    """The value that a setting has in the built model: the default of the table that the build expression calls
    without arguments; None where the expression says otherwise or nothing.
    """
    expression = context.model.build_expression if context.model else ""
    for owner in context.analysis.facts.configuration.tables:
        if f"{owner.name}()" in expression:
            for setting in owner.values:
                if setting.name == name and isinstance(setting.value, Known):
                    return setting.value.value
    return None
