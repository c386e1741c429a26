"""Text to token ids and back, one id per character; what every tokenizer of this program can do.

It knows the characters it was built from and nothing of the model. Byte pairs are in bpe.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from reference_model.errors import UserError

FORMAT = "reference_model/character_tokenizer/1"


class Tokenizer(Protocol):
    """What data, training and generation need of a tokenizer."""

    @property
    def vocab_size(self) -> int: ...

    def encode(self, text: str) -> list[int]: ...

    def decode(self, ids: Iterable[int]) -> str: ...

    def marker(self, name: str) -> list[int]:
        """The ids of a structural mark such as `<|user|>`, which encoded text should not be able to imitate."""
        ...

    def content(self) -> dict[str, Any]:
        """Plain values from which `checkpoint.read_tokenizer` builds it again."""
        ...

    def save(self, path: Path) -> None: ...


class CharacterTokenizer:
    """`decode(encode(text)) == text` for every text over its characters; any other text is refused."""

    def __init__(self, characters: str) -> None:
        if not characters or len(set(characters)) != len(characters):
            raise UserError("a tokenizer needs at least one character, and each of them once")
        self.characters = characters
        self.ids = {character: index for index, character in enumerate(characters)}

    @classmethod
    def from_text(cls, text: str) -> CharacterTokenizer:
        """The sorted characters of `text`, so that equal texts give equal ids."""
        return cls("".join(sorted(set(text))))

    @property
    def vocab_size(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> list[int]:
        try:
            return [self.ids[character] for character in text]
        except KeyError as missing:
            character = missing.args[0]
            raise UserError(
                f"character {character!r} (U+{ord(character):04X}) at position {text.index(character)} "
                f"is not among the {self.vocab_size} characters of this tokenizer"
            ) from None

    def decode(self, ids: Iterable[int]) -> str:
        return "".join(self.characters[index] for index in ids)

    def marker(self, name: str) -> list[int]:
        """The characters of the mark: with one id per character, text can imitate it."""
        return self.encode(name)

    def content(self) -> dict[str, Any]:
        return {"characters": self.characters}

    def save(self, path: Path) -> None:
        content = {"format": FORMAT, "characters": self.characters}
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> CharacterTokenizer:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise UserError(f"{path}: cannot be read as a tokenizer: {problem}") from None
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise UserError(f"{path}: no character tokenizer of this program (format {FORMAT!r} is missing)")
        return cls(str(content.get("characters", "")))
