"""Classes that a docstring names for the parameters of its function: `:param net: :class:`~pkg.net.Net` to train`.

Only a cross-reference counts, not prose, and only where one class of the repository has that name.
"""

from __future__ import annotations

import ast
import re

from analyzer.index import SourceIndex

FIELD = re.compile(r":(?:param|type)\s+(?:[\w.]+\s+)?(\w+):(.*?)(?=\n\s*:\w+|\Z)", re.DOTALL)
REFERENCE = re.compile(r"\s*(?:an?\s+)?:(?:py:)?(?:class|obj):`(?:[^`<]*<)?~?\.?([\w.]+)>?`(?!\w)")


def documented_classes(index: SourceIndex, function: ast.AST) -> dict[str, str]:
    """Qualified names of classes by parameter; the text of a field has to begin with the reference."""
    is_function = isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
    text = ast.get_docstring(function) if is_function else None  # type: ignore[arg-type]
    found: dict[str, str] = {}
    for name, said in FIELD.findall(text or ""):
        match = REFERENCE.match(said)
        named = _classes_named(index, match.group(1)) if match is not None else []
        if len(named) == 1:
            found[name] = named[0]
    return found


def _classes_named(index: SourceIndex, reference: str) -> list[str]:
    """Classes of the repository with the last part of a reference as their name."""
    last = reference.rpartition(".")[2]
    found = []
    for definitions in index.symbols.definitions.values():
        definition = definitions.get(last)
        if definition is not None and isinstance(definition.node, ast.ClassDef):
            found.append(definition.qualified_name)
    return found
