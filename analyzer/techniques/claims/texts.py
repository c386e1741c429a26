"""The places where a repository states things in words: lines of documents, rows of their tables, comments,
docstrings. Says where each stands and under which heading; what it means is for the readers.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from analyzer.facts.documented_code import fenced_blocks
from analyzer.facts.testing import is_test_file
from analyzer.index import SourceIndex

HEADING = re.compile(r"^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
OLD_FILE = re.compile(
    r"(?:^|/)(?:change_?log|changes|history|news|releases?|contributing|code_of_conduct|license)\b", re.I
)
ELSEWHERE = re.compile(
    r"\b(?:change ?log|news|updates?|history|releases?|references?|citations?|bibtex|related|acknowledge?ments?|"
    r"credits|licen[cs]e|baselines?|todos?|papers?|roadmap|faq)\b",
    re.IGNORECASE,
)
"""Headings of sections that tell of other works, or of what the code once was or may become."""
SHORT = 120
LONGEST = 4000
"""No person writes longer lines; machines do."""
SAYS = re.compile(r"#(?!.*(?:licen[cs]e|copyright|https?:))[^\n]*(?:\d|default|same as|equal|should be)", re.IGNORECASE)
"""A comment that may state something that is compared; files without one need not be taken apart."""
MARKED = (".yaml", ".yml", ".toml", ".sh", ".cfg", ".ini")
MARK = re.compile(r"^(?P<code>[^#'\"]*?)(?:^|(?<=\s))#(?P<text>.*)$")
ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
TAG = re.compile(r"<[^<>]+>")
SEPARATOR = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")


@dataclass(frozen=True)
class Line:
    """One line of words. `elsewhere` is true where its section tells of other works or other times."""

    path: str
    number: int
    text: str
    heading: int = 0
    """Number of the heading's line that it stands under."""
    elsewhere: bool = False


@dataclass(frozen=True)
class Row:
    """A row of a table under its header, cells without markup."""

    line: Line
    header: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Comment:
    """`code` is what stands before it on its line; empty where it has the line for itself."""

    path: str
    number: int
    text: str
    code: str


def documents(index: SourceIndex) -> tuple[str, ...]:
    """Markdown files that speak of the code as it is."""
    own = (path for path, file in index.files.items() if file.kind == "markdown" and file.package is None)
    return tuple(path for path in own if not OLD_FILE.search(path.rpartition("/")[2]))


@lru_cache(maxsize=2)
def prose(index: SourceIndex) -> tuple[Line, ...]:
    """Lines outside of code blocks and tables."""
    return tuple(line for line in _lines(index) if not _is_row(line.text))


@lru_cache(maxsize=2)
def rows(index: SourceIndex) -> tuple[Row, ...]:
    """Rows of all tables; a header is the line above the one that rules it off."""
    found: list[Row] = []
    previous: Line | None = None
    header: tuple[str, ...] = ()
    for line in _lines(index):
        if not _is_row(line.text) or (previous is not None and line.path != previous.path):
            header, previous = (), None
        if _is_row(line.text):
            if SEPARATOR.match(line.text):
                header = _cells(previous.text) if previous is not None else ()
            elif header:
                found.append(Row(line, header, _cells(line.text)))
            previous = line
    return tuple(found)


def _lines(index: SourceIndex) -> Iterator[Line]:
    for path in documents(index):
        lines = index.lines(path)
        inside = {n for first, last, _ in fenced_blocks(lines) for n in range(first - 1, last + 2)}
        headings: list[tuple[int, str]] = []
        place = 0
        for number, text in enumerate(lines, 1):
            match = HEADING.match(text) if number not in inside else None
            if match is not None:
                depth = len(match.group(1))
                headings = [(d, t) for d, t in headings if d < depth] + [(depth, match.group(2))]
                place = number
            elif (
                number not in inside
                and 0 < len(text.strip()) < LONGEST
                and (not text.startswith(("    ", "\t")) or ITEM.match(text))
            ):
                yield Line(path, number, text, place, any(ELSEWHERE.search(title) for _, title in headings[-2:]))


