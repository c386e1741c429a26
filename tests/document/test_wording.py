"""Laws of the wording files: both languages, same places, no digit in prose, and every key of the code exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from analyzer.document.knowledge import FIELD_OF, MARKS
from analyzer.document.wording import REASON_FILES, WordingMissing, Words, fill, places_of, read_template
from analyzer.records.document import Code, Plain, Strong

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "report_templates" / "wording").glob("*.toml"))
ENTRIES = [(file.stem, name) for file in FILES for name in read_template("wording", file.stem)]
PROSE = re.compile(r"\{[^}]*\}|`[^`]*`")
CALLS = {"line": 0, "text": 0, "raw": 0, "has": 0}
REASON_CALLS = {"CannotEvaluate": 0, "Cause": 0, "unknown": 0, "Unknown": 0, "Gap": 1}
BLOCK_CALLS = {"paragraph": 1, "heading": 1, "note": 2, "folded": 1}


@pytest.mark.parametrize(("file", "name"), ENTRIES, ids=str)
def test_entry_has_both_languages_with_the_same_places_and_no_digits(file: str, name: str) -> None:
    entry = read_template("wording", file)[name]
    assert set(entry) == {"en", "zh"}
    assert entry["en"].strip() and entry["zh"].strip()
    assert places_of(entry["en"]) == places_of(entry["zh"])
    if file not in REASON_FILES:
        for language in ("en", "zh"):
            assert not re.search(r"\d", PROSE.sub("", entry[language])), entry[language]


def keys_in_code() -> set[str]:
    """Constant keys handed to the words or to a block builder."""
    found = set()
    for path in sorted((ROOT / "analyzer" / "document").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            at = CALLS.get(name, BLOCK_CALLS.get(name))
            if at is not None and len(node.args) > at:
                key = node.args[at]
                if isinstance(key, ast.Constant) and isinstance(key.value, str) and "." in key.value:
                    found.add(key.value)
    return found


def test_every_key_of_the_code_exists() -> None:
    words = Words("en")
    keys = keys_in_code()
    assert len(keys) > 100
    assert [key for key in sorted(keys) if not words.has(key)] == []


def test_every_column_of_the_code_has_a_header() -> None:
    columns = read_template("wording", "columns")
    used = set()
    for path in sorted((ROOT / "analyzer" / "document").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_table = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "table" and len(node.args) >= 3
            if is_table and isinstance(node.args[2], ast.Constant):
                used |= set(str(node.args[2].value).split())
    assert used
    assert used <= set(columns)


def test_places_code_and_strong_become_inline_parts() -> None:
    line = fill("a {x} `b` **c {x}**", {"x": Code("n")})
    assert line == (Plain("a "), Code("n"), Plain(" "), Code("b"), Plain(" "), Strong("c n"))


def test_unfilled_place_is_an_error() -> None:
    with pytest.raises(WordingMissing):
        fill("{x}", {})


def reasons_in_code() -> set[str]:
    """Constant reasons for which a value is unknown."""
    found = set()
    paths = [path for path in sorted((ROOT / "analyzer").rglob("*.py")) if "standins" not in path.parts]
    for node in (node for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        name = ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and name in REASON_CALLS and len(node.args) > REASON_CALLS[name]:
            reason = node.args[REASON_CALLS[name]]
            if isinstance(reason, ast.Constant) and isinstance(reason.value, str):
                found.add(reason.value)
    return found


def test_every_reason_of_the_code_has_a_sentence() -> None:
    words, reasons = Words("en"), reasons_in_code()
    assert len(reasons) > 50
    assert [one for one in sorted(reasons) if not any(words.has(f"{file}.{one}") for file in REASON_FILES)] == []


def test_unlisted_reason_is_shown_as_its_identifier() -> None:
    assert Words("zh").reason("no_such_reason", (("name", "f"),)) == (Code("no_such_reason: name=f"),)


@pytest.mark.parametrize("field", sorted({*FIELD_OF.values(), *MARKS}))
def test_knowledge_rows_cite_a_listed_source(field: str) -> None:
    data, sources = read_template("knowledge", field), read_template("knowledge", "sources")
    rows = [data["background"], *data["milestones"], *data["models"]]
    assert all(row["source"] in sources for row in rows)
    assert all(row["en"] and row["zh"] for row in rows)


def test_sources_have_an_arxiv_id_or_doi() -> None:
    for row in read_template("knowledge", "sources").values():
        assert re.fullmatch(r"arXiv:\d{4}\.\d{4,5}|doi:10\.\S+|https://papers\.nips\.cc/\S+", row["identifier"])


PROPER = re.compile(r"[A-Z][\w-]*(?: Transformer)?")
"""Names that are the same in every language."""


@pytest.mark.parametrize("field", sorted({*FIELD_OF.values(), *MARKS}))
def test_milestones_have_a_chinese_name_unless_it_is_a_proper_one(field: str) -> None:
    for row in read_template("knowledge", field)["milestones"]:
        assert "name_zh" in row or PROPER.fullmatch(row["name"]), row["name"]
