"""The plain value of a YAML text as PyYAML gives it to a program (YAML 1.1: `1e-4` is text, `on` is true)."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

MAXIMUM_CHARACTERS = 1_000_000


def read_yaml_value(text: str) -> Any:
    """Dictionaries, lists and scalars; ValueError where the text is no YAML, or asks for objects."""
    if len(text) > MAXIMUM_CHARACTERS:
        raise ValueError("YAML text too long")
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 1)
    reader.allow_duplicate_keys = True
    try:
        return reader.load(text)
    except (YAMLError, RecursionError) as error:
        raise ValueError(f"not readable as YAML: {str(error).splitlines()[0]}") from None
