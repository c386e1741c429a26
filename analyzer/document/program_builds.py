"""The model as a training program itself builds it, beside the build that the article's tables show.

Two builds are told apart wherever a number could be taken for the other's; they are never added up.
"""

from __future__ import annotations

from analyzer.document.blocks import note, paragraph
from analyzer.document.build_text import build_text
from analyzer.document.context import Context
from analyzer.document.inline import codes, number, ref, value
from analyzer.records.bundles import ProgramBuild
from analyzer.records.document import Block, Code, Line, Plain
from analyzer.records.evidence import Known
from analyzer.records.processes import Pipeline
from analyzer.records.source import Span
from analyzer.records.tensors import ModelShapes, ParameterCounts

LONGEST_BUILD = 96


def build_of(context: Context, pipeline: Pipeline | None) -> ProgramBuild | None:
    """What this program builds, where that is another build than the one shown."""
    builds = context.analysis.shapes.program_builds
    return next((one for one in builds if pipeline is not None and one.entry == pipeline.entry), None)


def is_other_model(context: Context, pipeline: Pipeline) -> bool:
    """Whether the program is known to build another class than the one that the article shows."""
    found = build_of(context, pipeline)
    return found is not None and context.model is not None and not _is_same(found.model, context.model)


def _is_same(one: ModelShapes, other: ModelShapes) -> bool:
    return one.qualified_name == other.qualified_name


def counted_builds(context: Context) -> list[tuple[Line, tuple[Span, ...]]]:
    """For the fact sheet: totals that training programs build, with their lines."""
    rows: list[tuple[Line, tuple[Span, ...]]] = []
    for one in context.analysis.shapes.program_builds:
        counts = _counts(one.model)
        if counts is not None and one.model.build_where is not None:
            name: Line = (name_of(context, one), Plain(", ")) if is_named(context, one) else ()
            total: Line = (
                Plain(f"{number(counts.total)} ("),
                *name,
                Code(one.program),
                *_absent(context, one),
                Plain(")"),
            )
            rows.append((total, (one.model.build_where,)))
    return rows


def is_named(context: Context, one: ProgramBuild) -> bool:
    """Whether the class has to be said because it is not the one that is shown."""
    return context.model is None or not _is_same(one.model, context.model)


def name_of(context: Context, one: ProgramBuild) -> Code:
    """The class; with its file where it is another one, for both may have one name."""
    return Code(one.model.qualified_name if is_named(context, one) else one.model.class_name)


def told_build(context: Context, pipeline: Pipeline) -> tuple[Block, ...]:
    """What the program builds, and what the article's tables show."""
    found, words = build_of(context, pipeline), context.words
    if found is None or found.model.build_where is None or context.model is None:
        return ()
    name, where = name_of(context, found), ref(found.model.build_where)
    counts, shown = _counts(found.model), _counts(context.model)
    program = Code(found.program)
    if counts is None:
        reason = value(words, found.model.parameters)
        return (
            note(words, "info", "training.program_build_open", program=program, name=name, where=where, reason=reason),
        )
    totals = {"total": number(counts.total), "trainable": number(counts.trainable)}
    blocks: tuple[Block, ...] = (
        paragraph(words, "training.program_build", program=program, name=name, where=where, **totals),
    )
    if shown is not None:
        build = build_text(context, context.model, LONGEST_BUILD)
        place, total = ref(context.model.build_where), number(shown.total)
        blocks += (paragraph(words, "training.shown_build", build=build, total=total, where=place),)
    return blocks + _absences(context, found)


def _absences(context: Context, found: ProgramBuild) -> tuple[Block, ...]:
    files = _absent_files(found)
    return (paragraph(context.words, "training.absent_files", files=codes(files)),) if files else ()


def _absent(context: Context, found: ProgramBuild) -> Line:
    files = _absent_files(found)
    return (Plain(", "), *context.words.line("training.without", files=codes(files))) if files else ()


def _absent_files(found: ProgramBuild) -> list[str]:
    return sorted({item.text for item in found.model.assumptions if item.kind == "file_absent"})


def _counts(model: ModelShapes) -> ParameterCounts | None:
    return model.parameters.value if isinstance(model.parameters, Known) else None


def computes_alike(context: Context, pipeline: Pipeline | None) -> bool:
    """Whether a call costs the same products in both builds: only then is a cost of one a cost of the other."""
    found = build_of(context, pipeline)
    if found is None or context.model is None:
        return True
    one, other = dict(found.model.costs).get("flops"), dict(context.model.costs).get("flops")
    if one is None or other is None or not isinstance(one.value, Known) or not isinstance(other.value, Known):
        return False
    same_call = one.basis is not None and other.basis is not None and one.basis.variables == other.basis.variables
    return same_call and one.value.value == other.value.value
