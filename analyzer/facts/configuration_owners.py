"""Under which keys the flow of objects knows the holder of a table: class, namespace, file or function."""

from __future__ import annotations

from analyzer.facts.flow import Container, Held, Instance, Klass, ModuleFile, Type
from analyzer.records.configuration import ConfigTable

FUNCTION_FORMATS = ("click", "typer", "fire")
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
    return f"table:{table.name}"


def slot_of(table: ConfigTable, name: str) -> tuple[str, str]:
    """(key, name) of a value; dotted names of nested holders belong to the inner holder."""
    inner, _, last = name.rpartition(".")
    is_nested = table.format == "call" and bool(inner)
    return (f"{owner_of(table)}|{inner}", last) if is_nested else (owner_of(table), name)


def keys_of(found: Type) -> tuple[str, ...]:
    """Keys that an object may be known under."""
    if isinstance(found, (Instance, Klass)):
        return (found.owner,)
    if isinstance(found, (Held, Container)):
        return (found.site,)
    return (found.path,) if isinstance(found, ModuleFile) else ()
