"""`deepdive quiz`: asks the questions of a written report, grades what is typed, explains with source lines.

A score counts only what was answered; without an answer there is none.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from analyzer.records.errors import UserError

SCHEMA = "deepdive/quiz/1"
UNITS = {"k": 10**3, "m": 10**6, "b": 10**9, "g": 10**9, "t": 10**12}
QUANTITY = re.compile(r"(\d+(?:\.\d+)?)\s*([kmbgt]?)", re.IGNORECASE)
FEWEST_DIGITS = 3


@dataclass(frozen=True)
class QuizQuestion:
    """One question in one language; any of `accepted` is right."""

    question: str
    answer: str
    accepted: tuple[str, ...]
    source: tuple[tuple[str, str], ...]
    """Places with the code that stands there."""


def read_quiz(directory: Path, language: str | None) -> tuple[QuizQuestion, ...]:
    """The questions of a report; UserError where it has none in that language."""
    path = directory / "quiz.json"
    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UserError("no quiz here", str(directory), "give the directory of a report of deepdive") from error
    except ValueError as error:
        raise UserError("the quiz cannot be read", str(path), "write the report again") from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or not isinstance(data.get("questions"), list):
        raise UserError("this is no quiz of deepdive", str(path), "write the report again")
    try:
        return tuple(_question(item, language) for item in data["questions"])
    except (KeyError, TypeError, AttributeError) as error:
        known = ", ".join(data["questions"][0].get("question", {})) if data["questions"] else "none"
        raise UserError(f"the quiz has no {language!r}", str(path), f"it has {known}") from error


def _question(item: dict[str, Any], language: str | None) -> QuizQuestion:
    chosen = language or next(iter(item["question"]))
    places = tuple((str(place["where"]), str(place["text"])) for place in item["source"])
    return QuizQuestion(item["question"][chosen], item["answer"][chosen], tuple(item["accepted"]), places)


def run_quiz(directory: Path, language: str | None, answers: TextIO = sys.stdin) -> int:
    """Ask until the questions or the answers end; returns the exit code."""
    asked, right = 0, 0
    questions = read_quiz(directory, language)
    print(f"{len(questions)} questions; an empty line skips one, end of input leaves.")
    for number, question in enumerate(questions, 1):
        print(f"\n{number}. {question.question}\n> ", end="", flush=True)
        line = answers.readline()
        if not line:
            print()
            break
        given = line.strip()
        if given:
            asked += 1
            right += is_right(given, question)
        print("\n".join(_explained(given, question)))
    print(f"\n{right} of {asked} answers right; {len(questions) - asked} questions not answered." if asked else "")
    return 0


def _explained(given: str, question: QuizQuestion) -> Iterator[str]:
    verdict = "skipped" if not given else "right" if is_right(given, question) else "not right"
    yield f"{verdict}: {question.answer}"
    for where, text in question.source:
        yield f"  {where}"
        yield from (f"    {line}" for line in text.splitlines())


def is_right(given: str, question: QuizQuestion) -> bool:
    """Whether an answer equals an accepted one but for case, spaces, quotes and the grouping of digits; a quantity
    may be rounded to three digits or more (`124.5M`).
    """
    wanted = {_plain(form) for form in question.accepted}
    return _plain(given) in wanted or any(_rounds_to(given, form) for form in wanted)


def _plain(text: str) -> str:
    return re.sub(r"(?<=\d)[,_](?=\d{3})", "", re.sub(r"[\s`'\"]", "", text.lower()))


def _rounds_to(given: str, wanted: str) -> bool:
    match = QUANTITY.fullmatch(_plain(given))
    if match is None or not wanted.isdigit() or not match[2]:
        return False
    digits = len(match[1].replace(".", "").lstrip("0"))
    decimals = len(match[1].partition(".")[2])
    unit = UNITS[match[2].lower()]
    return digits >= FEWEST_DIGITS and round(int(wanted) / unit, decimals) == float(match[1])
