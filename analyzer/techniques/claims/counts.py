"""Parameter counts that comments, docstrings and sentences state (`# 124M params`, `GPT-2 (124M)`), held against
the model that they name: the preset whose line they stand on, or a name directly before them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from analyzer.facts.testing import is_test_file
from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts
from analyzer.records.configuration import Preset
from analyzer.records.evidence import Known
from analyzer.records.source import Span
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.figures import ABOUT, NUMBER, Figure, figure_of
from analyzer.techniques.claims.sizes import Size, Sizes, normal
from analyzer.techniques.claims.texts import Comment, Line, comments, docstring_lines, plain, prose

UNIT = r"(?:[KMB]|[Mm]illion|[Bb]illion)"
COUNT = re.compile(
    rf"(?<![\w.,/-])(?P<figure>(?:{ABOUT})?(?:(?:{NUMBER})[\s-]?{UNIT}|\d{{1,3}}(?:,\d{{3}})+|\d{{5,}}))[\s-]?"
    r"(?:(?:total|model|trainable|learnable)\s+)?(?:params?|parameters?|个?参数)(?![\w])",
    re.IGNORECASE,
)
NAMED = re.compile(
    r"(?<![A-Za-z0-9_.+/-])(?P<name>[A-Za-z][\w.+/-]*(?:[ -][A-Za-z0-9]+){0,2})"
    rf"\s*\(\s*(?P<figure>[~≈]?\s?(?:{NUMBER})\s?[KMB])"
    r"(?=\s*(?:[),;]|params?|parameters?))"
)
"""`GPT-2 (124M)`, `small (~125M params)`."""
SIZED = re.compile(
    rf"(?<![A-Za-z0-9_.+/-])(?P<name>[A-Za-z][\w.+/-]*)\s+(?P<figure>[~≈]?(?:{NUMBER})\s?[MB])(?=[\s-](?:models?|version|variant|checkpoint)\b)"
)
"""`the GPT-2 1.3B model`."""
OTHER = re.compile(r"\b(?:larger?|smaller?|than|like|versus|vs\.?|unlike|compared|paper|original|up to)\b", re.I)


def find_counts(index: SourceIndex, facts: Facts, sizes: Sizes) -> tuple[Claim, ...]:
    """One claim for each stated count of parameters."""
    found = [claim for comment in comments(index) for claim in _in_comment(index, facts, sizes, comment)]
    found += [
        claim for line, node in docstring_lines(index) for claim in _in_docstring(index, facts, sizes, line, node)
    ]
    found += [claim for line in prose(index) for claim in _in_sentence(index, sizes, line)]
    found += [claim for path in index.trees() for claim in _in_texts(index, sizes, path)]
    return tuple(dict.fromkeys(found))


def count_claim(text: str, stated: str, where: Span, size: Size, *, certain: bool) -> Claim:
    """The verdict on a count whose subject is a size; a count that only seems to speak of it cannot differ."""
    figure = count_of(stated)
    verdict, derived = size.judge(figure) if figure is not None else ("unknown", "")
    if verdict != "agree" and not certain:
        return Claim(text, stated, "", "unknown", where, (), size.name, "subject_not_certain")
    reason = "values_left_open" if verdict == "unknown" else ""
    return Claim(text, stated, derived if not reason else "", verdict, where, size.where, size.name, reason)


def count_of(stated: str) -> Figure | None:
    """`1.3 billion`, `124M`, `110,000,000`."""
    short = re.sub(r"[\s-]?[Mm]illion", "M", stated)
    return figure_of(re.sub(r"[\s-]?[Bb]illion", "B", short).replace("-", ""))


def _stated(text: str) -> Iterator[tuple[str, str]]:
    """Each stated count with the name directly before it, if any."""
    beside = [*NAMED.finditer(text), *SIZED.finditer(text)]
    named = {m.start("figure"): m.group("name") for m in beside}
    counts = {m.start("figure"): m.group("figure") for m in (*COUNT.finditer(text), *beside)}
    for place, stated in sorted(counts.items()):
        yield stated.strip(), named.get(place, "")


def _in_comment(index: SourceIndex, facts: Facts, sizes: Sizes, comment: Comment) -> Iterator[Claim]:
    where = index.span(comment.path, comment.number)
    for stated, name in _stated(comment.text):
        own = sizes.at(comment.path, comment.number) if comment.code else None
        if own is not None and not name and not OTHER.search(comment.text):
            yield count_claim(comment.text, stated, where, own, certain=True)
            continue
        size = _by_name(sizes, name) or own or _of_file(facts, sizes, comment.path)
        yield _loosely(comment.text, stated, where, size, sizes, name)


def _in_texts(index: SourceIndex, sizes: Sizes, path: str) -> Iterator[Claim]:
    """Texts of a preset's own dictionary that are nothing but a count: `'small': {'about': '~125M parameters'}`."""
    if is_test_file(index, path):
        return
    outer = (node for node in ast.walk(index.trees()[path]) if isinstance(node, ast.Dict))
    for name, inner in ((k, v) for node in outer for k, v in zip(node.keys, node.values, strict=True)):
        for value in inner.values if isinstance(inner, ast.Dict) and isinstance(name, ast.Constant) else ():
            text = value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""
            match = COUNT.fullmatch(text.strip())
            if match is not None and isinstance(name, ast.Constant):
                size = sizes.named(str(name.value))
                yield _loosely(text, match.group("figure"), index.span(path, value), size, sizes, str(name.value))


