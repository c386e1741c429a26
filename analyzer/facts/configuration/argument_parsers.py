"""Command-line options of `argparse` parsers, with groups and sub-parsers, and of absl flags.

An option without a default has the value that argparse itself documents: None, False for `store_true`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from analyzer.facts.configuration.reading import (
    FUNCTIONS,
    Notes,
    Scope,
    config_value,
    foreign_name,
    keyword_of,
    own_nodes,
    scopes,
    string_of,
)
from analyzer.facts.flow.foreign import PARSERS
from analyzer.index import SourceIndex
from analyzer.records.configuration import ConfigTable, ConfigValue, PlainValue
from analyzer.records.evidence import Known, Unknown

ABSL_PREFIX = "absl.flags.DEFINE_"
DERIVING_METHODS = ("add_argument_group", "add_mutually_exclusive_group", "add_subparsers", "add_parser")
ALIASING, ALIASES = "configargparse", ("add", "add_arg")
IMPLIED: dict[str, PlainValue] = {"store_true": False, "store_false": True, "count": None, "append": None}
CONVERTERS = {"int": int, "float": float, "str": str, "Path": str, "pathlib.Path": str}


@dataclass
class _Parser:
    """A parser under construction: which names mean it in its scope, and the calls made on it."""

    scope: Scope
    label: str
    where: ast.AST
    names: set[str] = field(default_factory=set)
    values: list[ConfigValue] = field(default_factory=list)


def find(index: SourceIndex) -> tuple[ConfigTable, ...]:
    tables: list[ConfigTable] = []
    has_aliases = any(ALIASING in index.text(path) for path in index.trees())
    for path, tree in index.trees().items():
        text = index.text(path)
        is_alias = has_aliases and any(f".{name}(" in text for name in ALIASES)
        if "add_argument" in text or "DEFINE_" in text or is_alias:
            for scope in scopes(path, tree):
                tables += _in_scope(index, scope)
    return tuple(tables)


def _in_scope(index: SourceIndex, scope: Scope) -> Iterator[ConfigTable]:
    if isinstance(scope.node, ast.ClassDef):
        return
    parsers: list[_Parser] = []
    flags: list[ConfigValue] = []
    for node in own_nodes(scope.node):
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
            _note_assignment(index, scope, node, parsers)
        elif isinstance(node, ast.Call):
            _note_call(index, scope, node, parsers)
            flags += _absl_flag(index, scope, node)
    for parser in parsers:
        if parser.values:
            where = index.span(scope.path, parser.where)
            yield ConfigTable(parser.label, "argparse", where, tuple(parser.values))
    if flags:
        yield ConfigTable(scope.qualified_name, "absl", flags[0].where, tuple(flags))


def _note_assignment(
    index: SourceIndex, scope: Scope, node: ast.Assign | ast.AnnAssign | ast.NamedExpr, parsers: list[_Parser]
) -> None:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = {ast.unparse(target) for target in targets}
    value = node.value
    if not isinstance(value, ast.Call):
        return
    if foreign_name(index, scope, value) in PARSERS:
        parsers.append(_Parser(scope, scope.qualified_name, value, names))
    elif isinstance(value.func, ast.Attribute) and value.func.attr in DERIVING_METHODS:
        owner = _owner(index, scope, value.func.value, parsers)
        if owner is not None and value.func.attr == "add_parser":
            label = f"{scope.qualified_name} {string_of(value.args[0]) if value.args else ''}".strip()
            parsers.append(_Parser(scope, label, value, names))
        elif owner is not None:
            owner.names |= names


def _owner(index: SourceIndex, scope: Scope, receiver: ast.expr, parsers: list[_Parser]) -> _Parser | None:
    """The parser that an expression means; a parameter of the scope's function may be one, too."""
    text = ast.unparse(receiver)
    for parser in reversed(parsers):
        if text in parser.names:
            return parser
    if isinstance(receiver, ast.Call) and isinstance(receiver.func, ast.Attribute):
        return _owner(index, scope, receiver.func.value, parsers)
    if isinstance(receiver, ast.Name) and isinstance(scope.node, FUNCTIONS):
        arguments = scope.node.args
        if any(a.arg == receiver.id for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)):
            parsers.append(_Parser(scope, scope.qualified_name, scope.node, {receiver.id}))
            return parsers[-1]
    return None


