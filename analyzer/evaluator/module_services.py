"""Names and modules that running code asks for: builtins, files of the repository, the library, packages, stand-ins."""

from __future__ import annotations

import ast
import builtins
import sys
from typing import TYPE_CHECKING, Any

from analyzer.evaluator.errors import Cause, Place
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.library import modules as library_modules
from analyzer.evaluator.library.python_types import BUILTINS
from analyzer.evaluator.modules import ModuleNames, ModuleScope, NamespacePackage, TargetModule
from analyzer.evaluator.native import Natives
from analyzer.evaluator.native.files import repository_path
from analyzer.evaluator.partless import unknown_of
from analyzer.evaluator.policy import Policy, Proxy
from analyzer.evaluator.recorder import Recorder
from analyzer.evaluator.sources import Sources
from analyzer.evaluator.values import UnknownValue


class ModuleServices:
    """The part of a session that loads; the session sets what is named here."""

    index: Any
    sources: Sources
    natives: Natives
    policy: Policy
    recorder: Recorder
    guarded_imports: int
    _modules: dict[str, ModuleScope]
    _proxies: dict[str, TargetModule]

    if TYPE_CHECKING:

        def attribute(self, value: Any, name: str) -> Any: ...
        def unknown(self, reason: str, *arguments: object, frame: Frame | None = None) -> UnknownValue: ...
        def place_of(self, error: Exception) -> Place | None: ...
        def assume_here(self, kind: str, text: str) -> None: ...

    def builtin(self, name: str) -> Any:
        if name in self.natives.by_name:
            return self.natives.by_name[name]
        if name in BUILTINS:
            return getattr(builtins, name)
        if hasattr(builtins, name):
            return self.unknown("not_in_library", name)
        raise NameError(f"name {name!r} is not defined", name=name)

    def globals_of(self, scope: ModuleScope) -> ModuleNames:
        return ModuleNames(scope)

    def names_of(self, value: Any) -> list[str]:
        if isinstance(value, Proxy):
            return value.names()
        return [name for name in dir(value) if not name.startswith("__")]

    def scope_of(self, path: str) -> ModuleScope:
        """The module of a file; a file that does not parse cannot be evaluated."""
        if path not in self._modules:
            self._modules[path] = ModuleScope(self, path, _dotted_name(path), self.sources.tree(path))
        return self._modules[path]

    def assume_skipped(self) -> None:
        """Statements at the top of loaded files that bind nothing were left out; those that could matter are said."""
        for path in sorted(self._modules):
            for place, text in self._modules[path].skipped():
                key = ("skipped_statement", text, place)
                self.recorder.recording.assumptions.setdefault(key, 1)

    def module_proxy(self, path: str) -> TargetModule:
        if path not in self._proxies:
            self._proxies[path] = TargetModule(self.scope_of(path))
        return self._proxies[path]

    def loaded_paths(self) -> list[str]:
        return list(self._modules)

    def repository_path(self, importer: str, path: str) -> str | None:
        """The repository's file that a path in the target's code means."""
        return repository_path(self.index.files, importer, path)

    def loaded_module(self, dotted: Any) -> Any:
        """The module of that name if its file is in use, or the library's; None otherwise."""
        path = next((path for path, scope in self._modules.items() if scope.name == dotted), None)
        return self.module_proxy(path) if path is not None else self.policy.library_module(dotted)

    def find_module(self, importer: str, dotted: str, level: int) -> Any:
        """A module of the repository, the library, a named package or a stand-in; None if there is none."""
        source = self.sources.find(importer, dotted, level)
        if source is not None and source.kind == "repository":
            return self.module_proxy(source.path)
        if level == 0 and dotted in self.natives.modules:
            return self.natives.modules[dotted]
        if level == 0 and dotted in library_modules():
            return self.policy.library_module(dotted)
        if source is not None:
            if source.kind == "stand_in" and not importer.startswith("<"):
                if source.needs_accelerator and self.guarded_imports:
                    return None  # code that can do without it says so; its own way is what a plain machine runs
                is_standard = source.package in sys.stdlib_module_names
                self.assume_here("standard_library" if is_standard else "stand_in", source.package)
            return self.module_proxy(source.path)
        if self._is_namespace(importer, dotted, level):
            return NamespacePackage(self, importer, dotted)
        return None

    def _is_namespace(self, importer: str, dotted: str, level: int) -> bool:
        if level or not dotted:
            return False
        start = dotted.replace(".", "/") + "/"
        near = importer.rpartition("/")[0]
        starts = (start, f"{near}/{start}") if near else (start,)
        return any(path.endswith(".py") and path.startswith(starts) for path in self.index.files)

    def submodule(self, scope: ModuleScope, name: str) -> Any:
        if not scope.path.endswith("__init__.py"):
            return None
        source = self.sources.find(scope.path, name, 1)
        return self.module_proxy(source.path) if source and source.path != scope.path else None

    def import_module(self, frame: Frame, dotted: str, level: int) -> Any:
        found = self.find_module(frame.module.path, dotted, level)
        return found if found is not None else self._missing_package(dotted, frame)

    def _missing_package(self, dotted: str, frame: Frame) -> UnknownValue:
        if self.guarded_imports:
            raise ModuleNotFoundError(f"No module named {dotted!r}", name=dotted)
        return self.unknown("package_not_available", dotted, frame=frame)

    def import_name(self, frame: Frame, dotted: str, name: str, level: int) -> Any:
        module = self.find_module(frame.module.path, dotted, level) if dotted or level else None
        if module is None:
            return self._name_from_nowhere(frame, dotted, name, level)
        if isinstance(module, TargetModule) and not frame.function:
            early = module.scope.seen_by(frame.module.path, name)
            if early:
                return early[0]
        try:
            return self.attribute(module, name)
        except AttributeError as error:
            if isinstance(module, TargetModule) and module.scope.binds(name) and self.place_of(error) is not None:
                raise  # the statement that binds the name failed: it is not missing
            submodule = self.find_module(frame.module.path, f"{dotted}.{name}" if dotted else name, level)
            if submodule is not None:
                return submodule
            if self.guarded_imports or isinstance(module, TargetModule):
                raise ImportError(f"cannot import name {name!r} from {dotted!r}") from None
            return self.unknown("not_in_library", f"{dotted}.{name}", frame=frame)

    def _name_from_nowhere(self, frame: Frame, dotted: str, name: str, level: int) -> Any:
        if level:
            submodule = self.find_module(frame.module.path, f"{dotted}.{name}" if dotted else name, level)
            if submodule is not None:
                return submodule
        missing = self._missing_package(dotted, frame)
        return unknown_of(Cause(missing.cause.reason, (f"{dotted}.{name}",), missing.cause.place))

    def star_member(self, scope: ModuleScope, node: ast.ImportFrom, name: str) -> tuple[Any] | None:
        """The value that `from x import *` gives this name, if it gives it one."""
        if not self.sources.may_bind(scope.path, node.module or "", node.level, name):
            return None
        module = self.find_module(scope.path, node.module or "", node.level)
        if isinstance(module, TargetModule):
            if module.scope is scope or not module.scope.exports(name):
                return None
            return (module.member(name),)
        if module is None:
            return None
        if name in module.names():
            return (module.member(name),)
        return None

    def star_names(self, scope: ModuleScope, node: ast.ImportFrom) -> list[str]:
        module = self.find_module(scope.path, node.module or "", node.level)
        if isinstance(module, TargetModule):
            return [] if module.scope is scope else module.scope.exported()
        return module.names() if module is not None else []


def _dotted_name(path: str) -> str:
    path = path.removeprefix("<stand-in>/").removeprefix("<package>/")
    name = path.removesuffix(".py").removesuffix(".ipynb").replace("/", ".")
    return name.removesuffix(".__init__")
