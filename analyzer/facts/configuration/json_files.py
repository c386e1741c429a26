"""JSON files with the line of every value, by a small scanner of our own; Hugging Face's `config.json` among them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from json.decoder import scanstring  # type: ignore[attr-defined]

from analyzer.facts.configuration.mapping_files import MAX_LEAVES, Leaf, TooLarge, candidates
from analyzer.index import SourceIndex
from analyzer.records.configuration import ConfigFormat, PlainValue
from analyzer.records.evidence import Gap

SUFFIXES = (".json",)
NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
WORDS: dict[str, PlainValue] = {"true": True, "false": False, "null": None}
BLANK = re.compile(r"[ \t\r\n]*")
MAX_DEPTH = 40
MAX_VALUES = 20_000
HUGGING_FACE_KEYS = ("architectures", "model_type", "_class_name")


def find_gaps(index: SourceIndex) -> tuple[Gap, ...]:
    """Files that are not JSON."""
    return tuple(gap for path in candidates(index, SUFFIXES) if isinstance(gap := read(index, path), Gap))


def format_of(leaves: list[Leaf]) -> ConfigFormat:
    """Plain JSON, or the configuration that the Hugging Face libraries write beside weights."""
    is_hugging_face = any(leaf.name in HUGGING_FACE_KEYS for leaf in leaves)
    return "huggingface_json" if is_hugging_face else "json"


@lru_cache(maxsize=2048)
def read(index: SourceIndex, path: str) -> list[Leaf] | Gap:
    """The leaves of one file, or why it has none."""
    text = index.text(path)
    if not text.lstrip().startswith("{"):
        return []
    try:
        return list(_Scanner(text).leaves())
    except TooLarge:
        return []
    except (ValueError, IndexError, RecursionError):
        return Gap(path, "json_not_readable")


class _Scanner:
    """Walks a JSON text once and yields its leaves with their lines."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._line = 1
        self._counted = 0
        self._values = 0

    def leaves(self) -> Iterator[Leaf]:
        yield from self._value("", 0)
        self._skip()
        if self._position != len(self._text):
            raise ValueError("text after the end")

    def _skip(self) -> None:
        match = BLANK.match(self._text, self._position)
        self._position = match.end() if match else self._position

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._position)
        self._counted = self._position
        return self._line

    def _peek(self) -> str:
        self._skip()
        return self._text[self._position]

    def _take(self, expected: str) -> None:
        if self._peek() != expected:
            raise ValueError(expected)
        self._position += 1

    def _value(self, name: str, depth: int) -> Iterator[Leaf]:
        self._values += 1
        if depth > MAX_DEPTH or self._values > MAX_VALUES:
            raise TooLarge
        first = self._peek()
        if first == "{":
            yield from self._object(name, depth)
        elif first == "[":
            yield from self._array(name, depth)
        else:
            line, start = self._line_here(), self._position
            value = self._scalar()
            yield Leaf(name, self._text[start : self._position], value, line, line)

    def _object(self, name: str, depth: int) -> Iterator[Leaf]:
        self._take("{")
        while self._peek() != "}":
            self._take('"')
            key, self._position = scanstring(self._text, self._position, True)
            self._take(":")
            yield from self._value(f"{name}.{key}" if name else key, depth + 1)
            if self._peek() != "}":
                self._take(",")
        self._position += 1

    def _array(self, name: str, depth: int) -> Iterator[Leaf]:
        self._skip()
        line, start = self._line_here(), self._position
        self._take("[")
        inner: list[Leaf] = []
        place = 0
        while self._peek() != "]":
            inner += self._value(f"{name}[{place}]", depth + 1)
            place += 1
            if len(inner) > MAX_LEAVES * 4:
                raise TooLarge
            if self._peek() != "]":
                self._take(",")
        self._position += 1
        is_flat = len(inner) == place and all(leaf.name == f"{name}[{i}]" for i, leaf in enumerate(inner))
        if is_flat and not any(isinstance(leaf.value, list) for leaf in inner):
            values: PlainValue = [leaf.value for leaf in inner]
            yield Leaf(name, self._text[start : self._position], values, line, self._line_here())
        else:
            yield from inner

    def _scalar(self) -> PlainValue:
        if self._text[self._position] == '"':
            text, self._position = scanstring(self._text, self._position + 1, True)
            return str(text)
        for word, value in WORDS.items():
            if self._text.startswith(word, self._position):
                self._position += len(word)
                return value
        match = NUMBER.match(self._text, self._position)
        if match is None:
            raise ValueError("value")
        self._position = match.end()
        number: PlainValue = json.loads(match.group())
        return number
