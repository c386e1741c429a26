"""Defaults that sentences and tables of documents state for an option by its own name (`--batch-size`, default 16),
against the parsers and functions that define it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.figures import FIGURE, figure_of, is_rounding
from analyzer.techniques.claims.help_defaults import compared
from analyzer.techniques.claims.settings import Setting, defaults, plain_name
from analyzer.techniques.claims.texts import LINK, Line, Row, fenced, prose, rows

FLAG = re.compile(r"(?<![\w-])--(?P<name>[A-Za-z][\w-]*)")
VALUE = r"[`'\"*]*(?P<value>-?[\w.+\-/]*\w)[`'\"*]*"
SAID = re.compile(
    r"(?:\bwhich\s+)?(?:\(|,\s*)?\bdefaults?\b(?:\s+value)?(?:\s+(?:is|to|of|as|at)\b|\s*[:=])?"
    rf"\s*(?:set to\s+)?{VALUE}"
    r"(?=\s*(?:[),;.|]|$|\band\b|\bper\b|\()|\s*(?:steps|iterations|epochs|images|samples|layers|seconds)\b)",
    re.IGNORECASE,
)
"""`--batch-size` (default 16), network capacity (which defaults to `16`)."""
SET_AS = re.compile(rf"\bset\s+(?:at|to)\s+{VALUE}\s+(?:as|by)\s+(?:the\s+)?default\b", re.IGNORECASE)
"""`It is set at 0.75 as default`, where the line speaks of one option."""
ITEM = re.compile(r"^\s*(?:(?:[-*+]|\d+[.)])\s+)?[`*]*(?:-\w[,\s]\s*)?--(?P<name>[A-Za-z][\w-]*)")
DEFAULT_COLUMN = re.compile(r"^(?:default|default value|defaults|默认值?)$", re.IGNORECASE)
NO_VALUE = frozenset(
    {"the", "a", "an", "this", "that", "it", "is", "to", "of", "in", "see", "value", "values", "all", "off", "on"}
)
SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=[A-Z`\-\[(])")


def check_options(index: SourceIndex, facts: Facts) -> Iterator[Claim]:
    """One claim per default that a document states for an option that the source defines."""
    settings = defaults(facts)
    names: dict[str, list[Setting]] = {}
    for setting in settings:
        names.setdefault(setting.name, []).append(setting)
    for line in prose(index):
        yield from _in_sentences(index, line, names)
    for line in fenced(index):
        yield from _in_item(index, line, line.text, names)
    for row in rows(index):
        yield from _in_row(index, row, names)


def _in_sentences(index: SourceIndex, line: Line, names: dict[str, list[Setting]]) -> Iterator[Claim]:
    readable = LINK.sub(r"\1", line.text)
    yield from _in_item(index, line, readable, names)
    for sentence in SENTENCE.split(readable):
        match = SET_AS.search(sentence) or SAID.search(sentence)
        if match is None or len(re.findall(r"\bdefault", sentence, re.IGNORECASE)) != 1:
            continue
        name = _subject(line.text if match.re is SET_AS else sentence, sentence[: match.start()], names)
        if name is not None:
            yield from _claim(index, line, name, match.group("value"), names[name])


def _in_item(index: SourceIndex, line: Line, readable: str, names: dict[str, list[Setting]]) -> Iterator[Claim]:
    """A list item, or a line of a printed help, that begins with an option: its default may stand sentences later."""
    item = ITEM.match(readable)
    name = plain_name(item.group("name")) if item is not None else ""
    match = SAID.search(readable)
    is_one = len({plain_name(flag) for flag in FLAG.findall(readable)}) == 1
    once = len(re.findall(r"\bdefault", readable, re.IGNORECASE)) == 1
    if name in names and match is not None and is_one and once:
        yield from _claim(index, line, name, match.group("value"), names[name])


def _subject(sentence: str, before: str, names: dict[str, list[Setting]]) -> str | None:
    """The one flag of the sentence, or the option whose name in words stands right before."""
    flags = {plain_name(name) for name in FLAG.findall(sentence)}
    if len(flags) == 1:
        flag = next(iter(flags))
        return flag if flag in names else None
    if flags:
        return None
    words = re.sub(r"[`*\"'(,]|\bwhich\b|\s-\s*$", " ", before.lower()).replace("-", " ").split()
    longest = (("_".join(words[-size:])) for size in range(min(4, len(words)), 0, -1))
    name = next((name for name in longest if name in names and ("_" in name or f"`{name}`" in before.lower())), None)
    return name if name is not None and any(s.option for s in names[name]) else None


def _in_row(index: SourceIndex, row: Row, names: dict[str, list[Setting]]) -> Iterator[Claim]:
    """Rows that begin with an option's name, in the column of defaults."""
    column = next((i for i, title in enumerate(row.header) if DEFAULT_COLUMN.match(title)), None)
    flags = [
        plain_name(word) for word in re.split(r"[,\s/]+", row.cells[0]) if re.match(r"-{0,2}[A-Za-z][\w-]+$", word)
    ]
    known = [name for name in dict.fromkeys(flags) if name in names]
    if column is None or column >= len(row.cells) or len(known) != 1:
        return
    value = row.cells[column].strip(" `'\"*")
    if re.fullmatch(r"-?[\w.+\-/]*\w", value):
        yield from _claim(index, row.line, known[0], value, names[known[0]], whole="_" in known[0])


def _claim(
    index: SourceIndex, line: Line, name: str, stated: str, own: Iterable[Setting], *, whole: bool = False
) -> Iterator[Claim]:
    """Agrees with any that has it; differs where all that have the option have one other value. `whole` where the
    name in full and nothing else is what a row speaks of, so that it need not be an option of a command line.
    """
    if stated.lower() in NO_VALUE:
        return
    where = index.span(line.path, line.number)
    judged = [(setting, _compared(stated, setting)) for setting in own]
    equal = next((setting for setting, verdict in judged if verdict == "agree"), None)
    text = line.text.strip()
    if equal is not None:
        yield Claim(text, stated, f"{name} = {equal.value!r}", "agree", where, (equal.where,), name)
        return
    other = [setting for setting, verdict in judged if verdict == "differ"]
    is_one = len(other) == len(judged) > 0 and len({repr(s.value) for s in other}) == 1
    is_value = FIGURE.match(stated) is not None or stated in ("True", "False", "None")
    if is_one and is_value and not line.elsewhere and (other[0].option or whole):
        yield Claim(text, stated, f"{name} = {other[0].value!r}", "differ", where, (other[0].where,), name)
    elif is_value:
        yield Claim(text, stated, "", "unknown", where, (), name, "subject_not_certain")


def _compared(stated: str, setting: Setting) -> str | None:
    figure, number = figure_of(stated), setting.number
    if figure is not None and number is not None:
        return "agree" if is_rounding(figure, number) else "differ"
    if isinstance(setting.value, bool) and stated.lower() in ("true", "false"):
        return "agree" if (stated.lower() == "true") == setting.value else "differ"
    return compared(stated, setting.value)
