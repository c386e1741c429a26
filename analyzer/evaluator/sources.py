"""Where the text of an imported module comes from: the repository, a package named by the user, or a stand-in.

Nothing is imported to find it. An installed package is read only if it was named, so that the output
depends on named inputs alone.
"""

from __future__ import annotations

import ast
import importlib.machinery
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from analyzer.evaluator.errors import CannotEvaluate

STANDINS = Path(__file__).parent / "standins"
ACCELERATED = frozenset((STANDINS / "needs_accelerator.txt").read_text(encoding="utf-8").split())
"""Packages that a plain machine cannot have."""
Kind = Literal["repository", "package", "stand_in"]
BINDING_UNSAID = re.compile(r"import \*|sys\.modules|\b(globals|locals|vars)\(\)|^def __getattr__", re.MULTILINE)
"""What can give a module names that its text does not say."""
LISTED = re.compile(r"^__all__ = [\[(]\s*[\"']", re.MULTILINE)
"""A plain list of what a module exports."""


@dataclass(frozen=True)
class Source:
    """A module's file; `path` is relative to the repository, or starts with `<package>` or `<stand-in>`."""

    path: str
    kind: Kind
    package: str = ""

    @property
    def needs_accelerator(self) -> bool:
        return self.package in ACCELERATED


class Sources:
    """Finds and parses the files of modules."""

    def __init__(self, index: Any, packages: tuple[str, ...] = ()) -> None:
        self._index = index
        self._packages = packages
        self._outside: dict[str, Path] = {}
        self._roots: dict[str, Path | None] = {}

    def find(self, importer: str, dotted: str, level: int) -> Source | None:
        """The file that `dotted` means when imported by this file, or None."""
        if not importer.startswith("<"):
            path = self._index.resolve_module(importer, dotted, level)
            if path is not None:
                return Source(path, "repository")
            return None if level else self._foreign(dotted)
        if level:
            dotted = _absolute(importer, dotted, level)
        return self._foreign(dotted)

    def may_bind(self, importer: str, dotted: str, level: int, name: str) -> bool:
        """Whether the text of a module could give it this name; if not, it need not be parsed to know that."""
        source = self.find(importer, dotted, level)
        if source is None:
            return True
        text = self._text(source.path)
        if text.count("__all__") == 1 and LISTED.search(text):
            return f'"{name}"' in text or f"'{name}'" in text
        return name in text or BINDING_UNSAID.search(text) is not None

    def _text(self, path: str) -> str:
        outside = self._outside.get(path)
        if outside is not None:
            return outside.read_text(encoding="utf-8")
        return str(self._index.text(path)) if path in self._index.files else ""

    def _foreign(self, dotted: str) -> Source | None:
        top = dotted.partition(".")[0]
        if top in self._packages:
            return self._located("package", top, _module_file(self._root_of(top), dotted))
        return self._located("stand_in", top, _standin_file(dotted))

    def _located(self, kind: Kind, top: str, file: Path | None) -> Source | None:
        if file is None:
            return None
        root = STANDINS if kind == "stand_in" else self._root_of(top)
        assert root is not None
        label = "<stand-in>" if kind == "stand_in" else "<package>"
        path = f"{label}/{file.relative_to(root).as_posix()}"
        self._outside[path] = file
        return Source(path, kind, top)

    def _root_of(self, top: str) -> Path | None:
        """Directory that holds the installed package; finding a top-level package imports nothing."""
        if top not in self._roots:
            spec = importlib.machinery.PathFinder.find_spec(top)
            origin = Path(spec.origin) if spec and spec.origin else None
            if origin is not None and origin.name == "__init__.py":
                origin = origin.parent
            self._roots[top] = origin.parent if origin else None
        return self._roots[top]

    def tree(self, path: str) -> ast.Module:
        """Syntax tree of a file; a file that does not parse cannot be evaluated."""
        if path in self._outside:
            return ast.parse(self._text(path))
        if path not in self._index.files:
            raise CannotEvaluate("no_such_file", path)
        tree = self._index.tree(path)
        if not isinstance(tree, ast.Module):
            raise CannotEvaluate("file_does_not_parse", path)
        return tree


def _absolute(importer: str, dotted: str, level: int) -> str:
    parts = importer.split("/")[1:-1]
    parts = parts[: len(parts) - level + 1]
    return ".".join([*parts, *([dotted] if dotted else [])])


def _module_file(root: Path | None, dotted: str) -> Path | None:
    if root is None:
        return None
    base = root.joinpath(*dotted.split("."))
    candidates = (base.with_name(base.name + ".py"), base / "__init__.py")
    return next((file for file in candidates if file.is_file()), None)


def _standin_file(dotted: str) -> Path | None:
    """The module's own stand-in, or that of the nearest package above it: one file may serve a whole package."""
    parts = dotted.split(".")
    if not all(part.isidentifier() for part in parts):
        return None
    for end in range(len(parts), 0, -1):
        found = _module_file(STANDINS, ".".join(parts[:end]))
        if found is not None:
            return found
    return None
