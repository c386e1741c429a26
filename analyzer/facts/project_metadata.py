"""What the project declares about itself: console scripts and requirements, from every packaging format.

Reads `pyproject.toml`, `setup.py`, `setup.cfg`, `requirements*.txt` and `environment.yml` as text with lines;
no packaging tool is run.
"""

from __future__ import annotations

import ast
import configparser
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from analyzer.index import SourceIndex
from analyzer.records.source import Span

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?:@\s*(\S+)|([<>=!~][^;#]*))?")


@dataclass(frozen=True)
class Requirement:
    """A declared dependency: distribution name as written, version specifier, the extra it belongs to."""

    distribution: str
    version: str | None
    where: Span
    extra: str | None = None


def normalised(distribution: str) -> str:
    """Distribution name as package indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def find_requirements(index: SourceIndex) -> tuple[Requirement, ...]:
    """Declared dependencies of all formats, in path order."""
    found: list[Requirement] = []
    for path in index.files:
        name = path.rpartition("/")[2]
        if re.fullmatch(r"requirements[\w.-]*\.(txt|in)", name) or re.search(r"(^|/)requirements/[\w.-]+\.txt$", path):
            found += _from_lines(index, path)
        elif name == "pyproject.toml":
            found += _from_pyproject(index, path)
        elif name == "setup.py":
            found += _from_setup_py(index, path)
        elif name == "setup.cfg":
            found += _from_setup_cfg(index, path)
        elif path.endswith(".dist-info/METADATA"):
            found += _from_metadata(index, path)
        elif re.fullmatch(r"(conda[_-]?)?env(ironment)?[\w.-]*\.ya?ml", name):
            found += _from_conda(index, path)
        elif name.endswith(".py") and "# /// script" in index.text(path):
            found += _from_script(index, path)
    return tuple(found)


def find_console_scripts(index: SourceIndex) -> tuple[tuple[str, str, Span], ...]:
    """(command, `module:function`, place) of every declared console script."""
    found: list[tuple[str, str, Span]] = []
    for path in index.files:
        name = path.rpartition("/")[2]
        if name == "pyproject.toml":
            table = _toml(index, path)
            scripts = {**_table(table, "project", "scripts"), **_table(table, "tool", "poetry", "scripts")}
            found += [(k, str(v), _line_with(index, path, k, str(v))) for k, v in scripts.items()]
        elif name in ("setup.py", "setup.cfg") or path.endswith(".dist-info/entry_points.txt"):
            for number, line in enumerate(index.lines(path), 1):
                match = re.search(r"([\w-]+)\s*=\s*([\w.]+:[\w.]+)", line)
                if match is not None:
                    found.append((match.group(1), match.group(2), index.span(path, number)))
    return tuple(found)


def is_distribution(index: SourceIndex) -> bool:
    """True where the repository declares itself as an installable distribution."""
    return "setup.py" in index.files or (
        "pyproject.toml" in index.files and bool(_table(_toml(index, "pyproject.toml"), "project"))
    )


def _from_lines(index: SourceIndex, path: str) -> Iterator[Requirement]:
    for number, line in enumerate(index.lines(path), 1):
        text = line.split("#")[0].strip()
        if text and not text.startswith("-"):
            yield from _parsed(text, index.span(path, number))


def _parsed(text: str, where: Span, extra: str | None = None) -> Iterator[Requirement]:
    match = REQUIREMENT.match(text)
    if match is not None:
        version = match.group(2) or (match.group(3) or "").strip() or None
        yield Requirement(match.group(1), version, where, extra)
    elif "egg=" in text:
        yield Requirement(text.partition("egg=")[2].split("&")[0], text.partition("#")[0], where, extra)


def _from_script(index: SourceIndex, path: str) -> Iterator[Requirement]:
    """The block of metadata at the head of a single-file script (PEP 723)."""
    lines = index.lines(path)
    first = next((place for place, line in enumerate(lines) if line.strip() == "# /// script"), len(lines))
    last = next((place for place in range(first + 1, len(lines)) if lines[place].strip() == "# ///"), first)
    try:
        table = tomllib.loads("\n".join(line.strip().removeprefix("#").strip() for line in lines[first + 1 : last]))
    except tomllib.TOMLDecodeError:
        return
    for text in table.get("dependencies", ()):
        place = next((n for n in range(first, last) if f'"{text}"' in lines[n] or f"'{text}'" in lines[n]), first)
        yield from _parsed(str(text), index.span(path, place + 1))


def _from_pyproject(index: SourceIndex, path: str) -> Iterator[Requirement]:
    table = _toml(index, path)
    project = _table(table, "project")
    for text in project.get("dependencies", ()):
        yield from _parsed(str(text), _line_with(index, path, str(text)))
    groups = {**_table(project, "optional-dependencies"), **_table(table, "dependency-groups")}
    for extra, texts in groups.items():
        for text in texts if isinstance(texts, list) else ():
            if isinstance(text, str):
                yield from _parsed(text, _line_with(index, path, text), str(extra))
    for name, value in _table(table, "tool", "poetry", "dependencies").items():
        version = value if isinstance(value, str) else str(value.get("version", "")) if isinstance(value, dict) else ""
        if name != "python":
            yield Requirement(name, version or None, _line_with(index, path, name))


def _from_setup_py(index: SourceIndex, path: str) -> Iterator[Requirement]:
    tree = index.trees().get(path)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.keyword) and node.arg in ("install_requires", "extras_require", "tests_require"):
            extra = None if node.arg == "install_requires" else node.arg
            for inner in ast.walk(node.value):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and not _is_key(node.value, inner):
                    yield from _parsed(inner.value, index.span(path, inner), extra)


def _is_key(value: ast.expr, node: ast.Constant) -> bool:
    return isinstance(value, ast.Dict) and node in value.keys


def _from_setup_cfg(index: SourceIndex, path: str) -> Iterator[Requirement]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(index.text(path))
    except configparser.Error:
        return
    listed = [(None, parser.get("options", "install_requires", fallback=""))]
    if parser.has_section("options.extras_require"):
        listed += [(extra, text) for extra, text in parser.items("options.extras_require")]  # type: ignore[misc]
    for extra, text in listed:
        for line in filter(None, map(str.strip, text.splitlines())):
            yield from _parsed(line, _line_with(index, path, line), extra)


def _from_metadata(index: SourceIndex, path: str) -> Iterator[Requirement]:
    """`Requires-Dist: torch>=2 ; extra == "x"` of a built distribution."""
    for number, line in enumerate(index.lines(path), 1):
        if line.startswith("Requires-Dist:"):
            extra = re.search(r"extra\s*==\s*['\"]([\w.-]+)", line)
            text = line.partition(":")[2].replace("(", " ").replace(")", " ")
            yield from _parsed(text, index.span(path, number), extra.group(1) if extra else None)
        elif not line:
            return


def _from_conda(index: SourceIndex, path: str) -> Iterator[Requirement]:
    """Lines of the `dependencies` list; `pytorch >= 1.13` and the nested `pip` list have the same form."""
    inside = False
    for number, line in enumerate(index.lines(path), 1):
        if re.match(r"^\w[\w-]*:", line):
            inside = line.startswith("dependencies:")
        match = re.match(r"^\s*-\s+([^#]+?)\s*(?:#.*)?$", line)
        if inside and match is not None and not match.group(1).endswith(":"):
            text = re.sub(r"^[\w-]+::", "", match.group(1).strip("'\""))
            yield from _parsed(re.sub(r"(?<=[\w])=(?=\d)", "==", text, count=1), index.span(path, number))


def _toml(index: SourceIndex, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(index.text(path))
    except tomllib.TOMLDecodeError:
        return {}


def _table(table: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    found: Any = table
    for key in keys:
        found = found.get(key, {}) if isinstance(found, Mapping) else {}
    return dict(found) if isinstance(found, Mapping) else {}


def _line_with(index: SourceIndex, path: str, *texts: str) -> Span:
    """The first line that holds all the texts; the whole file where no line does."""
    for number, line in enumerate(index.lines(path), 1):
        if all(text in line for text in texts):
            return index.span(path, number)
    return index.span(path, 1, max(1, index.files[path].lines))
