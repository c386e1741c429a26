"""What the pages of a paper say: title, abstract, contributions, numbered equations, and numbers of named quantities.

Everything is quoted with its page; what is not recognised is left out, nothing is made up.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from analyzer.records.paper import PaperEquation, PaperNumber, Passage
from analyzer.techniques.paper.numbers import in_sentences, in_tables
from analyzer.techniques.paper.pages import largest_text, page_tables, page_texts, read_bytes

ABSTRACT = re.compile(r"^\s*(?:abstract|a\s?b\s?s\s?t\s?r\s?a\s?c\s?t)\s*(?:[.:—–-]+\s*(.*)|)$", re.IGNORECASE)
ABSTRACT_ENDS = re.compile(
    r"^\s*(?:(?:1|I)?\.?\s*introduction|key\s?words|index terms|ccs concepts|contents)\b", re.IGNORECASE
)
CONTRIBUTION = re.compile(
    r"\b(?:we|this (?:paper|work|article))\s+(?:\w+ly\s+)?"
    r"(?:propose|introduce|present|show|demonstrate|develop|design|describe|study)s?\b"
    r"|\bour (?:main |key )?contributions?\b",
    re.IGNORECASE,
)
PROBLEM = re.compile(
    r"\b(?:however|unfortunately|but|although|despite|while)\b.*"
    r"\b(?:not|limit\w*|difficult\w*|expensive|costly|fail\w*|lack\w*|slow\w*|"
    r"challeng\w*|preclud\w*|constrain\w*|hard|remain\w*|require\w*|only)\b",
    re.IGNORECASE,
)
EQUATION = re.compile(r"^(?P<body>.*?)\s*\((?P<number>[A-Z]?\.?\d{1,3}[a-z]?)\)\s*$")
MATHEMATICS = re.compile(r"[=∑∏∫√≤≥≈∈∼←→αβγδϵεθλμσφωπ∂∇‖∥·×⊙⊕]|softmax|log|exp|\\|\^")
LETTERS = re.compile(r"[A-Za-z]{3,}")
MOST_LINES = 80
MOST_PASSAGES = 8
LONGEST = 400


@dataclass(frozen=True)
class PaperText:
    """What was read off the pages, before it is compared with anything."""

    name: str
    sha256: str
    pages: int
    title: str
    abstract: tuple[Passage, ...]
    problem: tuple[Passage, ...]
    contributions: tuple[Passage, ...]
    equations: tuple[PaperEquation, ...]
    numbers: tuple[PaperNumber, ...]
    has_tables: bool


def read_paper(path: Path) -> PaperText:
    """Everything recognised in the file; raises UserError where it is no readable PDF."""
    data = read_bytes(path)
    texts = page_texts(data, str(path))
    tables = page_tables(data)
    abstract = _abstract(texts)
    sentences = [Passage(s, p.page) for p in abstract for s in sentences_of(p.text)]
    numbers = [*in_tables(tables or {}), *in_sentences(texts)]
    return PaperText(
        path.name,
        hashlib.sha256(data).hexdigest(),
        len(texts),
        _title(texts[0], largest_text(data)),
        abstract,
        tuple(s for s in sentences if PROBLEM.search(s.text))[:MOST_PASSAGES],
        tuple(s for s in sentences if CONTRIBUTION.search(s.text))[:MOST_PASSAGES],
        tuple(_equations(texts)),
        tuple(dict.fromkeys(numbers)),
        tables is not None,
    )


def joined(lines: Sequence[str]) -> str:
    """Lines as running text; a word parted at the end of a line is put together."""
    text = "\n".join(line.strip() for line in lines)
    return " ".join(re.sub(r"(?<=[a-z])-\n(?=[a-z])", "", text).split())


def sentences_of(text: str) -> list[str]:
    """Sentences; a full stop inside a number or behind a short word ends none."""
    parts = re.split(r"(?<=[a-z\])0-9][.!?])\s+(?=[A-Z])", text)
    found: list[str] = []
    for part in parts:
        if found and re.search(r"\b(?:e\.g|i\.e|et al|Fig|Eq|Sec|Tab|cf|vs|resp)\.$", found[-1]):
            found[-1] += f" {part}"
        else:
            found.append(part)
    return [part.strip() for part in found if part.strip()]


def _title(text: str, largest: str) -> str:
    """The largest letters of the first page; where these are none, the first line that reads like a title."""
    if len(LETTERS.findall(largest)) >= 2 and len(largest) <= LONGEST:
        return largest
    for line in text.split("\n")[:12]:
        plain = line.strip()
        if len(LETTERS.findall(plain)) >= 2 and not re.search(r"arxiv:|published as|preprint|@", plain, re.IGNORECASE):
            return plain[:LONGEST]
    return ""


def _abstract(texts: Sequence[str]) -> tuple[Passage, ...]:
    """From its heading to the next one, on the first pages."""
    for number, text in enumerate(texts[:4], 1):
        lines = text.split("\n")
        for place, line in enumerate(lines):
            heading = ABSTRACT.match(line)
            if heading is not None:
                found = _until_end([heading.group(1) or "", *lines[place + 1 :]])
                return (Passage(joined(found), number),) if joined(found) else ()
    return ()


def _until_end(lines: Sequence[str]) -> list[str]:
    found: list[str] = []
    for line in lines[:MOST_LINES]:
        if ABSTRACT_ENDS.match(line):
            break
        found.append(line)
    return found


def _equations(texts: Sequence[str]) -> Iterator[PaperEquation]:
    """Lines that end in a number in brackets and hold mathematics; the number alone takes the line before."""
    seen: set[str] = set()
    for page, text in enumerate(texts, 1):
        lines = [line.strip() for line in text.split("\n")]
        for place, line in enumerate(lines):
            match = EQUATION.match(line)
            if match is None or match.group("number") in seen:
                continue
            body = match.group("body") or (lines[place - 1] if place else "")
            if _is_mathematics(body):
                seen.add(match.group("number"))
                yield PaperEquation(match.group("number"), body[:LONGEST], page)


def _is_mathematics(body: str) -> bool:
    words = LETTERS.findall(
        re.sub(r"softmax|Attention|concat|head|where|log|exp|max|min", "", body, flags=re.IGNORECASE)
    )
    return MATHEMATICS.search(body) is not None and len(words) <= 6
