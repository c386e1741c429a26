"""The plain value of a YAML text as PyYAML gives it to a program (`1e-4` and `n` are text, `on` is true)."""

from __future__ import annotations

import re
import warnings
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.resolver import VersionedResolver

MAXIMUM_CHARACTERS = 1_000_000
BOOL, FLOAT = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:float"
PLAIN_BOOL = re.compile(r"^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$")
PLAIN_FLOAT = re.compile(
    r"^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)
EXPONENT_FLOAT = re.compile(
    r"^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?(?:[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)"
    r"|\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)
"""Numbers as OmegaConf reads them: `1e-4` is one."""
Table = dict[str, list[tuple[Any, Any]]]


class _Resolver(VersionedResolver):
    """What a plain scalar is: PyYAML knows fewer words of truth and other numbers than YAML 1.1 itself."""

    number = PLAIN_FLOAT

    @property
    def versioned_resolver(self) -> Table:
        return _table(super().versioned_resolver, self.processing_version, self.number)


class _ExponentResolver(_Resolver):
    number = EXPONENT_FLOAT


_tables: dict[Any, Table] = {}


def _table(full: Table, version: Any, number: re.Pattern[str]) -> Table:
    if (version, number) not in _tables:
        narrower = {BOOL: PLAIN_BOOL, FLOAT: number}
        _tables[version, number] = {
            first: [(tag, narrower.get(str(tag), pattern)) for tag, pattern in rules] for first, rules in full.items()
        }
    return _tables[version, number]


def read_yaml_value(text: str, *, exponents: bool = False) -> Any:
    """Dictionaries, lists and scalars; ValueError where the text is no YAML, or asks for objects. With `exponents` the
    numbers are those of OmegaConf.
    """
    if len(text) > MAXIMUM_CHARACTERS:
        raise ValueError("YAML text too long")
    reader = YAML(typ="safe", pure=True)
    reader.Resolver = _ExponentResolver if exponents else _Resolver
    reader.version = (1, 1)
    reader.allow_duplicate_keys = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ruamel would have a dot in every number
            return reader.load(text)
    except (YAMLError, RecursionError) as error:
        raise ValueError(f"not readable as YAML: {str(error).splitlines()[0]}") from None