def _note_call(index: SourceIndex, scope: Scope, call: ast.Call, parsers: list[_Parser]) -> None:
    if not isinstance(call.func, ast.Attribute):
        return
    if (call.func.attr == "add_argument" and _is_option(call)) or _is_alias(index, call):
        parser = _owner(index, scope, call.func.value, parsers)
        if parser is not None:
            parser.values.append(_option(index, scope.path, call))
    elif call.func.attr == "set_defaults":
        parser = _owner(index, scope, call.func.value, parsers) if parsers else None
        if parser is not None:
            _apply_defaults(index, scope.path, call, parser)


def _is_alias(index: SourceIndex, call: ast.Call) -> bool:
    """Short names that configargparse has for `add_argument`, with an option in dashes, where a repository uses it."""
    is_short = isinstance(call.func, ast.Attribute) and call.func.attr in ALIASES and _is_option(call)
    dashed = is_short and (string_of(call.args[0]) or "").startswith("-")
    return dashed and any(ALIASING in index.text(path) for path in index.trees())


def _is_option(call: ast.Call) -> bool:
    return bool(call.args) and string_of(call.args[0]) is not None


def _option(index: SourceIndex, path: str, call: ast.Call) -> ConfigValue:
    flags = [text for text in map(string_of, call.args) if text]
    annotation = keyword_of(call, "type")
    notes = Notes(index.segment(path, annotation) if annotation else None, string_of(keyword_of(call, "help")))
    default = keyword_of(call, "default")
    value = config_value(index, path, _destination(call, flags), default, call, notes)
    choices = keyword_of(call, "choices")
    text = " ".join(index.segment(path, choices).split()) if choices is not None else ""
    return replace(_with_default(value, call, flags, default), choices=text)


def _destination(call: ast.Call, flags: list[str]) -> str:
    given = string_of(keyword_of(call, "dest"))
    if given:
        return given
    long = [flag for flag in flags if flag.startswith("--")]
    return (long or flags)[0].lstrip("-").replace("-", "_")


def _with_default(value: ConfigValue, call: ast.Call, flags: list[str], default: ast.expr | None) -> ConfigValue:
    """What argparse makes of the written default, or of a missing one."""
    if default is None:
        action = string_of(keyword_of(call, "action")) or ""
        is_required = not flags[0].startswith("-") or _is_true(keyword_of(call, "required"))
        if is_required and string_of(keyword_of(call, "nargs")) not in ("?", "*"):
            found: Known[PlainValue] | Unknown = Unknown("required_argument", (), value.where)
        elif action == "store_const":
            found = Unknown("no_default", (), value.where)
        else:
            found = Known(IMPLIED.get(action), (value.where,), "read")
        return ConfigValue(value.name, "", found, value.where, value.annotation, value.help)
    if isinstance(value.value, Known) and isinstance(value.value.value, str):
        return _converted(value, value.value.value)
    return value


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _converted(value: ConfigValue, text: str) -> ConfigValue:
    """Argparse converts a default that is a text with the option's `type`."""
    converter = CONVERTERS.get(value.annotation or "str")
    try:
        found = converter(text) if converter else None
    except ValueError:
        found = None
    if found is None:
        arguments = (("type", value.annotation or ""),)
        known: Known[PlainValue] | Unknown = Unknown("converted_by_code", arguments, value.where)
    else:
        known = Known(found, (value.where,), "read")
    return ConfigValue(value.name, value.expression, known, value.where, value.annotation, value.help)


def _apply_defaults(index: SourceIndex, path: str, call: ast.Call, parser: _Parser) -> None:
    """`parser.set_defaults(name=value)` replaces the option's default."""
    for keyword in call.keywords:
        if keyword.arg is not None:
            parser.values = [v for v in parser.values if v.name != keyword.arg]
            parser.values.append(config_value(index, path, keyword.arg, keyword.value, keyword.value))


def _absl_flag(index: SourceIndex, scope: Scope, call: ast.Call) -> Iterator[ConfigValue]:
    kind = foreign_name(index, scope, call)
    if not kind.startswith(ABSL_PREFIX) or not call.args:
        return
    name = string_of(call.args[0])
    default = call.args[1] if len(call.args) > 1 else keyword_of(call, "default")
    help_node = call.args[-1] if len(call.args) > 2 else keyword_of(call, "help")
    if name and default is not None:
        notes = Notes(kind.removeprefix(ABSL_PREFIX), string_of(help_node))
        yield config_value(index, scope.path, name, default, call, notes)
