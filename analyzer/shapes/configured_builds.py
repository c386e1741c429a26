"""Builds that configuration files state: a section that names the class with the values of its arguments beside it.

`target` with `params`, Hydra's `_target_`, Lightning's `class_path` with `init_args`, `type` with the arguments. What
such a file leaves open, or fills in only together with others, is found when the build fails.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from analyzer.evaluator.handing import parameters_of
from analyzer.index import Definition, SourceIndex
from analyzer.index.yaml_values import read_yaml_value
from analyzer.shapes.entry_points import BuildPlan, constructor_of

NAMING = ("_target_", "target", "class_path", "_component_", "type", "name", "class_name")
"""Keys that name a class."""
HYDRA = "_target_"
RECURSIVE = ("class_path", "_component_", "type", "name", "class_name")
"""Keys whose readers make the objects inside of a section too; `target` is read by the classes themselves."""
ARGUMENTS = ("params", "init_args", "args", "kwargs", "parameters")
"""Keys below which its arguments stand; otherwise they stand beside it."""
NAMED = re.compile(rf"""["']?\b(?:{"|".join(NAMING)})\b["']?\s*:""")
CLASS_NAME = re.compile(r"[A-Za-z_][\w.]*")
MOST_CHARACTERS, MOST_FILES, MOST_BUILDS = 200_000, 400, 6
DEPTH = 12


@dataclass(frozen=True)
class _Section:
    """Where in a file a class is named, and the names of the arguments that are given to it."""

    path: str
    keys: tuple[str | int, ...]
    naming: str
    below: str
    named: str
    given: tuple[str, ...]


def find_configured_builds(index: SourceIndex, owner: Definition) -> tuple[BuildPlan, ...]:
    """Builds of `owner` with what sections of files give to its constructor, by file and place."""
    found = _sections(index).get(owner.name, ())
    sections = [section for section in found if _means(section, owner) and _fits(index, section, owner)]
    return tuple(
        BuildPlan(owner.path, text, "preset", _where(index, section), _name_of(section))
        for section in sections[:MOST_BUILDS]
        for text in _expressions(index, section, owner)
    )


@lru_cache(maxsize=1)
def _sections(index: SourceIndex) -> dict[str, list[_Section]]:
    """Every section that may name a class, by the last part of that name."""
    paths = [path for path in index.files if path.endswith((".yaml", ".yml", ".json"))]
    fitting = [path for path in paths if index.files[path].lines and NAMED.search(_head(index, path))]
    found: dict[str, list[_Section]] = {}
    for path in fitting[:MOST_FILES]:
        for section in _named_in(path, _value(path, index.text(path)), ()):
            found.setdefault(section.named.rpartition(".")[2], []).append(section)
    return found


def _head(index: SourceIndex, path: str) -> str:
    text = index.text(path)
    return text if len(text) <= MOST_CHARACTERS else ""


def _value(path: str, text: str) -> Any:
    try:
        return json.loads(text) if path.endswith(".json") else read_yaml_value(text)
    except (ValueError, RecursionError):
        return None


def _named_in(path: str, value: Any, keys: tuple[str | int, ...]) -> Iterator[_Section]:
    if isinstance(value, dict) and len(keys) < DEPTH:
        section = _section(path, value, keys)
        if section is not None:
            yield section
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items if len(keys) < DEPTH else ():
        if isinstance(key, (str, int)):
            yield from _named_in(path, item, (*keys, key))


def _section(path: str, value: dict[Any, Any], keys: tuple[str | int, ...]) -> _Section | None:
    naming = next((key for key in NAMING if isinstance(value.get(key), str)), None)
    if naming is None or not CLASS_NAME.fullmatch(value[naming]):
        return None
    below = next((key for key in ARGUMENTS if isinstance(value.get(key), dict)), "")
    if naming in RECURSIVE and any(_names_within(item, naming) for key, item in value.items() if key != naming):
        return None
    given = tuple(name for name in (value[below] if below else value) if isinstance(name, str) and name != naming)
    return _Section(path, keys, naming, below, value[naming], given)


def _names_within(value: Any, naming: str) -> bool:
    """Whether something inside is to be made first, by whoever reads the file."""
    if isinstance(value, dict):
        return isinstance(value.get(naming), str) or any(_names_within(item, naming) for item in value.values())
    return isinstance(value, list) and any(_names_within(item, naming) for item in value)


def _means(section: _Section, owner: Definition) -> bool:
    """Whether a dotted name ends at the class's own file; a plain one is its name."""
    module = section.named.rpartition(".")[0]
    own = owner.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return not module or f".{own}".endswith(f".{module}") or f".{own}.".find(f".{module}.") >= 0


def _fits(index: SourceIndex, section: _Section, owner: Definition) -> bool:
    """Whether what is given are arguments of its constructor, with all that it needs."""
    constructor = constructor_of(index, owner)
    if constructor is None:
        return not section.given
    node = constructor[1]
    given = {name for name in section.given if not (name.startswith("_") and name.endswith("_"))}
    declared = {argument.arg: default for argument, default in parameters_of(node)}
    required = {name for name, default in declared.items() if default is None}
    return required <= given and (given <= declared.keys() or node.args.kwarg is not None)


def _expressions(index: SourceIndex, section: _Section, owner: Definition) -> Iterator[str]:
    """The construction with the section as the file holds it; by OmegaConf where the project reads such files by it.

    Hydra alone makes what `_target_` names, and all that is named inside of it.
    """
    place = "".join(f"[{key!r}]" for key in section.keys)
    if section.naming == HYDRA:
        imports = "from omegaconf import OmegaConf\nfrom hydra.utils import instantiate"
        yield f"{imports}\nconfig = OmegaConf.load({section.path!r})\ninstantiate(config{place})"
        return
    arguments = f"config{place}[{section.below!r}]" if section.below else f"config{place}"
    if not section.below:
        arguments = f"{{name: value for name, value in {arguments}.items() if name != {section.naming!r}}}"
    for load in _loads(index, section.path):
        yield f"{load}\n{owner.name}(**{arguments})"


def _loads(index: SourceIndex, path: str) -> Iterator[str]:
    if path.endswith(".json"):
        yield f"import json\nconfig = json.load(open({path!r}))"
        return
    if any("omegaconf" in index.text(file) or "hydra" in index.text(file) for file in index.python_paths()):
        yield f"from omegaconf import OmegaConf\nconfig = OmegaConf.load({path!r})"
    yield f"import yaml\nconfig = yaml.safe_load(open({path!r}))"


def _where(index: SourceIndex, section: _Section) -> Any:
    """The line that names the class."""
    wanted = re.compile(rf"""{re.escape(section.naming)}["']?\s*:\s*["']?{re.escape(section.named)}\b""")
    lines = index.lines(section.path)
    return index.span(section.path, next((n for n, line in enumerate(lines, 1) if wanted.search(line)), 1))


def _name_of(section: _Section) -> str:
    place = ".".join(map(str, section.keys))
    return f"{section.path}:{place}" if place else section.path


def find_bare_build(index: SourceIndex, owner: Definition) -> tuple[BuildPlan, ...]:
    """`Net()` where all defaults are None and the constructor itself says what it takes in place of one."""
    constructor = constructor_of(index, owner)
    if constructor is None:
        return ()
    path, node = constructor
    pairs = list(parameters_of(node))
    names = {argument.arg for argument, default in pairs}
    if not pairs or any(default is None for _, default in pairs) or not _replaces(node, names):
        return ()
    return (BuildPlan(owner.path, f"{owner.name}()", "defaults", index.span(path, node.lineno)),)


def _replaces(node: ast.FunctionDef, names: set[str]) -> bool:
    """Whether an argument that is None is bound anew: `if x is None: x = …`, `x or …`, `… if x is None else x`."""
    for part in ast.walk(node):
        if isinstance(part, ast.If) and _asks(part.test, names):
            return any(_binds(statement, names) for statement in part.body)
        if isinstance(part, ast.BoolOp) and isinstance(part.op, ast.Or) and _is_one(part.values[0], names):
            return True
        if isinstance(part, ast.IfExp) and _asks(part.test, names):
            return True
    return False


def _asks(test: ast.expr, names: set[str]) -> bool:
    is_none = isinstance(test, ast.Compare) and isinstance(test.ops[0], (ast.Is, ast.IsNot))
    return is_none and _is_one(test.left, names)  # type: ignore[attr-defined]


def _is_one(node: ast.expr, names: set[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _binds(node: ast.stmt, names: set[str]) -> bool:
    return isinstance(node, ast.Assign) and any(_is_one(target, names) for target in node.targets)
