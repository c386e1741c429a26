"""Numbers in documents, comments and help texts against what the source says. A claim counts only where its
subject is certain: a preset's own line, an option's own help text, an arithmetic written out.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from typing import Literal

from analyzer.facts.testing import is_test_file
from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts, Shapes
from analyzer.records.configuration import ConfigValue
from analyzer.records.evidence import Known
from analyzer.records.source import Span
from analyzer.records.techniques import Claim
from analyzer.records.tensors import ModelShapes, ParameterCounts

_COUNT = re.compile(r"(?<![\w.])(\d+(?:[.,]\d+)?)\s?([KMB])\s*(?:params?\b|parameters\b)", re.IGNORECASE)
Verdict = Literal["agree", "differ", "unknown"]
_UNITS = {"k": 10**3, "m": 10**6, "b": 10**9}
_DEFAULT = re.compile(
    r"\bdefaults?(?:\s+(?:is|to|value|value is)\s+|\s*[:=]\s*)[`'\"]?(-?[\w.+\-]*\w)[`'\"]?\s*(?=[),;\]]|\.?$)"
)
"""`default: 3`, `defaults to 0.1)`: the value ends its clause, so that no prose is taken for one."""
_NUMBER = r"\d[\d_]*(?:\.\d+)?"
_FACTOR = rf"{_NUMBER}(?:\s+[A-Za-z][A-Za-z ]{{0,24}}?)?"
_PRODUCT = re.compile(rf"(?<![\w.*/+-])((?:{_FACTOR}\s*\*\s*)+{_FACTOR})\s*=\s*(~?\d[\d,_]*(?:\.\d+)?)(?![\w.*/])")


def find_claims(index: SourceIndex, facts: Facts, shapes: Shapes) -> tuple[Claim, ...]:
    """Checked claims by place."""
    built = {name: model for model in (*shapes.models, *shapes.presets) for name in _names_of(model, facts)}
    sizes = (*_preset_sizes(index, facts, built), *_table_sizes(index, built))
    found = [*sizes, *_stated_defaults(facts), *_products(index)]
    return tuple(sorted(dict.fromkeys(found), key=lambda claim: (claim.where, claim.claimed)))


# ---- parameter counts behind presets


def _preset_sizes(index: SourceIndex, facts: Facts, built: dict[str, ModelShapes]) -> Iterator[Claim]:
    """A count in the comment on the very line that defines a preset."""
    for preset in facts.configuration.presets:
        model = built.get(preset.name)
        where = preset.where
        if model is None or where.first_line != where.last_line or where.path not in index.files:
            continue
        comment = index.quote(where.path, where.first_line, where.last_line).partition("#")[2]
        match = _COUNT.search(comment)
        if match is not None:
            yield _size_claim(match, comment.strip(), where, model, preset.name)


def _table_sizes(index: SourceIndex, built: dict[str, ModelShapes]) -> Iterator[Claim]:
    """Rows of Markdown tables: a column headed by parameters, a row that a preset's name begins."""
    for path, file in index.files.items():
        lines = index.lines(path) if file.kind == "markdown" else []
        column: int | None = None
        for number, line in enumerate(lines, 1):
            cells = [cell.strip(" `*") for cell in line.strip().strip("|").split("|")] if "|" in line else []
            if not cells:
                column = None
            elif column is None:
                column = next((i for i, c in enumerate(cells) if re.search(r"\bparam", c, re.IGNORECASE)), None)
            elif column < len(cells) and cells[0] in built:
                match = _CELL.match(cells[column])
                if match is not None:
                    yield _size_claim(match, line.strip(), index.span(path, number), built[cells[0]], cells[0])


_CELL = re.compile(r"^(\d+(?:[.,]\d+)?)\s?([KMB])$", re.IGNORECASE)


def _names_of(model: ModelShapes, facts: Facts) -> Iterator[str]:
    """Presets whose line the model was built from."""
    for preset in facts.configuration.presets:
        if model.build_where == preset.where or (preset.build and preset.build == model.build_expression):
            yield preset.name


def _size_claim(match: re.Match[str], text: str, where: Span, model: ModelShapes, subject: str) -> Claim:
    counted = model.parameters
    if not isinstance(counted, Known) or not isinstance(counted.value, ParameterCounts):
        return Claim(text, match.group(0), "", "unknown", where, (), subject)
    total = counted.value.total
    verdict: Verdict = "agree" if agrees(match.group(1), match.group(2), total) else "differ"
    return Claim(text, match.group(0), f"{total:,}", verdict, where, counted.where, subject)


def agrees(number: str, unit: str, total: int) -> bool:
    """The total rounds, up or down, to the number in its own precision."""
    digits = len(number.replace(",", ".").partition(".")[2])
    claimed = float(number.replace(",", "."))
    exact = total / _UNITS[unit.lower()]
    step = 10.0**-digits
    rounded = (math.floor(exact / step) * step, math.ceil(exact / step) * step, round(exact, digits))
    return any(math.isclose(claimed, value, abs_tol=step / 1000) for value in rounded)


# ---- defaults in help texts


def _stated_defaults(facts: Facts) -> Iterator[Claim]:
    for table in facts.configuration.tables:
        for value in table.values:
            match = _DEFAULT.search(value.help or "")
            if match is not None and isinstance(value.value, Known) and "%(" not in (value.help or ""):
                claim = _default_claim(value, match.group(1), value.value.value)
                if claim is not None:
                    yield claim


def _default_claim(value: ConfigValue, stated: str, actual: object) -> Claim | None:
    """A literal of the same kind as the value; words are compared as they stand."""
    literal = _literal(stated)
    if actual is None or isinstance(actual, bool):
        comparable = literal is None or isinstance(literal, bool)
    elif isinstance(actual, (int, float)):
        comparable = isinstance(literal, (int, float)) and not isinstance(literal, bool)
    else:
        comparable, literal = isinstance(actual, str), stated
    if not comparable:
        return None
    verdict: Verdict = "agree" if literal == actual else "differ"
    return Claim(value.help or "", stated, repr(actual), verdict, value.where, (value.where,), value.name)


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


# ---- arithmetic written out


def _products(index: SourceIndex) -> Iterator[Claim]:
    """`12 batch size * 1024 block size * 5 gradaccum * 8 GPUs = 491,520` in comments."""
    for path in index.python_paths():
        if index.files[path].kind != "python" or is_test_file(index, path):
            continue
        for number, line in enumerate(index.lines(path), 1):
            comment = line.partition("#")[2]
            for match in _PRODUCT.finditer(comment):
                yield _product_claim(match, comment.strip(), index.span(path, number))


def _product_claim(match: re.Match[str], text: str, where: Span) -> Claim:
    factors = [float(f.replace("_", "")) for f in re.findall(_NUMBER, match.group(1))]
    product = math.prod(factors)
    stated = match.group(2).lstrip("~")
    claimed = float(stated.replace(",", "").replace("_", ""))
    close = math.isclose(product, claimed, rel_tol=0.05 if match.group(2).startswith("~") else 1e-9)
    return Claim(
        text, stated, f"{product:,.10g}", "agree" if close else "differ", where, (where,), match.group(1).strip()
    )