def _in_docstring(index: SourceIndex, facts: Facts, sizes: Sizes, line: Line, node: ast.AST) -> Iterator[Claim]:
    where = index.span(line.path, line.number)
    for stated, name in _stated(line.text):
        span = index.span(line.path, node) if not isinstance(node, ast.Module) else None
        own = _preset_within(facts, sizes, span) if span is not None else None
        yield _loosely(line.text.strip(), stated, where, _by_name(sizes, name) or own, sizes, name)


def _in_sentence(index: SourceIndex, sizes: Sizes, line: Line) -> Iterator[Claim]:
    text = plain(line.text)
    where = index.span(line.path, line.number)
    for stated, name in _stated(text):
        size = _by_name(sizes, name)
        if size is None and not line.elsewhere and _names_project(index, sizes, text):
            size = sizes.main
        yield _loosely(line.text.strip(), stated, where, size, sizes, name)


def _loosely(text: str, stated: str, where: Span, size: Size | None, sizes: Sizes, name: str) -> Claim:
    """A claim that can agree and never differ."""
    if size is not None:
        return count_claim(text, stated, where, size, certain=False)
    return Claim(text, stated, "", "unknown", where, (), name, "not_built" if name else "subject_not_certain")


def _by_name(sizes: Sizes, name: str) -> Size | None:
    """The longest end of `the file reproduces GPT-2` that names a model."""
    words = re.split(r"(?<=[\w+/.])[ ]", name) if name else []
    ends = (" ".join(words[first:]) for first in range(len(words)))
    return next((size for end in ends if (size := sizes.named(end)) is not None), None)


def _names_project(index: SourceIndex, sizes: Sizes, text: str) -> bool:
    """The sentence names the repository itself or its main class, and no other one beside it."""
    own = {normal(index.repository.name), normal(sizes.main_class)} - {""}
    words = {normal(word) for word in re.findall(r"[\w-]+", text)}
    return bool(own & words) and not OTHER.search(text)


def _of_file(facts: Facts, sizes: Sizes, path: str) -> Size | None:
    """The preset that a configuration file names in one of its own values: `init_from = 'gpt2-xl'`."""
    texts = [
        value.value for preset in facts.configuration.presets if preset.where.path == path == preset.name
        for _, value in preset.values if isinstance(value, Known) and isinstance(value.value, str)
    ]  # fmt: skip
    found = {size.name: size for text in texts if (size := sizes.named(str(text))) is not None}
    return next(iter(found.values())) if len(found) == 1 else None


def _preset_within(facts: Facts, sizes: Sizes, span: Span) -> Size | None:
    """The one preset that stands in the lines of a function or class."""
    inside: list[Preset] = [
        p for p in facts.configuration.presets
        if p.where.path == span.path and span.first_line <= p.where.first_line and p.where.last_line <= span.last_line
    ]  # fmt: skip
    return sizes.named(inside[0].name) if len({p.name for p in inside}) == 1 else None
