"""Files that the target reads: text and configuration of its own repository, as the index holds them. Nothing else
is opened, and nothing is written.
"""

from __future__ import annotations

import fnmatch
import json
import posixpath
from collections.abc import Callable, Iterator
from typing import Any

from analyzer.evaluator.errors import CannotEvaluate, Cause
from analyzer.evaluator.modules import TargetModule
from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.policy import Proxy
from analyzer.evaluator.values import UnknownValue, find_unknown
from analyzer.index.yaml_values import read_yaml_value

READABLE = (".yaml", ".yml", ".json", ".toml", ".txt", ".cfg", ".ini", ".py", ".jsonl", ".csv")
MAXIMUM_CHARACTERS = 1_000_000
MAXIMUM_PATH = 200


class TextFile(Proxy):
    """An open text file of the repository."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._text = text
        self._at = 0

    def member(self, name: str) -> Any:
        if name == "name":
            return self.name
        if name in ("read", "readlines", "close", "__enter__", "__exit__", "__iter__"):
            return getattr(self, name)
        raise AttributeError(name)

    def read(self, size: int = -1) -> str:
        end = len(self._text) if size is None or size < 0 else self._at + size
        text, self._at = self._text[self._at : end], min(end, len(self._text))
        return text

    def readlines(self) -> list[str]:
        return self.read().splitlines(keepends=True)

    def close(self) -> None:
        """Nothing is held open."""

    def __iter__(self) -> Iterator[str]:
        return iter(self.readlines())

    def __enter__(self) -> TextFile:
        return self

    def __exit__(self, *exception: object) -> None:
        return None


class ProvidedModule(Proxy):
    """A module of which only these names are known."""

    def __init__(self, name: str, members: dict[str, Any]) -> None:
        self._name = name
        self._members = members

    def member(self, name: str) -> Any:
        if name == "__name__":
            return self._name
        if name not in self._members:
            return UnknownValue(Cause("not_in_library", (f"{self._name}.{name}",)))
        return self._members[name]

    def names(self) -> list[str]:
        return sorted(self._members)


class YamlLoader(Proxy):
    """`yaml.SafeLoader` and its kin: all are the safe one."""


class YamlDumper(Proxy):
    """What writes YAML; nothing is written, so it is only handed about."""


def provide(session: Any) -> Provided:
    def opened(path: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        return open_file(session, path, mode)

    def text_of(path: Any, *args: Any, **options: Any) -> str:
        text: str = open_file(session, path, "r").read()
        return text

    def data_of(package: str, resource: str) -> bytes:
        """What lies beside a module in use, as bytes."""
        module = session.loaded_module(package)
        place = posixpath.dirname(module.scope.path) if isinstance(module, TargetModule) else ""
        text: str = open_file(session, posixpath.join(place, resource), "r").read()
        return text.encode()

    load = _reader(read_yaml_value)
    loader = YamlLoader()
    yaml = ProvidedModule(
        "yaml",
        {
            "safe_load": load, "load": load, "full_load": load, "unsafe_load": load, "YAMLError": ValueError,
            **dict.fromkeys(("SafeLoader", "FullLoader", "Loader", "CSafeLoader", "CLoader", "UnsafeLoader"), loader),
            **dict.fromkeys(("SafeDumper", "Dumper", "CSafeDumper", "CDumper"), YamlDumper()),
        },
    )  # fmt: skip
    names: dict[str, Any] = {
        "open": opened,
        "io.open": opened,
        "codecs.open": opened,
        "pkgutil.get_data": data_of,
        "glob.glob": lambda pattern, **options: find_files(session, pattern, **options),
        "json.load": _reader(json.loads),
        "pathlib.Path.open": lambda self, mode="r", *args, **options: open_file(session, self, mode),
        "pathlib.Path.read_text": text_of,
        "pathlib.Path.resolve": lambda self, *args, **options: self,
        "pathlib.Path.absolute": lambda self: self,
        **{f"pathlib.Path.{name}": _asks(session) for name in ("exists", "is_file", "is_dir")},
        **{f"os.path.{name}": _asks(session) for name in ("exists", "isfile", "isdir")},
    }
    return names, {}, {"yaml": yaml}


def _reader(parse: Callable[[str], Any]) -> Callable[..., Any]:
    """Parses text, or what an open file holds."""

    def read(source: Any, *args: Any, **options: Any) -> Any:
        unknown = find_unknown((source,), {})
        if unknown is not None:
            return unknown
        text = source.read() if isinstance(source, TextFile) else source
        if not isinstance(text, str) or len(text) > MAXIMUM_CHARACTERS:
            raise CannotEvaluate("file_access", type(source).__name__)
        return parse(text)

    return read


def _asks(session: Any) -> Callable[..., Any]:
    def ask(path: Any) -> Any:
        if isinstance(path, UnknownValue):
            return path
        text = str(path)
        found = repository_path(session.index.files, asking_file(session), text)
        if found is not None:
            return True
        if not (_is_own_configuration(text) or (session.absent_files and _is_relative(text))):
            return session.unknown("file_access", text)
        session.assume("file_absent", text, session.current)
        return False

    return ask


def _is_own_configuration(path: str) -> bool:
    """Whether a path means a file of settings that the repository would hold if there were one."""
    return path.endswith(READABLE) and _is_relative(path)


def _is_relative(path: str) -> bool:
    """Whether a path leads to a place inside of the repository."""
    return not path.startswith(("/", "~", "..")) and "://" not in path and len(path) < MAXIMUM_PATH


def find_files(session: Any, pattern: Any, *, recursive: bool = False, **options: Any) -> Any:
    """`glob.glob` over the repository's files, for patterns of files that may be read."""
    text = str(pattern)
    if options or not _is_own_configuration(text):
        return session.unknown("file_access", text[:120])
    session.budget.spend(len(session.index.files))
    parts = [part if part == "**" and recursive else part.replace("**", "*") for part in _normal(text).split("/")]
    return [path for path in sorted(session.index.files) if _matches(path.split("/"), parts)]


