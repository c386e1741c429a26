"""The few words that renderers add themselves, in both languages; there is no fallback between them."""

from __future__ import annotations

import sys
from functools import cache
from importlib import resources

from analyzer.records.document import Language

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@cache
def _entries(name: str = "render") -> dict[str, dict[str, str]]:
    file = resources.files("report_templates").joinpath(f"wording/{name}.toml")
    return tomllib.loads(file.read_text("utf-8"))


def word(key: str, language: Language) -> str:
    return _entries()[key][language]


def words(language: Language) -> dict[str, str]:
    """All entries of one language, for the page template."""
    return {key: entry[language] for key, entry in _entries().items()}


def phrase(file: str, key: str, language: Language) -> str | None:
    """An entry of another wording file; None where that file does not speak of it."""
    entry = _entries(file).get(key)
    return None if entry is None else entry[language]
