"""Files of the repository that a program loads as modules by their place: from a directory that it adds to `sys.path`,
from a copy that it makes in a temporary directory, by `spec_from_file_location` or `SourceFileLoader`.

A copy stands for the file that it was made of: nothing is written, and only the repository's own files are loaded.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import Any

from analyzer.evaluator.errors import CannotEvaluate
from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.native.files import asking_file, repository_path
from analyzer.evaluator.policy import Proxy
from analyzer.evaluator.values import UnknownValue

TEMPORARY = "/tmp/tmp"


class LoadedFiles:
    """What the target's `sys.path` holds, and of which file each of its copies was made."""

    def __init__(self, index: Any) -> None:
        self.search_path: list[Any] = []
        self._index = index
        self._copies: dict[str, str] = {}
        self._made = 0

    def fresh(self, directory: str = TEMPORARY, suffix: str = "") -> str:
        """A name that no file has; the n-th one is the same in every run."""
        self._made += 1
        root = directory if directory == TEMPORARY else f"{directory}/tmp"
        return f"{root}{self._made}{suffix}"

    def copy(self, source: Any, target: Any, importer: str) -> str:
        """A copy of one of the repository's files in a temporary directory."""
        found = self.meant(source, importer)
        if found is None or not str(target).startswith(TEMPORARY):
            raise CannotEvaluate("file_access", str(target)[:120])
        self._copies[str(target)] = found
        return str(target)

    def meant(self, path: Any, importer: str) -> str | None:
        """The repository's file that a path leads to, itself or through a copy."""
        text = str(path)
        return self._copies.get(text) or repository_path(self._index.files, importer, text)

    def module(self, dotted: str) -> str | None:
        """The file that an import finds in the directories that were added."""
        name = dotted.replace(".", "/") + ".py"
        places = [posixpath.normpath(posixpath.join(str(entry), name)) for entry in self.search_path if entry]
        found = (self._copies.get(place, place) for place in places)
        return next((path for path in found if path in self._index.files), None)


class TemporaryDirectory(Proxy):
    """A directory of which only the name exists."""

    def __init__(self, name: str) -> None:
        self._name = name

    def member(self, name: str) -> Any:
        if name == "name":
            return self._name
        if name in ("__enter__", "__exit__", "cleanup"):
            return getattr(self, name)
        raise AttributeError(name)

    def __enter__(self) -> str:
        return self._name

    def __exit__(self, *exception: object) -> None:
        return None

    def cleanup(self) -> None:
        """Nothing was made."""


class TemporaryFile(Proxy):
    """A file of which only the name exists: nothing can be written to it or read from it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def member(self, name: str) -> Any:
        if name == "name":
            return self._name
        if name in ("__enter__", "__exit__", "close"):
            return getattr(self, name)
        raise CannotEvaluate("file_access", f"{self._name}.{name}")

    def __enter__(self) -> TemporaryFile:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def close(self) -> None:
        """Nothing was opened."""


class FileLoader(Proxy):
    """A module that is known by its file; it is evaluated when its names are asked for."""

    def __init__(self, session: Any, name: str, path: str) -> None:
        self._session = session
        self._members = {"name": name, "origin": path, "path": path, "loader": self}

    @property
    def module(self) -> Any:
        return self._session.module_proxy(self._members["path"])

    def member(self, name: str) -> Any:
        if name in ("exec_module", "load_module"):
            return getattr(self, name)
        if name not in self._members:
            raise AttributeError(name)
        return self._members[name]

    def exec_module(self, module: Any) -> None:
        """It has been, or will be where it is asked for a name."""

    def load_module(self, name: str = "") -> Any:
        return self.module


def file_loader(session: Any) -> Callable[..., Any]:
    """What `spec_from_file_location` and `SourceFileLoader` make."""

    def loader(name: Any, location: Any = None, *args: Any, **options: Any) -> Any:
        if isinstance(location, UnknownValue):
            return location
        found = session.loaded_files.meant(location, asking_file(session))
        if found is None or not found.endswith(".py"):
            raise CannotEvaluate("file_access", str(location)[:120])
        session.assume("file_read", found, session.current)
        return FileLoader(session, str(name), found)

    return loader


def provide(session: Any) -> Provided:
    files: LoadedFiles = session.loaded_files

    def copied(source: Any, target: Any, **options: Any) -> Any:
        unknown = next((value for value in (source, target) if isinstance(value, UnknownValue)), None)
        return unknown if unknown is not None else files.copy(source, target, asking_file(session))

    def temporary_file(*args: Any, suffix: str = "", dir: Any = None, **options: Any) -> Any:
        directory = str(dir) if dir is not None else TEMPORARY
        if not directory.startswith(TEMPORARY):
            raise CannotEvaluate("file_access", directory[:120])
        return TemporaryFile(files.fresh(directory, suffix))

    names: dict[str, Any] = {
        "sys.path": files.search_path,
        "tempfile.TemporaryDirectory": lambda *args, **options: TemporaryDirectory(files.fresh()),
        "tempfile.mkdtemp": lambda *args, **options: files.fresh(),
        "tempfile.NamedTemporaryFile": temporary_file,
        **dict.fromkeys(("shutil.copyfile", "shutil.copy", "shutil.copy2"), copied),
    }
    return names, {}, {}


def module_from_spec(spec: Any) -> Any:
    """The module that a specification of a file describes."""
    if isinstance(spec, (FileLoader, UnknownValue)):
        return spec.module if isinstance(spec, FileLoader) else spec
    raise CannotEvaluate("not_in_library", "importlib.util.module_from_spec")
