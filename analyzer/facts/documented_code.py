"""Python that documents and docstrings show: fenced blocks, reStructuredText literals, interpreter sessions, indented
examples under a heading.

Gives syntax and the number of its first line; text that does not parse is prose. Nothing of it is run here.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from analyzer.index import Definition, SourceIndex

PYTHON_LANGUAGES = frozenset({"python", "py", "python3", "pycon"})
FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*([^\s`{]*)")
LITERAL = re.compile(r"^\s*\.\. (?:code-block|code|sourcecode|ipython)::\s*(\w*)\s*$|^(?!\s*\.\. ).*::\s*$")
HEADING = re.compile(r"^\s*(?:code |basic )?(?:examples?|usage)(?: usage| code| of use)?\s*:+\s*$", re.IGNORECASE)
PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.)(?: |$)")
OWNERS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)

Piece = tuple[int, list[str]]
"""Position of a block's first line among the lines of its text, and the block's lines."""


@dataclass(frozen=True)
class PythonExample:
    """Python in a document or a docstring; line 1 of `tree` is line `first_line` of the file."""

    path: str
    first_line: int
    tree: ast.Module


def documents(index: SourceIndex) -> list[str]:
    """Markdown and reStructuredText files, those near the root first."""
    found = [path for path, file in index.files.items() if file.kind == "markdown"]
    return sorted(found, key=lambda path: (path.count("/"), path))


def fenced_blocks(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Number of the first and the last line inside of each fence, and its language.

    Source: CommonMark specification 0.31, section 4.5.
    """
    opened: tuple[str, str, int] | None = None
    for number, line in enumerate(lines, 1):
        match = FENCE.match(line)
        if opened is None and match is not None:
            opened = (match.group(2), match.group(3).lower(), number)
        elif opened is not None and line.strip().startswith(opened[0]) and not line.strip().strip(opened[0][0]):
            if number - opened[2] > 1:
                yield opened[2] + 1, number - 1, opened[1]
            opened = None


@lru_cache(maxsize=2)
def document_examples(index: SourceIndex) -> tuple[PythonExample, ...]:
    """Examples of all documents, in order; read once for all that ask."""
    return tuple(example for path in documents(index) for example in _examples(path, 1, index.lines(path)))


@lru_cache(maxsize=4096)
def imported_names(tree: ast.Module) -> Mapping[str, str]:
    """Names that the absolute imports of an example bind, at any depth, and the dotted names they stand for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
        elif isinstance(node, ast.Import):
            names = [(alias.asname or alias.name.split(".")[0], alias) for alias in node.names]
            found.update({name: alias.name if alias.asname else name for name, alias in names})
    return found


def definition_named(index: SourceIndex, example: PythonExample, dotted: str) -> Definition | None:
    """What the repository defines under a dotted name (`package.module.Class`), as seen from an example's file: the
    longest part of it that is a module says where.
    """
    parts = dotted.split(".")
    for size in range(len(parts) - 1, 0, -1):
        module = index.resolve_module(example.path, ".".join(parts[:size]))
        if module is not None:
            found = index.symbols.resolve(module, ".".join(parts[size:]))
            if isinstance(found, Definition):
                return found
    return None


def docstring_examples(index: SourceIndex, path: str) -> Iterator[PythonExample]:
    """Examples in the docstrings of one file, in their order."""
    tree, lines = index.trees().get(path), index.lines(path)
    if tree is None or not path.endswith(".py"):
        return
    owners = (n for n in ast.walk(tree) if isinstance(n, OWNERS) and ast.get_docstring(n))
    for text in (owner.body[0] for owner in owners):
        shown = [line.replace('"""', "   ") for line in lines[text.lineno - 1 : text.end_lineno]]
        yield from _examples(path, text.lineno, shown)


def _examples(path: str, first: int, lines: Sequence[str]) -> Iterator[PythonExample]:
    pieces = (*_fenced(lines), *_literals(lines), *_session(lines))
    for position, block in sorted(pieces, key=lambda piece: piece[0]):
        tree = _parsed(block)
        if tree is not None and tree.body:
            yield PythonExample(path, first + position, tree)


def _fenced(lines: Sequence[str]) -> Iterator[Piece]:
    for first, last, language in fenced_blocks(lines):
        block = list(lines[first - 1 : last])
        if language in PYTHON_LANGUAGES or not language:
            yield first - 1, _prompted(block) if any(map(PROMPT.match, block)) else block


def _literals(lines: Sequence[str]) -> Iterator[Piece]:
    """Indented blocks after `::`, a code directive or a heading such as `Example:`."""
    inside = {number for first, last, _ in fenced_blocks(lines) for number in range(first, last + 1)}
    for number, line in enumerate(lines, 1):
        match = LITERAL.match(line)
        language = (match.group(1) or "python").lower() if match else "python" if HEADING.match(line) else ""
        block = _indented(lines[number:], len(line) - len(line.lstrip()))
        if number not in inside and language in PYTHON_LANGUAGES and block and not any(map(PROMPT.match, block)):
            yield number, block


def _indented(lines: Sequence[str], margin: int) -> list[str]:
    """The lines up to the first that stands no deeper than the margin."""
    block: list[str] = []
    for line in lines:
        if line.strip() and len(line) - len(line.lstrip()) <= margin:
            break
        block.append(line)
    while block and not block[-1].strip():
        block.pop()
    return block


def _session(lines: Sequence[str]) -> Iterator[Piece]:
    """All inputs of an interpreter session outside of fences as one block."""
    inside = {number for first, last, _ in fenced_blocks(lines) for number in range(first, last + 1)}
    prompts = [n for n, line in enumerate(lines) if PROMPT.match(line) and n + 1 not in inside]
    if prompts:
        yield prompts[0], _prompted(lines[prompts[0] : prompts[-1] + 1])


def _prompted(lines: Sequence[str]) -> list[str]:
    """The inputs without their prompts; lines of output become blank, so that line numbers stay."""
    return [line.lstrip()[4:] if PROMPT.match(line) else "" for line in lines]


def _parsed(block: Sequence[str]) -> ast.Module | None:
    try:
        return ast.parse(textwrap.dedent("\n".join(block)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
