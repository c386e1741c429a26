"""Byte-level byte-pair encoding, learned from a corpus (Sennrich et al., 2016; on bytes: Radford et al., 2019).

The `tokenizers` library counts and merges the pairs; this file decides the alphabet, the marks and the format on disk.
All 256 bytes are tokens, so every text can be encoded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reference_model.errors import UserError
from reference_model.tokenizer import Tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Engine

FORMAT = "reference_model/byte_pair_tokenizer/1"
MARKS = ("<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
SMALLEST = 256 + len(MARKS)
PARALLEL = Path(__file__).parent / "assets" / "parallel.json"


class BytePairTokenizer:
    """`decode(encode(text)) == text` for every text; only lone surrogates, which are no characters, are refused."""

    def __init__(self, serialized: str) -> None:
        self.engine = import_engine().from_str(serialized)
        self.engine.encode_special_tokens = True  # text that looks like a mark is encoded as text

    @classmethod
    def from_texts(cls, texts: Iterable[str], vocab_size: int) -> BytePairTokenizer:
        """Learn merges until there are `vocab_size` tokens, or no pair occurs twice."""
        if vocab_size < SMALLEST:
            raise UserError(f"byte pairs need a vocabulary of at least {SMALLEST} (bytes and marks), not {vocab_size}")
        engine_class = import_engine()
        from tokenizers import decoders, models, pre_tokenizers, trainers

        engine = engine_class(models.BPE())
        engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # GPT-2's words: no merge crosses them
        engine.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=vocab_size,
            min_frequency=2,
            special_tokens=list(MARKS),
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        engine.train_from_iterator(texts, trainer)
        return cls(engine.to_str())

    @property
    def vocab_size(self) -> int:
        return int(self.engine.get_vocab_size())

    def encode(self, text: str) -> list[int]:
        try:
            return list(self.engine.encode(text, add_special_tokens=False).ids)
        except (UnicodeEncodeError, TypeError):
            raise UserError("the text holds a lone surrogate, which is no character and has no bytes") from None

    def decode(self, ids: Iterable[int]) -> str:
        return str(self.engine.decode(list(ids), skip_special_tokens=False))

    def marker(self, name: str) -> list[int]:
        found = self.engine.token_to_id(name)
        if found is None:
            raise UserError(f"{name!r} is no mark of this tokenizer; there are {', '.join(MARKS)}")
        return [int(found)]

    def content(self) -> dict[str, Any]:
        return {"byte_pairs": self.engine.to_str()}

    def save(self, path: Path) -> None:
        content = {"format": FORMAT, "tokenizer": json.loads(self.engine.to_str())}
        try:
            path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        except OSError as problem:
            raise UserError(f"{path}: cannot be written: {problem.strerror}") from None

    @classmethod
    def load(cls, path: Path) -> BytePairTokenizer:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise UserError(f"{path}: cannot be read as a tokenizer: {problem}") from None
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise UserError(f"{path}: no byte-pair tokenizer of this program (format {FORMAT!r} is missing)")
        return cls(json.dumps(content["tokenizer"]))


def import_engine() -> type[Engine]:
    try:
        from tokenizers import Tokenizer as Engine
    except ImportError:
        raise UserError("byte pairs need the tokenizers library: pip install 'deepdive[bpe]'") from None
    return Engine


@dataclass(frozen=True)
class Compression:
    """How much text one token of a tokenizer stands for."""

    language: str
    characters: int
    bytes: int
    tokens: int

    @property
    def characters_per_token(self) -> float:
        return self.characters / self.tokens

    @property
    def bytes_per_token(self) -> float:
        return self.bytes / self.tokens


def measure_compression(tokenizer: Tokenizer, texts: Mapping[str, str]) -> list[Compression]:
    """One row per language; texts that say the same in each make the rows comparable."""
    return [
        Compression(language, len(text), len(text.encode()), len(tokenizer.encode(text)))
        for language, text in texts.items()
    ]


def load_parallel_texts() -> dict[str, str]:
    """The same short text in several languages: article 1 of the Universal Declaration of Human Rights (1948)."""
    texts: dict[str, str] = json.loads(PARALLEL.read_text(encoding="utf-8"))
    return texts
