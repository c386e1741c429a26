"""Hydra configurations: the primary file with the groups that its `defaults` list chooses, in the list's order.

Every other option of a group is a preset: what would be composed instead. Groups of Hydra itself are left out.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from analyzer.facts.configuration.compositions import Entry, merged, prefixed
from analyzer.facts.configuration.file_leaves import leaves_of
from analyzer.facts.configuration.reading import Scope, foreign_name, keyword_of, own_nodes, scopes, string_of
from analyzer.index import SourceIndex

SUFFIXES = (".yaml", ".yml")
DEFAULTS = re.compile(r"^defaults(\[\d+\](\..+)?)?$")
PACKAGE = re.compile(r"^#\s*@package\s+(\S+)")
SELF = "_self_"
MAX_DEPTH = 8
MAX_OPTIONS = 60


@dataclass(frozen=True)
class Primary:
    """A configuration that a program is started with: its file, the directory of groups, who asks for it."""

    path: str
    root: str
    scope: str
    """Key of the function that is given the configuration."""


@dataclass(frozen=True)
class Choice:
    """An entry of a `defaults` list."""

    group: str
    option: str
    package: str | None = None
    overrides: bool = False


@lru_cache(maxsize=8)
def primaries(index: SourceIndex) -> tuple[Primary, ...]:
    """Configurations named by `hydra.main` and by `compose` after `initialize`."""
    found: list[Primary] = []
    for path, tree in index.trees().items():
        if "hydra" in index.text(path):
            for scope in scopes(path, tree):
                found += _decorated(index, scope)
                found += _composed_in_code(index, scope)
    return tuple(dict.fromkeys(found))


def _decorated(index: SourceIndex, scope: Scope) -> Iterator[Primary]:
    for decorator in getattr(scope.node, "decorator_list", ()):
        if isinstance(decorator, ast.Call) and foreign_name(index, Scope(scope.path, "", scope.node), decorator) in (
            "hydra.main", "lightning_hydra.main",
        ):  # fmt: skip
            directory = string_of(_argument(decorator, "config_path", 0))
            name = string_of(_argument(decorator, "config_name", 1))
            yield from _primary(index, scope, directory, name)


def _composed_in_code(index: SourceIndex, scope: Scope) -> Iterator[Primary]:
    directory: str | None = None
    for node in own_nodes(scope.node):
        if isinstance(node, ast.Call):
            called = foreign_name(index, scope, node)
            if called in ("hydra.initialize", "hydra.initialize_config_dir"):
                directory = string_of(_argument(node, "config_path", 0))
            elif called == "hydra.compose" and directory is not None:
                yield from _primary(index, scope, directory, string_of(_argument(node, "config_name", 0)))


def _argument(call: ast.Call, name: str, place: int) -> ast.expr | None:
    return keyword_of(call, name) or (call.args[place] if place < len(call.args) else None)


def _primary(index: SourceIndex, scope: Scope, directory: str | None, name: str | None) -> Iterator[Primary]:
    if name is None:
        return
    root = posixpath.normpath(posixpath.join(posixpath.dirname(scope.path), directory or "."))
    root = "" if root == "." else root
    path = _option_file(index, root, "", name)
    if path is not None:
        yield Primary(path, root, scope.qualified_name)


def _option_file(index: SourceIndex, root: str, group: str, option: str) -> str | None:
    stem = posixpath.normpath(posixpath.join(root, group, option))
    names = [stem] if option.endswith(SUFFIXES) else [f"{stem}{suffix}" for suffix in SUFFIXES]
    return next((name for name in names if name in index.files), None)


def composed_primary(index: SourceIndex, primary: Primary) -> tuple[Entry, ...]:
    """The primary file with its groups, as a run without overrides composes them."""
    chosen = {c.group: c.option for c in _choices(index, primary.path, "") if c.overrides}
    return _composed(index, primary.root, _Part(primary.path, "", ""), chosen, 0)


def options(index: SourceIndex, primary: Primary) -> Iterator[tuple[str, str, tuple[Entry, ...]]]:
    """Every option of every group, chosen or not: `group=option`, its file, and what it gives."""
    counted = 0
    for path in index.files:
        inside = path.startswith(f"{primary.root}/") if primary.root else "/" in path
        stem, suffix = posixpath.splitext(path[len(primary.root) + 1 if primary.root else 0 :])
        group, _, option = stem.rpartition("/")
        if inside and group and suffix in SUFFIXES and counted < MAX_OPTIONS and not group.startswith("hydra"):
            counted += 1
            part = _Part(path, group, group.replace("/", "."))
            yield f"{group}={option}", path, _composed(index, primary.root, part, {}, 0)


@dataclass(frozen=True)
class _Part:
    """A file on its way into the composition: its group, and the section it fills."""

    path: str
    group: str
    package: str


def _composed(index: SourceIndex, root: str, part: _Part, chosen: Mapping[str, str], depth: int) -> tuple[Entry, ...]:
    package = _package(index, part)
    own = [Entry(leaf, part.path) for leaf in leaves_of(index, part.path) if not DEFAULTS.match(leaf.name)]
    found: tuple[Entry, ...] = ()
    choices = _choices(index, part.path, part.group) if depth < MAX_DEPTH else ()
    for choice in choices:
        if choice.option == SELF:
            found = merged(found, prefixed(own, package))
        elif not choice.overrides:
            option = chosen.get(choice.group, choice.option)
            path = _option_file(index, root, choice.group, option)
            if path is not None and path != part.path:
                inner = _Part(path, choice.group, _section(choice, part, package))
                found = merged(found, _composed(index, root, inner, chosen, depth + 1))
    if all(choice.option != SELF for choice in choices):
        found = merged(found, prefixed(own, package))
    return found


def _section(choice: Choice, part: _Part, package: str) -> str:
    """The section that a chosen option fills: its group's name below the group of the file that chooses it."""
    if choice.package is not None:
        named = {"_global_": "", "_here_": package, "_group_": choice.group.replace("/", ".")}
        inner = named.get(choice.package, choice.package)
        return inner if choice.package in named or not package else f"{package}.{inner}"
    if choice.group == part.group:
        return package
    below = choice.group.removeprefix(f"{part.group}/") if part.group else choice.group
    if below != choice.group:
        return ".".join(name for name in (package, below.replace("/", ".")) if name)
    return choice.group.replace("/", ".")


