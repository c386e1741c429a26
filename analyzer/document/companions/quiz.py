"""Questions about this repository whose answers are facts of the analysis, each with its lines."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.document.context import Context
from analyzer.document.facets import counts, facets, repeated_block
from analyzer.document.inline import number, numerics, shapes, value
from analyzer.document.key_modules import key_modules
from analyzer.records.document import Code, Line, Plain
from analyzer.records.source import Span

MOST_SETTINGS = 4
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
            Question(words.line("quiz.repeats", name=Code(block.class_name)), (Plain(number(block.repeats)),), spans)
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
    words, found = context.words, []
    values = [item for owner in context.analysis.facts.configuration.tables for item in owner.values if item.used_at]
    for item in sorted(values, key=lambda item: (-len(item.used_at), item.name))[:MOST_SETTINGS]:
        found.append(
            Question(
                words.line("quiz.setting", name=Code(item.name)),
                value(words, item.value),
                (item.where,),
            )
        )
    return found


def _pipelines(context: Context) -> list[Question]:
    words, found = context.words, []
    if context.training:
        for optimizer in context.training.optimizers[:1]:
            found.append(Question(words.line("quiz.optimizer"), (Code(optimizer.class_name),), (optimizer.where,)))
        for loss in context.training.losses[:1]:
            found.append(Question(words.line("quiz.loss"), (Code(loss.function),), (loss.where,)))
    if context.inference:
        found.append(
            Question(words.line("quiz.inference"), (Code(context.inference.entry_name),), (context.inference.entry,))
        )
    return found
