"""Where a file states configuration: fields, parsers, constants, tables in configuration files.

Says only that and where it does; values are read by `analyzer.facts.configuration`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

from analyzer.facts.assignments import own_nodes
from analyzer.facts.behaviour import Behaviour, Unit
from analyzer.facts.foreign_calls import CONFIGURATION_BASES, DATACLASS_DECORATORS, PRETRAINED_BASES
from analyzer.facts.name_patterns import matches
from analyzer.facts.testing import is_test_file
from analyzer.index import Definition, External, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.records.evidence import Evidence

FEWEST_FIELDS = 2
FEWEST = 3
"""So many plain values make a table; fewer are constants of the code."""


def find_configuration(behaviour: Behaviour, path: str, is_script: bool) -> Iterator[Evidence]:
    """Evidence that a Python file states configuration."""
    index = behaviour.instances.index
    for definition in index.symbols.definitions[path].values():
        if isinstance(definition.node, ast.ClassDef):
            yield from _of_class(behaviour, definition)
    has_parser = False
    for unit in (unit for unit in behaviour.units.values() if unit.path == path):
        has_parser = has_parser or unit.does("defines_arguments")
        for action in ("defines_arguments", "reads_configuration"):
            nodes = unit.actions.get(action, ())
            yield from (Evidence(index.span(path, node), action) for node in nodes)
        if not is_test_file(index, path):
            yield from _filled_object(behaviour, unit)
    yield from _constants(index, path, is_script and not has_parser)


def _of_class(behaviour: Behaviour, definition: Definition) -> Iterator[Evidence]:
    index, node = behaviour.instances.index, definition.node
    assert isinstance(node, ast.ClassDef)
    stated = [item.value for item in node.body if isinstance(item, (ast.AnnAssign, ast.Assign))]
    fields = [value for value in stated if _is_plain(value) and ast.unparse(value or node) != "None"]
    decorated = any(_resolves(index, definition.path, d, DATACLASS_DECORATORS) for d in node.decorator_list)
    foreign = behaviour.instances.hierarchy.foreign_bases(definition)
    is_table = any(matches(base, CONFIGURATION_BASES) for base in foreign) or decorated
    where = index.span(definition.path, definition.node.lineno)
    if (
        any(matches(base, PRETRAINED_BASES) for base in foreign)
        or (is_table and len(fields) >= FEWEST_FIELDS)
        or (is_table and definition in behaviour.constructor_annotations and _has_plain_fields(node))
    ):
        yield Evidence(where, "defines_fields", (("name", node.name),))


def _has_plain_fields(node: ast.ClassDef) -> bool:
    """Every field is a number, a truth value or a text by its annotation."""
    annotations = [item.annotation for item in node.body if isinstance(item, ast.AnnAssign)]
    plain = [isinstance(a, ast.Name) and a.id in ("int", "float", "bool", "str") for a in annotations]
    return len(plain) >= FEWEST_FIELDS and all(plain)


def _resolves(index: SourceIndex, path: str, node: ast.expr, patterns: tuple[str, ...]) -> bool:
    dotted = dotted_name(node.func if isinstance(node, ast.Call) else node)
    resolved = index.symbols.resolve(path, dotted) if dotted else None
    return isinstance(resolved, External) and matches(resolved.dotted, patterns)


def _filled_object(behaviour: Behaviour, unit: Unit) -> Iterator[Evidence]:
    """`C = Config(); C.seed = 3407; C.model.n_layer = 6`: a table written field by field, with a number in it."""
    filled: dict[str, dict[str, ast.Assign]] = {}
    for node in own_nodes(unit.root):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Attribute):
            dotted = dotted_name(node.targets[0])
            owner = dotted.split(".")[0] if dotted else ""
            own = not owner or behaviour.instances.scopes.is_receiver(unit.path, unit.scope, owner)
            if dotted and not own and _is_plain(node.value):
                filled.setdefault(owner, {}).setdefault(dotted, node)
    for nodes in map(list, map(dict.values, filled.values())):
        if len(nodes) >= FEWEST and any(map(_is_number, nodes)):
            where = behaviour.instances.index.span(unit.path, nodes[0].lineno, nodes[-1].end_lineno)
            yield Evidence(where, "fills_fields")


def _is_number(node: ast.Assign) -> bool:
    value = node.value
    return (
        isinstance(value, ast.Constant) and isinstance(value.value, (int, float)) and not isinstance(value.value, bool)
    )


def _constants(index: SourceIndex, path: str, is_script: bool) -> Iterator[Evidence]:
    """Module-level constants: in a script, or in a file that holds nothing else."""
    tree = index.trees()[path]
    body = [node for node in tree.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    constants = [n for n in body if isinstance(n, (ast.Assign, ast.AnnAssign)) and _is_setting(n)]
    rest = [node for node in body if not isinstance(node, (ast.Import, ast.ImportFrom))]
    only = all(isinstance(node, (ast.Assign, ast.AnnAssign)) for node in rest) and 2 * len(constants) >= len(rest)
    if constants and (only or (is_script and len(constants) >= FEWEST)):
        yield from (Evidence(index.span(path, node), "states_constant") for node in constants)


def _is_setting(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    named = all(isinstance(t, ast.Name) and not t.id.startswith("__") for t in targets)
    return named and node.value is not None and (_is_plain(node.value) or _is_arithmetic(node.value))


def _is_plain(node: ast.expr | None) -> bool:
    if isinstance(node, (ast.Tuple, ast.List)):
        return bool(node.elts) and all(map(_is_plain, node.elts))
    if isinstance(node, ast.UnaryOp):
        return _is_plain(node.operand)
    return isinstance(node, ast.Constant)


def _is_arithmetic(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and all(
        isinstance(inner, (ast.BinOp, ast.Constant, ast.operator, ast.UnaryOp, ast.unaryop)) for inner in ast.walk(node)
    )


FOREIGN_SCHEMAS = (
    {"build-system"}, {"channels", "dependencies"}, {"repos"}, {"jobs", "on"}, {"jobs", True}, {"name", "dependencies"},
    {"version", "updates"}, {"scripts", "devDependencies"}, {"added_tokens", "model"}, {"cff-version"}, {"services"},
)  # fmt: skip
"""Keys by which files of other tools are told: packaging, conda, hooks, CI, Node, tokenizers, citation."""
KEY = re.compile(r"^([A-Za-z_][\w-]*)\s*[:=]")
NUMBER = re.compile(r"[:=]\s*[-+]?\d[\d_.]*(?:[eE][-+]?\d+)?\s*,?\s*(?:#.*)?$")


def find_configuration_file(index: SourceIndex, path: str) -> Iterator[Evidence]:
    """Evidence that a YAML, JSON or TOML file is a table of settings with numbers, and no other tool's file."""
    lines = index.lines(path)
    is_json = path.endswith(".json")
    table = _json_table(index.text(path)) if is_json else {}
    keys = set(table) or {match.group(1) for match in map(KEY.match, lines) if match is not None and not is_json}
    sections = {line.strip().strip("[]").split(".")[0] for line in lines if line.startswith("[")}
    if any(schema <= keys | sections for schema in FOREIGN_SCHEMAS) or {"project", "tool"} & sections:
        return
    numbers = [number for number, line in enumerate(lines, 1) if NUMBER.search(line)]
    if any(isinstance(value, (int, float)) for value in table.values()):
        numbers = numbers or [1]
    if numbers and keys | sections:
        yield Evidence(index.span(path, numbers[0], numbers[-1]), "states_settings")


def _json_table(text: str) -> dict[str, object]:
    """The object that the file holds; empty where it holds a list or is broken."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