def fenced(index: SourceIndex) -> Iterator[Line]:
    """Lines inside of code blocks."""
    for path in documents(index):
        lines = index.lines(path)
        for first, last, _ in fenced_blocks(lines):
            yield from (Line(path, number, lines[number - 1]) for number in range(first, last + 1))


def _is_row(text: str) -> bool:
    return text.count("|") >= 2 or bool(SEPARATOR.match(text) and "|" in text)


def _cells(text: str) -> tuple[str, ...]:
    inner = plain(text).strip().removeprefix("|").removesuffix("|")
    return tuple(cell.strip(" `*\t") for cell in inner.split("|"))


def plain(text: str) -> str:
    """Without links, tags, marks of emphasis and code."""
    return TAG.sub(" ", LINK.sub(r"\1", text)).replace("**", "").replace("`", "")


def sentence_of(text: str, claimed: str) -> str:
    """Of a long text the sentence that states the number; a short text as it is."""
    if len(text) <= SHORT:
        return text
    whole = re.compile(rf"(?<![\w.]){re.escape(claimed)}(?!\w|\.\d)")
    found = [part for part in re.split(r"(?<=[.!?;:])\s+", text) if whole.search(plain(part)) or whole.search(part)]
    return found[0] if len(found) == 1 else text


@lru_cache(maxsize=2)
def comments(index: SourceIndex) -> tuple[Comment, ...]:
    """Comments of the repository's own modules and configuration files; tests say nothing of the repository."""
    files = index.files
    paths = [p for p in index.trees() if files[p].kind == "python" and SAYS.search(files[p].text)]
    paths = [path for path in paths if not is_test_file(index, path)]
    found = [comment for path in paths for comment in _comments(index.text(path), path)]
    for path, file in index.files.items():
        if path.endswith(MARKED) and file.package is None and path not in index.trees():
            found += _marked(index.lines(path), path)
    return tuple(found)


def _marked(lines: list[str], path: str) -> Iterator[Comment]:
    """Comments of files in which `#` begins one, where no quoted text stands before it."""
    for number, line in enumerate(lines, 1):
        match = MARK.match(line)
        if match is not None and not line.startswith("#!"):
            yield Comment(path, number, match.group("text").strip("# "), match.group("code").strip())


def _comments(text: str, path: str) -> Iterator[Comment]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and len(token.line) < LONGEST:
                said = token.string.lstrip("#").strip()
                yield Comment(path, token.start[0], said, token.line[: token.start[1]].strip())
    except (tokenize.TokenError, SyntaxError):
        return


@lru_cache(maxsize=2)
def docstring_lines(index: SourceIndex) -> tuple[tuple[Line, ast.AST], ...]:
    """Lines of docstrings with what they document, the module itself included."""
    return tuple(found for path in index.trees() if not is_test_file(index, path) for found in _documented(index, path))


def _documented(index: SourceIndex, path: str) -> Iterator[tuple[Line, ast.AST]]:
    if index.files[path].kind != "python":
        return
    for node in _statements(index.trees()[path]):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            literal = docstring_of(node)
            last = (literal.end_lineno or literal.lineno) if literal is not None else 0
            for number in range(literal.lineno if literal is not None else 1, last + 1):
                yield Line(path, number, index.lines(path)[number - 1].replace('"""', " ")), node


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """The module and its statements at every depth, in order, without the expressions in them."""
    yield tree
    waiting: list[ast.AST] = [*reversed(tree.body)]
    while waiting:
        node = waiting.pop()
        yield node
        inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, (ast.stmt, ast.excepthandler))]
        waiting += reversed(inner)


def docstring_of(node: ast.AST) -> ast.Constant | None:
    body = getattr(node, "body", [])
    first = body[0].value if body and isinstance(body[0], ast.Expr) else None
    return first if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