def _normal(pattern: str) -> str:
    return posixpath.normpath(pattern)


def _matches(path: list[str], pattern: list[str]) -> bool:
    """Part by part; `**` stands for any number of directories."""
    if not pattern or not path:
        return not pattern and not path
    if pattern[0] == "**":
        return any(_matches(path[at:], pattern[1:]) for at in range(len(path)))
    return fnmatch.fnmatchcase(path[0], pattern[0]) and _matches(path[1:], pattern[1:])


def open_file(session: Any, path: Any, mode: Any) -> Any:
    """The file as text, if it is one of the repository's and is only read."""
    if isinstance(path, UnknownValue):
        raise CannotEvaluate.because(path.cause)
    if not isinstance(mode, str) or mode not in ("r", "rt", "tr"):
        raise CannotEvaluate("file_access", str(path)[:120])
    found = session.loaded_files.meant(path, asking_file(session))
    if found is None:
        raise CannotEvaluate("file_access", str(path)[:120])
    session.assume("file_read", found, session.current)
    return TextFile(str(path), session.index.text(found))


def asking_file(session: Any) -> str:
    """The file whose code asks, past stand-ins that open what they are given."""
    frame = session.current
    while frame is not None and frame.is_of_stand_in:
        frame = frame.caller
    return frame.module.path if frame is not None else ""


def repository_path(files: Any, importer: str, path: str) -> str | None:
    """The indexed file that a path means: from the repository's root, or from the directory of the file that asks."""
    if not path.endswith(READABLE) or path.startswith("/") or len(path) > MAXIMUM_CHARACTERS:
        return None
    tries = (posixpath.normpath(path), posixpath.normpath(posixpath.join(posixpath.dirname(importer), path)))
    return next((found for found in tries if found in files and not importer.startswith("<")), None)
