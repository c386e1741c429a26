"""What the code imports against what the project declares; the standard library is left out.

An import is optional where every one of its places stands under a condition, under `try` or inside a function, and
where it is declared as an extra; what the project requires is not. Versions are quoted as declared.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from analyzer.facts.class_hierarchy import FUNCTIONS
from analyzer.facts.distributions import ALTERNATIVES, DISTRIBUTIONS
from analyzer.facts.documented_installs import documented_installs
from analyzer.facts.entry_points import is_build_script
from analyzer.facts.project_metadata import Requirement, find_requirements, normalised
from analyzer.index import SourceIndex
from analyzer.index.main_guard import is_main_guard
from analyzer.records.source import Span
from analyzer.records.structure import Dependency


@dataclass(frozen=True)
class _Import:
    name: str
    where: Span
    guarded: bool


def derive_dependencies(index: SourceIndex) -> tuple[Dependency, ...]:
    """Third-party packages by import name; declared ones that nothing imports follow by distribution."""
    imports: dict[str, list[_Import]] = {}
    for path, tree in index.trees().items():
        if is_build_script(index, path):
            continue
        for found in _imports(index, path, tree, False):
            imports.setdefault(found.name, []).append(found)
    declared = find_requirements(index)
    installs = documented_installs(index)
    known = [_documented(_dependency(n, places, declared), installs) for n, places in sorted(imports.items())]
    taken = {name for imported in imports for name in _distributions(imported)}
    return tuple(known) + tuple(_unimported(declared, taken))


def _imports(index: SourceIndex, path: str, node: ast.AST, guarded: bool) -> Iterator[_Import]:
    for child in ast.iter_child_nodes(node):
        inside = guarded or isinstance(child, (*FUNCTIONS, ast.Try)) or _is_conditional(child)
        yield from (_Import(name, index.span(path, child), guarded) for name in _foreign_names(index, path, child))
        if isinstance(child, (ast.stmt, ast.ExceptHandler)):
            yield from _imports(index, path, child, inside)


def _is_conditional(node: ast.AST) -> bool:
    """`if wandb_log:`; a main part is what a run of the file is for."""
    return isinstance(node, ast.If) and not is_main_guard(node) and not isinstance(node.test, ast.Constant)


def _foreign_names(index: SourceIndex, path: str, node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        dotted = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        dotted = [node.module]
    else:
        return []
    names = [name.split(".")[0] for name in dotted if not _is_own(index, path, name)]
    return [name for name in names if name not in sys.stdlib_module_names]


def _is_own(index: SourceIndex, path: str, dotted: str) -> bool:
    parts = dotted.split(".")
    if parts[0] == index.repository.name:
        return True
    return any(index.resolve_module(path, ".".join(parts[:size])) is not None for size in range(len(parts), 0, -1))


def _dependency(name: str, places: list[_Import], declared: tuple[Requirement, ...]) -> Dependency:
    matching = [r for r in declared if normalised(r.distribution) in _distributions(name)]
    extras = [requirement.extra is not None for requirement in matching]
    optional = all(extras) if extras else all(place.guarded for place in places)
    distribution = matching[0].distribution if matching else DISTRIBUTIONS.get(name, name)
    where = tuple(dict.fromkeys(place.where for place in places))
    return Dependency(name, distribution, where, tuple(r.where for r in matching), _version(matching), optional)


def _documented(dependency: Dependency, installs: Mapping[str, tuple[Span, ...]]) -> Dependency:
    names = sorted(_distributions(dependency.name) | {normalised(dependency.distribution)})
    places = tuple(span for name in names for span in installs.get(name, ()))
    return replace(dependency, documented_at=places)


def _distributions(name: str) -> frozenset[str]:
    names = (name, DISTRIBUTIONS.get(name, name), *ALTERNATIVES.get(name, ()))
    return frozenset(map(normalised, names))


def _version(matching: list[Requirement]) -> str | None:
    """What the project itself asks for; what an extra asks for only where the project does not name the package."""
    own = [requirement for requirement in matching if requirement.extra is None] or matching
    return next((r.version for r in own if r.version), None)


def _unimported(declared: tuple[Requirement, ...], taken: set[str]) -> Iterator[Dependency]:
    """Declared distributions that no file imports."""
    rest: dict[str, list[Requirement]] = {}
    for requirement in declared:
        name = normalised(requirement.distribution)
        if name not in taken and name != "python":
            rest.setdefault(name, []).append(requirement)
    for name, matching in sorted(rest.items()):
        places = tuple(r.where for r in matching)
        optional = all(r.extra is not None for r in matching)
        yield Dependency(name.replace("-", "_"), matching[0].distribution, (), places, _version(matching), optional)
