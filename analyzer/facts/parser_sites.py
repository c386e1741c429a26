"""Which parser of the flow of objects a table of command-line options belongs to, where they are added to a sub-parser
or to a parser that a function is given.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.facts.flow import Held, Inference
from analyzer.facts.flow.scopes import CodeScope, parameters_of
from analyzer.records.configuration import ConfigTable, ConfigValue
from analyzer.records.evidence import Known


def options_by_site(
    inference: Inference, tables: Sequence[ConfigTable]
) -> Iterator[tuple[tuple[str, str], ConfigValue]]:
    """Options under the place of the parser they come to; one that two sub-commands set differently is left out."""
    found: dict[tuple[str, str], list[ConfigValue]] = {}
    for table in tables:
        for site in sites_of(inference, table) if table.format == "argparse" else ():
            for value in table.values:
                found.setdefault((site, value.name), []).append(value)
    for slot, values in found.items():
        known = [value.value.value for value in values if isinstance(value.value, Known)]
        if len(values) == 1 or (len(known) == len(values) and all(k == known[0] for k in known)):
            yield slot, values[0]


def sites_of(inference: Inference, table: ConfigTable) -> tuple[str, ...]:
    """Places of the parsers that a table's options may be added to."""
    path, line = table.where.path, table.where.first_line
    found: set[str] = set()
    for scope in inference.scopes.by_key.values():
        if scope.path == path:
            found |= {held.site for held in _parsers(inference, scope, line)}
    return tuple(sorted(found))


def _parsers(inference: Inference, scope: CodeScope, line: int) -> Iterator[Held]:
    """Parsers that calls on a line make, and those that a function that begins there is given."""
    expressions: list[ast.expr] = [n for n in scope.nodes if isinstance(n, ast.Call) and n.lineno == line]
    arguments = getattr(scope.node, "args", None)
    if isinstance(arguments, ast.arguments) and getattr(scope.node, "lineno", 0) == line:
        expressions += [ast.Name(a.arg, ast.Load()) for a in parameters_of(arguments)]
    for node in expressions:
        yield from (t for t in inference.types(node, scope) if isinstance(t, Held) and t.is_parser)
