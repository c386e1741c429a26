"""Which sentence stands where: loads `report_templates/wording/*.toml` and turns an entry into inline parts.

An entry has `en` and `zh` side by side; there is no fallback from one to the other. Inside a sentence `{name}` is
filled by the caller, `` `x` `` is code and `**x**` is strong. It knows nothing of chapters or facts.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from analyzer.records.document import Code, Inline, Language, Line, Math, Plain, SourceRef, Strong
from analyzer.records.evidence import Arguments
from analyzer.records.techniques import Text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Filling = Inline | Line | str | int
MARKUP = re.compile(r"\{(?P<place>[a-z_]+)\}|`(?P<code>[^`]+)`|\*\*(?P<strong>[^*]+)\*\*")
REASON_FILES = ("reasons", "findings", "conventions")
PLACE = re.compile(r"\{([a-z_]+)\}")


class WordingMissing(KeyError):
    """An entry, a language or the filling of a place does not exist."""


@cache
def read_template(folder: str, name: str) -> dict[str, Any]:
    """One TOML file of `report_templates`, parsed; empty where there is no such file."""
    place = resources.files("report_templates").joinpath(*filter(None, (folder, f"{name}.toml")))
    return tomllib.loads(place.read_text(encoding="utf-8")) if place.is_file() else {}


def places_of(text: str) -> set[str]:
    """Names of the places in a sentence, those inside code and strong text too."""
    return set(PLACE.findall(text))


class Words:
    """The sentences of one language. Keys are `file.entry`."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def has(self, key: str) -> bool:
        file, entry = key.split(".", 1)
        return self.language in read_template("wording", file).get(entry, {})

    def raw(self, key: str) -> str:
        """The sentence as it stands in the file."""
        file, entry = key.split(".", 1)
        try:
            return str(read_template("wording", file)[entry][self.language])
        except KeyError as error:
            raise WordingMissing(f"{key} [{self.language}]") from error

    def line(self, key: str, /, **places: Filling) -> Line:
        """The sentence as inline parts with its places filled."""
        return fill(self.raw(key), places, key)

    def text(self, key: str, /, **places: str | int) -> str:
        """The sentence as bare text, for labels that carry no markup."""
        return MARKUP.sub(lambda match: _bare(match, places, key), self.raw(key))

    def pick(self, text: Text) -> str:
        """The half of a bilingual text that belongs to this language."""
        return text.zh if self.language == "zh" else text.en

    def listed(self, items: Iterable[Filling]) -> Line:
        """Items of a sentence one after the other."""
        parts: list[Inline] = []
        for item in items:
            parts += ([Plain("、" if self.language == "zh" else ", ")] if parts else []) + list(as_line(item))
        return tuple(parts) or (Plain("—"),)

    def reason(self, reason: str, arguments: Arguments = ()) -> Line:
        """The sentence of a reason or rule; one that has no entry is shown as its identifier with its arguments."""
        for file in REASON_FILES:
            if self.has(f"{file}.{reason}"):
                return self._filled_softly(f"{file}.{reason}", arguments)
        detail = ", ".join(f"{name}={value}" for name, value in arguments)
        return (Code(f"{reason}: {detail}" if detail else reason),)

    def _filled_softly(self, key: str, arguments: Arguments) -> Line:
        """Arguments are texts of the target, so they are set as code; one that a record left out reads as `…`."""
        values: dict[str, Filling] = dict.fromkeys(places_of(self.raw(key)), "…")
        values.update({name: _argument(value) for name, value in arguments})
        return self.line(key, **values)


def fill(sentence: str, places: dict[str, Filling], key: str = "") -> Line:
    """A sentence with markup as inline parts."""
    parts: list[Inline] = []
    end = 0
    for match in MARKUP.finditer(sentence):
        parts += as_line(sentence[end : match.start()])
        parts += _marked(match, places, key)
        end = match.end()
    parts += as_line(sentence[end:])
    return tuple(parts)


def as_line(value: Filling) -> Line:
    """Anything that may fill a place, as inline parts."""
    if isinstance(value, tuple):
        return value
    if isinstance(value, str | int):
        return (Plain(str(value)),) if str(value) else ()
    return (value,)


def _argument(value: str) -> Filling:
    """Numbers and short words read as prose, anything else of the target as code."""
    return value if value.replace(",", "").replace(".", "").isdigit() else Code(value)


def _marked(match: re.Match[str], places: dict[str, Filling], key: str) -> Line:
    if match["place"]:
        return as_line(_filling(match["place"], places, key))
    inner = "".join(plain_text(part) for part in fill(match["code"] or match["strong"], places, key))
    return (Code(inner),) if match["code"] else (Strong(inner),)


def plain_text(part: Inline) -> str:
    """What a part reads as where there is text alone."""
    if isinstance(part, SourceRef):
        return str(part.span)
    return part.latex if isinstance(part, Math) else part.text


def _bare(match: re.Match[str], places: dict[str, str | int], key: str) -> str:
    if match["place"]:
        return str(_filling(match["place"], dict(places), key))
    return PLACE.sub(lambda place: str(_filling(place[1], dict(places), key)), match["code"] or match["strong"])


def _filling(place: str, places: dict[str, Filling], key: str) -> Filling:
    if place not in places:
        raise WordingMissing(f"{key}: nothing fills {{{place}}}")
    return places[place]
