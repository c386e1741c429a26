"""`importlib`: modules by name, found as import statements find them; nothing is really imported.

Modules of Python itself are not had by name: models are configured with classes of the repository and of torch.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import re
import sys
from collections.abc import Mapping
from typing import Any

import torch

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.native.loaded_files import file_loader, module_from_spec
from analyzer.evaluator.policy import Proxy
from analyzer.evaluator.values import UnknownValue


def provide(session: Any) -> Provided:
    def import_module(name: Any, package: Any = None) -> Any:
        if isinstance(name, UnknownValue):
            return name
        dotted = _absolute(name, package)
        if dotted.partition(".")[0] in sys.stdlib_module_names:
            raise CannotEvaluate("not_in_library", dotted)
        found = session.find_module(_importer(session), dotted, 0)
        if found is None and "." in dotted:  # a file that names itself from the root
            found = session.find_module("", dotted, 0)
        path = session.loaded_files.module(dotted) if found is None else None
        if path is not None:
            found = session.natives.by_name["sys.modules"][dotted] = session.module_proxy(path)
        return found if found is not None else session._missing_package(dotted, session.current)

    def find_spec(name: Any, package: Any = None) -> Any:
        if isinstance(name, UnknownValue):
            return name
        return ModuleSpec(name) if package_at_hand(session, _absolute(name, package)) else None

    parts: dict[str, Proxy] = {
        "util": Names(
            find_spec=find_spec, spec_from_file_location=file_loader(session), module_from_spec=module_from_spec
        ),
        "metadata": _metadata(session),
        "machinery": Machinery("importlib.machinery", {"SourceFileLoader": file_loader(session)}),
        "abc": Machinery("importlib.abc"),
    }
    modules: dict[str, Any] = {f"importlib.{name}": module for name, module in parts.items()}
    whole = Names(import_module=import_module, **parts)
    return {}, {}, {**modules, "importlib": whole, "importlib_metadata": parts["metadata"]}


def _metadata(session: Any) -> Names:
    """Versions are those that the modules themselves name; of torch that of the one that evaluates."""

    def version(name: Any) -> Any:
        if isinstance(name, UnknownValue):
            return name
        dotted = str(name).replace("-", "_")
        if dotted == "torch":
            return str(torch.__version__)
        if package_at_hand(session, dotted):
            module = session.find_module(_importer(session), dotted, 0)
            with contextlib.suppress(AttributeError):
                return session.attribute(module, "__version__")
        raise importlib.metadata.PackageNotFoundError(name)

    return Names(
        version=version,
        packages_distributions=dict,
        PackageNotFoundError=importlib.metadata.PackageNotFoundError,
    )


def package_at_hand(session: Any, dotted: str) -> bool:
    """Whether a plain machine has this module: of the repository, of the library, or with a stand-in."""
    source = session.sources.find(_importer(session), dotted, 0)
    if source is not None and _is_part_of_package(session, source, dotted):
        source = session.sources.find("<asked>", dotted, 0)
        return source is not None and not source.needs_accelerator
    if source is not None:
        return not source.needs_accelerator
    return session.find_module(_importer(session), dotted, 0) is not None


def _is_part_of_package(session: Any, source: Any, dotted: str) -> bool:
    """Whether what bears this name is a part of another package, which is imported under that one's name only."""
    ending = re.sub(r"(/__init__)?\.py$", "", source.path)
    root = ending.removesuffix(dotted.replace(".", "/")).rstrip("/")
    return source.kind == "repository" and bool(root) and f"{root}/__init__.py" in session.index.files


def _importer(session: Any) -> str:
    """The file of the target that asks, also through a stand-in."""
    frame = session.current
    while frame is not None and frame.module.path.startswith("<") and frame.caller is not None:
        frame = frame.caller
    return frame.module.path if frame else ""


def _absolute(name: str, package: Any) -> str:
    """`.models` as seen from a package."""
    level = len(name) - len(name.lstrip("."))
    if not level:
        return name
    if not isinstance(package, str):
        raise TypeError("the 'package' argument is required to perform a relative import")
    parts = package.split(".")
    if level > len(parts):
        raise CannotEvaluate("package_not_available", name)
    return ".".join([*parts[: len(parts) - level + 1], *filter(None, [name[level:]])])


class Names(Proxy):
    """A module with these members."""

    def __init__(self, **members: Any) -> None:
        self._members = members

    def member(self, name: str) -> Any:
        if name not in self._members:
            raise AttributeError(name)
        return self._members[name]

    def names(self) -> list[str]:
        return sorted(self._members)


class Machinery(Proxy):
    """Loaders and finders: may be named and inherited from; to use one is refused, but for those that are given."""

    def __init__(self, name: str, given: Mapping[str, Any] | None = None) -> None:
        self._name = name
        self._given = given or {}

    def member(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._given:
            return self._given[name]
        return Machinery(f"{self._name}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise CannotEvaluate("not_in_library", self._name)

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return ()


class ModuleSpec(Names):
    """That a module is there; how it would be loaded is not told."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
