"""Under which keys the flow of objects knows the holder of a table: class, namespace, file or function."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.facts.flow import Container, Foreign, Held, Instance, Klass, ModuleFile, Type
from analyzer.records.configuration import ConfigTable

ABSL_FLAGS = "absl.flags.FLAGS"
"""All flags of a program are known in one object."""
FLAG_SITE = "flag:"
"""Holder of one flag: what `DEFINE_integer` returns."""
FUNCTION_FORMATS = ("click", "typer", "fire", "function_defaults")
FILE_FORMATS = ("yaml", "json", "huggingface_json", "toml", "python_file")
NESTED_FORMATS = ("call", *FILE_FORMATS)
CLASS_FORMATS = ("dataclass", "class", "pretrained_config")


def owner_of(table: ConfigTable) -> str:
    """The key of a table's holder; values are found under `(key, name)`."""
    path = table.where.path
    if table.format in CLASS_FORMATS:
        return f"{path}:{table.name}"
    if table.format == "init_defaults":
        return f"{path}:{table.name}.__init__"
    if table.format == "constants":
        return path
    if table.format == "argparse":
        return f"{path}:{table.where.first_line}"
    if table.format in FUNCTION_FORMATS:
        return table.name
    return ABSL_FLAGS if table.format == "absl" else f"table:{table.name}"


def class_of(table: ConfigTable) -> str:
    """The class whose construction gives a table's values."""
    return f"{table.where.path}:{table.name}"


def slot_of(table: ConfigTable, name: str) -> tuple[str, str]:
    """(key, name) of a value; dotted names of nested holders belong to the inner holder."""
    inner, _, last = name.rpartition(".")
    is_nested = table.format in NESTED_FORMATS and bool(inner)
    return (f"{owner_of(table)}|{inner}", last) if is_nested else (owner_of(table), name)


def keys_of(found: Type) -> tuple[str, ...]:
    """Keys that an object may be known under."""
    if isinstance(found, (Instance, Klass)):
        return (found.owner,)
    if isinstance(found, (Held, Container)):
        return (found.site,)
    if isinstance(found, Foreign):
        return (ABSL_FLAGS,) if found.dotted == ABSL_FLAGS else ()
    return (found.path,) if isinstance(found, ModuleFile) else ()


def slots_read(found: Type, name: str) -> tuple[tuple[str, str], ...]:
    """What reading an attribute of an object may read: `FLAGS.rate`, or `RATE.value` of one flag's own holder."""
    if isinstance(found, Held) and found.site.startswith(FLAG_SITE):
        return ((ABSL_FLAGS, found.site.removeprefix(FLAG_SITE)),) if name in ("value", "default") else ()
    return tuple((key, name) for key in keys_of(found))


def sections_of(tables: Iterable[ConfigTable]) -> frozenset[str]:
    """Keys of all sections of nested tables, those that hold nothing but sections included."""
    found: set[str] = set()
    for table in tables:
        if table.format in NESTED_FORMATS:
            for value in table.values:
                parts = value.name.split(".")[:-1]
                found |= {f"{owner_of(table)}|{'.'.join(parts[:size])}" for size in range(1, len(parts) + 1)}
    return frozenset(found)
