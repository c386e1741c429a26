"""Values that are not plain by themselves: filled in from values of the same table, else asked of the evaluator.

An expression that depends on the machine, on time or on local variables of a function has no one value.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from analyzer.facts.configuration.reading import NEEDS_EVALUATION
from analyzer.facts.evaluation import ValueOf, machine_dependence, unresolved_name
from analyzer.facts.literal import NotPlain, eval_plain, is_plain
from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.configuration import ConfigTable, ConfigValue, PlainValue, Preset, Reference
from analyzer.records.evidence import Known, Unknown

CONVERTED = "converted_by_code"
LONGEST_NAME = 80
"""An expression that makes an object names it, unless it is longer than this."""


def evaluated_table(index: SourceIndex, table: ConfigTable, value_of: ValueOf) -> ConfigTable:
    """The table with every value that can be told, in order, so that later values may use earlier ones."""
    names: dict[str, PlainValue] = {}
    values = []
    for value in table.values:
        found = value
        if _needs_evaluation(value):
            found = replace(value, value=evaluated(index, value, names, value_of))
        elif isinstance(value.value, Unknown) and value.value.reason == CONVERTED and value.annotation:
            found = replace(value, value=_converted(index, value, value.annotation, value_of))
        if isinstance(found.value, Known) and not isinstance(found.value.value, Reference):
            names[found.name] = found.value.value
            names[f"self.{found.name}"] = found.value.value
        values.append(found)
    return replace(table, values=tuple(values))


def _converted(index: SourceIndex, value: ConfigValue, kind: str, value_of: ValueOf) -> Known[PlainValue] | Unknown:
    """What the repository's own converting function makes of the default's text."""
    asked = replace(value, expression=f"{kind}({value.expression})")
    found = evaluated(index, asked, {}, value_of)
    is_plain_value = isinstance(found, Known) and not isinstance(found.value, Reference)
    return found if is_plain_value else value.value


def evaluated_preset(index: SourceIndex, preset: Preset, value_of: ValueOf) -> Preset:
    """The preset with every value that can be told where it stands."""
    pairs = tuple((name, _told(index, name, known, value_of)) for name, known in preset.values)
    return replace(preset, values=pairs)


def _told(
    index: SourceIndex, name: str, known: Known[PlainValue] | Unknown, value_of: ValueOf
) -> Known[PlainValue] | Unknown:
    if isinstance(known, Known) or known.reason != NEEDS_EVALUATION or known.where is None:
        return known
    expression = dict(known.arguments).get("expression", "")
    return evaluated(index, ConfigValue(name, expression, known, known.where), {}, value_of)


def _needs_evaluation(value: ConfigValue) -> bool:
    return isinstance(value.value, Unknown) and value.value.reason == NEEDS_EVALUATION


def evaluated(
    index: SourceIndex, value: ConfigValue, names: Mapping[str, PlainValue], value_of: ValueOf
) -> Known[PlainValue] | Unknown:
    """Value of an expression over the names of its own table, or why it has none."""
    path, expression = value.where.path, value.expression
    try:
        node = ast.parse(expression.strip(), mode="eval").body
    except SyntaxError:
        return Unknown("not_an_expression", (("expression", expression),), value.where)
    if _names_own_object(index, path, node):
        return Known(Reference(expression.strip()), (value.where,), "read")
    machine = machine_dependence(index, path, node)
    if machine:
        return Unknown("depends_on_machine", (("call", machine),), value.where)
    try:
        return Known(eval_plain(node, names), (value.where,), "evaluated")
    except (NotPlain, RecursionError):
        node = _Filled(names).visit(node)
    local = unresolved_name(index, path, node)
    if local:
        return Unknown("depends_on_local", (("name", local),), value.where)
    return _asked(path, ast.unparse(node), value, value_of)


def _names_own_object(index: SourceIndex, path: str, node: ast.expr) -> bool:
    """The expression is the name of a class or function of the repository: that is its value."""
    dotted = dotted_name(node)
    found = index.symbols.resolve(path, dotted) if dotted else None
    return isinstance(found, Definition) and isinstance(found.node, (ast.ClassDef, ast.FunctionDef))


def _asked(path: str, expression: str, value: ConfigValue, value_of: ValueOf) -> Known[PlainValue] | Unknown:
    found = value_of(path, expression)
    if isinstance(found, Unknown) and found.reason == "not_a_plain_value" and len(value.expression) <= LONGEST_NAME:
        return Known(Reference(" ".join(value.expression.split())), (value.where,), "read")
    if isinstance(found, Unknown):
        return Unknown(found.reason, found.arguments, found.where or value.where, found.cause)
    if not is_plain(found.value):
        return Unknown("not_a_plain_value", (("expression", value.expression),), value.where)
    return Known(found.value, (value.where,), "evaluated")


class _Filled(ast.NodeTransformer):
    """Replaces names whose values are known by those values."""

    def __init__(self, names: Mapping[str, PlainValue]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._filled(node, node.id)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        dotted = dotted_name(node)
        if dotted in self._names:
            return self._filled(node, dotted or "")
        self.generic_visit(node)
        return node

    def _filled(self, node: ast.expr, name: str) -> ast.expr:
        if name not in self._names:
            return node
        return ast.parse(repr(self._names[name]), mode="eval").body
