"""How good a corpus is: lengths, and records that are empty, short, repetitive, broken or there twice.

Each judgement is a stated rule about one record; whether such records harm a model is not decided here.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Any

from reference_model.documents import parse_document
from reference_model.errors import UserError

ISSUES = ("malformed", "encoding_error", "empty", "too_short", "repetitive", "duplicate")


@dataclass(frozen=True)
class Rules:
    """What counts as an issue."""

    min_length: int = 10  # characters: fewer are too short
    min_words: int = 10  # fewer are never called repetitive
    top_word_share: float = 0.5  # one word with more of all words than this is repetitive
    repeated_share: float = 0.6  # so is a text of which more than this stands in sequences of four words met before


@dataclass(frozen=True)
class Record:
    """One line of the corpus: its text where it has one, and the first rule that it breaks."""

    line: int
    text: str
    issue: str  # one of ISSUES, or empty


@dataclass(frozen=True)
class Report:
    """The whole corpus in numbers; lengths are in characters, of records that have a text."""

    records: int
    kept: int
    issues: dict[str, int]
    length: dict[str, float]


def read_records(path: Path, rules: Rules) -> Iterator[Record]:
    """Every line of a .jsonl file, or every paragraph of another text file, judged."""
    seen: set[bytes] = set()
    for number, raw in read_raw(path):
        text, issue = judge_line(raw, is_json=path.suffix == ".jsonl")
        issue = issue or judge_text(text, rules)
        if not issue:
            digest = hashlib.sha256(" ".join(text.split()).lower().encode(errors="surrogatepass")).digest()
            issue = "duplicate" if digest in seen else ""
            seen.add(digest)
        yield Record(number, text, issue)


def read_raw(path: Path) -> Iterator[tuple[int, bytes]]:
    """(number of its first line, bytes) of each record."""
    try:
        with path.open("rb") as file:
            if path.suffix == ".jsonl":
                yield from enumerate((line.rstrip(b"\r\n") for line in file), 1)
                return
            start = 1
            lines: list[bytes] = []
            for number, line in enumerate(file, 1):
                if line.strip():
                    start = start if lines else number
                    lines.append(line)
                elif lines:
                    yield start, b"".join(lines)
                    lines = []
            if lines:
                yield start, b"".join(lines)
    except OSError as problem:
        raise UserError(f"{path}: cannot be read: {problem.strerror}") from None


def judge_line(raw: bytes, is_json: bool) -> tuple[str, str]:
    """The text of a record, and the issue that keeps it from being read."""
    try:
        line = raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("utf-8", errors="replace"), "encoding_error"
    if is_json and line.strip():
        try:
            document = parse_document(line)
        except ValueError:
            return "", "malformed"
        line = document if isinstance(document, str) else "\n".join(message.content for message in document)
    # U+FFFD is what an earlier program wrote for bytes that it could not read; a lone surrogate has no bytes at all.
    broken = "\N{REPLACEMENT CHARACTER}" in line or any("\ud800" <= character <= "\udfff" for character in line)
    return line, "encoding_error" if broken else ""


def judge_text(text: str, rules: Rules) -> str:
    if not text.strip():
        return "empty"
    if len(text.strip()) < rules.min_length:
        return "too_short"
    return "repetitive" if is_repetitive(text, rules) else ""


def is_repetitive(text: str, rules: Rules) -> bool:
    """One word dominates, or most sequences of four words occurred before in the same text."""
    words = text.split()
    if len(words) < rules.min_words:
        return False
    if Counter(words).most_common(1)[0][1] / len(words) > rules.top_word_share:
        return True
    sequences = [tuple(words[at : at + 4]) for at in range(len(words) - 3)]
    return 1 - len(set(sequences)) / len(sequences) > rules.repeated_share


def summarize(records: list[Record]) -> Report:
    if not records:
        raise UserError("the corpus holds no record")
    counts = Counter(record.issue for record in records)
    lengths = sorted(len(record.text) for record in records if record.text.strip())
    return Report(
        records=len(records),
        kept=counts[""],
        issues={issue: counts[issue] for issue in ISSUES},
        length=describe(lengths) if lengths else {},
    )


def describe(lengths: list[int]) -> dict[str, float]:
    twentieths = quantiles(lengths, n=20, method="inclusive") if len(lengths) > 1 else [float(lengths[0])] * 19
    return {
        "shortest": lengths[0], "5 %": twentieths[0], "median": median(lengths), "mean": mean(lengths),
        "95 %": twentieths[-1], "longest": lengths[-1],
    }  # fmt: skip


def write_report(report: Report, records: list[Record], folder: Path) -> list[Path]:
    """report.json and lengths.svg."""
    from reference_model.figures import bars, draw, histogram

    data = folder / "report.json"
    write_text(data, json.dumps(asdict(report), indent=1) + "\n")
    lengths = [len(record.text) for record in records if record.text.strip()]
    found = {issue: float(count) for issue, count in report.issues.items()}
    panels = [histogram("Length of records", "characters", "records", lengths), bars("Issues", "records", found)]
    return [data, draw(folder / "lengths.svg", panels)]


def write_subset(path: Path, records: list[Record], source: Path) -> int:
    """The records without an issue, as they stand in `source`; returns how many there are."""
    good = {record.line for record in records if not record.issue}
    kept = [raw.decode("utf-8") for number, raw in read_raw(source) if number in good]
    separator = "\n" if source.suffix == ".jsonl" else "\n\n"
    write_text(path, separator.join(text.rstrip("\n") for text in kept) + ("\n" if kept else ""))
    return len(kept)


def write_text(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UserError(f"{path}: cannot be written: {problem.strerror}") from None


def print_report(report: Report, write: Any = print) -> None:
    write(f"records  {report.records:>10,}")
    for issue, count in report.issues.items():
        write(f"  {issue.replace('_', ' '):<15}{count:>8,}  {count / report.records:6.1%}")
    write(f"  {'without issue':<15}{report.kept:>8,}  {report.kept / report.records:6.1%}")
    for name, value in report.length.items():
        write(f"length, {name:<9}{value:>10,.1f} characters")