def _package(index: SourceIndex, part: _Part) -> str:
    """The section by the file's own header, else the one that its group gives."""
    for line in index.lines(part.path)[:5]:
        match = PACKAGE.match(line)
        if match is not None:
            named = {"_global_": "", "_group_": part.group.replace("/", ".")}
            return named.get(match.group(1), match.group(1))
    return part.package


def _choices(index: SourceIndex, path: str, group: str) -> tuple[Choice, ...]:
    """The `defaults` list of a file."""
    found: list[Choice] = []
    for leaf in leaves_of(index, path):
        if DEFAULTS.match(leaf.name):
            key = leaf.name.partition("].")[2] if "]." in leaf.name else ""
            values = leaf.value if isinstance(leaf.value, list) else [leaf.value]
            found += _of_entry(key, [value for value in values if isinstance(value, str)], group)
    return tuple(found)


def _of_entry(key: str, values: Sequence[str], group: str) -> Iterator[Choice]:
    words = key.split()
    overrides = "override" in words[:-1]
    name, _, package = (words[-1] if words else "").partition("@")
    for value in values:
        option, _, own_package = value.partition("@")
        if option == SELF:
            yield Choice(group, SELF)
        elif not words:
            inner, _, last = option.rpartition("/")
            yield Choice(_below(group, inner) if inner else group, last, own_package or None)
        else:
            yield Choice(_below(group, name), option, package or None, overrides)


def _below(group: str, name: str) -> str:
    """A group is named from the file's own group, or from the root with a leading slash."""
    return name.lstrip("/") if name.startswith("/") or not group else posixpath.normpath(posixpath.join(group, name))
