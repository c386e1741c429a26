"""Sections of configuration files that build an object of the repository: `_target_`, `class_path`, `type`, and the
sections of a Lightning command line. Their values are arguments of that class's constructor.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzer.facts.configuration.reading import callee, foreign_name, own_nodes, scopes
from analyzer.facts.configuration_owners import FILE_FORMATS
from analyzer.index import Definition, SourceIndex
from analyzer.records.configuration import ConfigTable, ConfigValue, Preset
from analyzer.records.evidence import Known

NAMING_KEYS = {
    "_target_": "",
    "class_path": "init_args.",
    "type": "",
    "_type_": "",
    "_component_": "",
    "class_name": "",
    "name": "",
}
"""Keys that name a class, and where its arguments stand beside them."""
MOST_SECTIONS = 60
"""Sections beyond this many are a zoo of files, each of which stands as a table of its own."""
LIGHTNING = ("LightningCLI",)


@dataclass(frozen=True)
class ClassSection:
    """The values of a table that are arguments of one class, by the parameter's name."""

    table: str
    section: str
    owner: Definition
    values: tuple[tuple[str, ConfigValue], ...]


def find_sections(index: SourceIndex, tables: Sequence[ConfigTable]) -> tuple[ClassSection, ...]:
    """All sections whose class is the repository's own."""
    classes = _classes_by_name(index)
    command_line = list(_lightning(index))
    found: list[ClassSection] = []
    for table in tables:
        if table.format in FILE_FORMATS:
            found += _named_sections(table, classes)
            found += [section for name, owner in command_line for section in _of_prefix(table, name, owner)]
    return tuple(section for section in found if section.values)


def section_presets(sections: Sequence[ClassSection], tables: Sequence[ConfigTable]) -> Iterator[Preset]:
    """What each section gives to the constructor of a class whose parameters are a table."""
    known = {table.name for table in tables}
    for section in sections if len(sections) <= MOST_SECTIONS else ():
        if section.owner.name not in known:
            continue
        pairs = tuple((name, value.effective or value.value) for name, value in section.values)
        where = section.values[0][1].where
        name = f"{section.table}:{section.section}" if section.section else section.table
        yield Preset(name, section.owner.name, pairs, where, layer="config_file")


def _named_sections(table: ConfigTable, classes: dict[str, list[Definition]]) -> Iterator[ClassSection]:
    for value in table.values:
        prefix, _, key = value.name.rpartition(".")
        known = value.effective if isinstance(value.effective, Known) else value.value
        if key in NAMING_KEYS and isinstance(known, Known) and isinstance(known.value, str):
            owner = _class_named(known.value, classes)
            if owner is not None and not (key == "name" and not known.value[:1].isupper()):
                inside = f"{prefix}." if prefix else ""
                values = _values(table, inside + NAMING_KEYS[key], key)
                yield ClassSection(table.name, prefix, owner, values)


def _of_prefix(table: ConfigTable, name: str, owner: Definition) -> Iterator[ClassSection]:
    """`model:` and `data:` of a Lightning command line; a section with a `class_path` says so itself."""
    if not any(value.name == f"{name}.class_path" for value in table.values):
        yield ClassSection(table.name, name, owner, _values(table, f"{name}.", ""))


def _values(table: ConfigTable, prefix: str, key: str) -> tuple[tuple[str, ConfigValue], ...]:
    names = [(value.name.removeprefix(prefix), value) for value in table.values if value.name.startswith(prefix)]
    return tuple((name, value) for name, value in names if "." not in name and "[" not in name and name != key)


def _classes_by_name(index: SourceIndex) -> dict[str, list[Definition]]:
    found: dict[str, list[Definition]] = {}
    for owner in index.symbols.classes():
        if "." not in owner.name:
            found.setdefault(owner.name, []).append(owner)
    return found


def _class_named(text: str, classes: dict[str, list[Definition]]) -> Definition | None:
    """The class of that dotted path, or the only one of that name."""
    module, _, name = text.rpartition(".")
    if not name.isidentifier():
        return None
    fitting = [c for c in classes.get(name, ()) if not module or _module_of(c).endswith(module) or len(module) == 0]
    return fitting[0] if len(fitting) == 1 else None


def _module_of(owner: Definition) -> str:
    return owner.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _lightning(index: SourceIndex) -> Iterator[tuple[str, Definition]]:
    """The classes that `LightningCLI(Model, Data)` is given."""
    for path, tree in index.trees().items():
        if "LightningCLI" not in index.text(path):
            continue
        for scope in scopes(path, tree):
            for node in own_nodes(scope.node):
                if isinstance(node, ast.Call) and foreign_name(index, scope, node).rpartition(".")[2] in LIGHTNING:
                    keywords = {k.arg: k.value for k in node.keywords}
                    order = (("model", "model_class"), ("data", "datamodule_class"))
                    for place, (name, keyword) in enumerate(order):
                        given = node.args[place] if place < len(node.args) else keywords.get(keyword)
                        owner = callee(index, scope, given) if given is not None else None
                        if isinstance(owner, Definition):
                            yield name, owner
