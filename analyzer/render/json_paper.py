"""The paper of `--paper` in facts.json: its passages with pages, its numbers with what the source says."""

from __future__ import annotations

from analyzer.records.paper import Paper, PaperClaim, Passage
from analyzer.render.json_values import Json, Object, source
from analyzer.render.text import clean


def paper(item: Paper) -> Object:
    described: Object = {"name": clean(item.name), "sha256": item.sha256, "pages": item.pages, "how": "read"}
    described |= {"title": clean(item.title), "tables_read": item.has_tables}
    described |= {
        "abstract": [_passage(one) for one in item.abstract],
        "problem": [_passage(one) for one in item.problem],
        "contributions": [_passage(one) for one in item.contributions],
        "equations": [{"number": one.number, "text": clean(one.text), "page": one.page} for one in item.equations],
        "numbers": [_number(one) for one in item.claims],
    }
    return described


def _passage(item: Passage) -> Json:
    return {"text": clean(item.text), "page": item.page}


def _number(item: PaperClaim) -> Json:
    stated = item.number
    described: Object = {"quantity": stated.quantity, "value": stated.value, "printed": clean(stated.printed)}
    described |= {"page": stated.page, "quoted": clean(stated.quoted), "verdict": item.verdict}
    if stated.column:
        described["column"] = clean(stated.column)
    described["candidates"] = [
        {"name": clean(name), "value": clean(value), "source": source(where)} for name, value, where in item.candidates
    ]
    return described
