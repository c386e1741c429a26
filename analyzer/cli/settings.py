"""Defaults from `[tool.deepdive]` of the `pyproject.toml` in the working directory; the command line wins."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analyzer.records.errors import UserError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KEYS: Mapping[str, type | tuple[type, ...]] = {
    "repository": str,
    "output": str,
    "lang": list,
    "model": str,
    "build": str,
    "input": list,
    "set": list,
    "env": list,
    "with-package": list,
    "paper": str,
    "strict": bool,
}


@dataclass(frozen=True)
class Settings:
    """Checked values by key; a key that is not set gives None, an empty tuple or False."""

    values: Mapping[str, object]

    def text(self, key: str) -> str | None:
        value = self.values.get(key)
        return value if isinstance(value, str) else None

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key)
        return tuple(str(item) for item in value) if isinstance(value, list) else ()

    def path(self, key: str) -> Path | None:
        value = self.text(key)
        return Path(value) if value is not None else None

    def flag(self, key: str) -> bool:
        return self.values.get(key) is True


def read_settings(command: str, directory: Path | None = None) -> Settings:
    """Settings of `[tool.deepdive]`; UserError for unknown keys (with a suggestion) and wrong types."""
    path = (directory or Path()) / "pyproject.toml"
    if command != "analyze" or not path.is_file():
        return Settings({})
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("deepdive", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UserError("pyproject.toml cannot be read", str(error), "mend it or run elsewhere") from error
    for key, value in table.items():
        _check(key, value)
    return Settings(table)


def split_assignments(option: str, texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """`NAME=VALUE` texts as pairs."""
    pairs = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UserError(f"{option} takes NAME=VALUE", text)
        pairs.append((name.strip(), value))
    return tuple(pairs)


def _check(key: str, value: object) -> None:
    if key not in KEYS:
        near = difflib.get_close_matches(key, KEYS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(KEYS)}"
        raise UserError(f"unknown key {key!r}", "[tool.deepdive] in pyproject.toml", hint)
    if not isinstance(value, KEYS[key]):
        raise UserError(f"{key!r} has the wrong type", "[tool.deepdive] in pyproject.toml")
