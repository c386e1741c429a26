"""Where to read: the file tree with role and length of each file, and the ways in."""

from __future__ import annotations

from analyzer.document.blocks import folded, heading, paragraph, table
from analyzer.document.context import Context
from analyzer.document.inline import code, inside_a_sentence, join, number, refs
from analyzer.document.ways_in import WayIn, ways_in
from analyzer.records.document import Block, Chapter, Code, Line, Plain
from analyzer.records.evidence import Evidence
from analyzer.records.source import SourceFile, Span
from analyzer.records.structure import RoleAssignment

MOST_FILES = 40
MOST_ENTRIES = 20


def build(context: Context) -> Chapter:
    words = context.words
    files = sorted((file for file in context.files.values() if file.package is None), key=lambda file: file.path)
    ranked = sorted(
        files, key=lambda file: (not _roles(context, file.path), file.kind != "python", -file.lines, file.path)
    )
    blocks: list[Block] = [
        paragraph(words, "reading_map.opening", files=number(len(files)), lines=number(sum(f.lines for f in files)))
    ]
    blocks += table(words, "files", "file lines role holds", [_file_row(context, file) for file in ranked[:MOST_FILES]])
    if len(ranked) > MOST_FILES:
        rest = table(
            words,
            "more_files",
            "file lines kind",
            [_short_row(context, file) for file in ranked[MOST_FILES : MOST_FILES + 400]],
        )
        blocks += folded(words, "reading_map.more", rest, count=number(len(ranked) - MOST_FILES))
    return Chapter(
        "reading_map", words.line("reading_map.title"), (*blocks, *_roles_table(context), *_entries(context))
    )


def _roles(context: Context, path: str) -> list[RoleAssignment]:
    return [item for item in context.analysis.facts.structure.roles if item.path == path]


def _file_row(context: Context, file: SourceFile) -> tuple[Line, ...]:
    roles = join([context.words.line(f"roles.{item.role}") for item in _roles(context, file.path)])
    return ((Code(file.path),), (Plain(number(file.lines)),), roles, _holds(context, file))


def _holds(context: Context, file: SourceFile) -> Line:
    """The file's own docstring, else the names it defines."""
    relation = next((item for item in context.analysis.facts.structure.relations if item.path == file.path), None)
    if relation and relation.summary:
        return (Plain(f"“{relation.summary}”"),)
    names = relation.exports if relation else ()
    if names:
        return join([code(name) for name in names[:6]])
    return () if file.kind == "python" else context.words.line(f"reading_map.kind_{file.kind}")


def _short_row(context: Context, file: SourceFile) -> tuple[Line, ...]:
    kind = context.words.line(f"reading_map.kind_{file.kind}")
    return ((Code(file.path),), (Plain(number(file.lines)),), kind)


def _roles_table(context: Context) -> tuple[Block, ...]:
    words = context.words
    rows = [
        (words.line(f"roles.{item.role}"), (Code(item.path),), _evidence(context, item))
        for item in context.analysis.facts.structure.roles
        if item.evidence
    ]
    blocks = table(words, "roles", "role file decided_by", rows)
    return folded(words, "reading_map.roles", blocks)


def _evidence(context: Context, item: RoleAssignment) -> Line:
    return proofs(context, item.evidence)


def clause(sentence: Line) -> Line:
    """A sentence as a part of a longer one: without its full stop."""
    last = sentence[-1] if sentence else None
    return (*sentence[:-1], Plain(last.text.rstrip(".。"))) if isinstance(last, Plain) else sentence


def proofs(context: Context, evidence: tuple[Evidence, ...]) -> Line:
    """Rules with their lines; a rule that several lines satisfy is said once."""
    said: dict[Line, list[Span]] = {}
    for proof in evidence:
        said.setdefault(inside_a_sentence(clause(context.words.reason(proof.rule, proof.arguments))), []).append(
            proof.where
        )
    return join(
        [(*sentence, Plain(" ("), *refs(spans, 3), Plain(")")) for sentence, spans in list(said.items())[:3]], "; "
    )


def _entries(context: Context) -> tuple[Block, ...]:
    """What starts code by itself, and what has to be called from outside; the same ways stand in the other chapters."""
    words, ways = context.words, ways_in(context)
    title = heading(words, "reading_map.entries", "entry-points")
    if not ways:
        return (title, paragraph(words, "reading_map.no_entries"))
    starts_itself = bool(context.analysis.facts.structure.entry_points)
    told = () if starts_itself else (paragraph(words, "reading_map.only_functions"),)
    rows = [_way_row(context, way) for way in ways[:MOST_ENTRIES]]
    return (title, *told, *table(words, "entry_points", "kind command target where", rows))


def _way_row(context: Context, way: WayIn) -> tuple[Line, ...]:
    return (context.words.line(f"entry_kinds.{way.kind}"), code(way.command), code(way.target), refs([way.where]))
