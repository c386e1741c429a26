"""Questions about this repository whose answers are facts of the analysis, each with its lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzer.document.chapters.configuration import article_tables
from analyzer.document.context import Context
from analyzer.document.facets import counts, facets, repeated_block
from analyzer.document.inline import number, numerics, shapes, value
from analyzer.document.instances import blocks_like
from analyzer.document.key_modules import key_modules
from analyzer.document.wording import plain_text
from analyzer.records.configuration import ConfigTable, ConfigValue
from analyzer.records.document import Code, Line, Plain, ReportFile
from analyzer.records.evidence import Known
from analyzer.records.source import Span

MOST_SETTINGS = 4
MOST_PLACES = 2
MOST_LINES = 6
ASKED_FACETS = (
    "width",
    "heads",
    "kv_heads",
    "head_dim",
    "vocabulary",
    "classes",
    "normalisation",
    "positions",
    "kv_bytes_per_token",
)


@dataclass(frozen=True)
class Question:
    question: Line
    answer: Line
    where: tuple[Span, ...]


def questions(context: Context) -> tuple[Question, ...]:
    """Counts, sizes, shapes, settings, training and inference, in this order."""
    return (*_counts(context), *_facets(context), *_module_shapes(context), *_settings(context), *_pipelines(context))


def _counts(context: Context) -> list[Question]:
    words, parameters, model, block = context.words, counts(context), context.model, repeated_block(context)
    if parameters is None or model is None:
        return []
    where = (model.build_where or model.where,)
    found = [
        Question(words.line("quiz.parameters", name=Code(model.class_name)), (Plain(number(parameters.total)),), where)
    ]
    if block:
        spans = (block.created_at,) if block.created_at else ()
        found.append(
            Question(
                words.line("quiz.repeats", name=Code(block.class_name)), (Plain(blocks_like(context, block)[0]),), spans
            )
        )
    return found


def _facets(context: Context) -> list[Question]:
    words = context.words
    return [
        Question(words.line("quiz.facet", name=words.text(f"overview.{item.key}")), item.value, item.where)
        for item in facets(context)
        if item.key in ASKED_FACETS
    ]


def _module_shapes(context: Context) -> list[Question]:
    words, found = context.words, []
    for item in key_modules(context):
        record = context.records.get(item.node.paths[0] if item.node.paths else item.node.path)
        if record and record.calls:
            call = record.calls[0]
            answer = (*shapes(call.outputs), Plain(" = "), *numerics(call.outputs))
            question = words.line("quiz.module_shape", name=Code(item.info.name), inputs=shapes(call.inputs))
            found.append(Question(question, answer, (item.info.where,)))
    return found


def _settings(context: Context) -> list[Question]:
    """Defaults that are known and read in most places, of the tables that the article opens first."""
    words = context.words
    known: dict[str, tuple[ConfigTable, ConfigValue]] = {}
    for owner in article_tables(context)[0]:
        for item in owner.values:
            if item.used_at and isinstance(item.value, Known):
                known.setdefault(item.name, (owner, item))
    most_read = sorted(known.values(), key=lambda pair: (-len(pair[1].used_at), pair[1].name))
    return [
        Question(
            words.line("quiz.setting", name=Code(item.name), owner=Code(owner.name)),
            value(words, item.value),
            (item.where,),
        )
        for owner, item in most_read[:MOST_SETTINGS]
    ]


def _pipelines(context: Context) -> list[Question]:
    words, found = context.words, []
    if context.training:
        for optimizer in context.training.optimizers[:1]:
            found.append(Question(words.line("quiz.optimizer"), (Code(optimizer.class_name),), (optimizer.where,)))
        for loss in context.training.losses[:1]:
            found.append(Question(words.line("quiz.loss"), (Code(loss.function),), (loss.where,)))
    if context.runner:
        found.append(
            Question(words.line("quiz.inference"), (Code(context.runner.entry_name),), (context.runner.entry,))
        )
    return found


def quiz_file(contexts: Sequence[Context]) -> ReportFile:
    """`quiz.json`, from which `deepdive quiz` asks: every question in the languages of the report."""
    asked = zip(*(questions(context) for context in contexts), strict=True)
    data = {
        "schema": "deepdive/quiz/1",
        "repository": contexts[0].name,
        "questions": [_asked(contexts, versions) for versions in asked],
    }
    return ReportFile("quiz.json", json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def _asked(contexts: Sequence[Context], versions: Sequence[Question]) -> dict[str, object]:
    languages = [context.words.language for context in contexts]
    accepted = dict.fromkeys(form for version in versions for form in _accepted(version.answer))
    return {
        "question": {language: _text(v.question) for language, v in zip(languages, versions, strict=True)},
        "answer": {language: _text(v.answer) for language, v in zip(languages, versions, strict=True)},
        "accepted": list(accepted),
        "source": [
            {"where": str(span), "text": contexts[0].quote(contexts[0].part(span, span.first_line, _end(span)))}
            for span in versions[0].where[:MOST_PLACES]
        ],
    }


def _end(span: Span) -> int:
    return min(span.last_line, span.first_line + MOST_LINES - 1)


def _accepted(answer: Line) -> Iterator[str]:
    """The whole answer; each piece of code in it, and each side of an equation, is an answer too."""
    yield _text(answer)
    yield from (part.text for part in answer if isinstance(part, Code))
    yield from (side.strip() for side in _text(answer).split("=") if side.strip())


def _text(line: Line) -> str:
    return "".join(map(plain_text, line))
