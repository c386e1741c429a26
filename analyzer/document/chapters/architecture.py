"""The whole architecture: its picture, its modules with parameters that add up, presets, initialisation and tying."""

from __future__ import annotations

from pathlib import PurePosixPath

from analyzer.document.blocks import bullets, folded, heading, note, paragraph, table
from analyzer.document.build_text import build_text
from analyzer.document.chapters.absence import no_model
from analyzer.document.chapters.reading_map import proofs
from analyzer.document.context import Context, walk
from analyzer.document.facets import counts
from analyzer.document.initialisation_rows import initialisation
from analyzer.document.inline import NOTHING, codes, join, number, ref, refs, value
from analyzer.document.module_rows import leaf_rows, top_rows
from analyzer.records.document import Block, Chapter, Code, Line, Plain, Strong
from analyzer.records.evidence import Known, Unknown
from analyzer.records.tensors import ModelShapes, ModuleNode

LONGEST_BUILD = 96
FEWEST_COUNTED = 3


def build(context: Context) -> Chapter:
    blocks: list[Block] = []
    if context.model is None:
        blocks += no_model(context)
    else:
        blocks += [*_opening(context, context.model), *context.drawing("architecture"), *_modules(context)]
        blocks += [*_tree(context), *_zoo(context), *initialisation(context), *_tying(context)]
    return Chapter("architecture", context.words.line("architecture.title"), tuple(blocks))


def _opening(context: Context, model: ModelShapes) -> tuple[Block, ...]:
    words = context.words
    if context.missing is not None:
        name, missing = Code(model.class_name), Code(context.missing.class_name)
        key = "stand_in_counted" if isinstance(context.missing.parameters, Known) else "stand_in"
        return (paragraph(words, f"architecture.{key}", name=name, where=ref(model.where), missing=missing),)
    evidence = next(
        (
            item.evidence
            for item in context.analysis.facts.structure.models
            if item.qualified_name == model.qualified_name
        ),
        (),
    )
    blocks: list[Block] = [
        paragraph(words, "architecture.opening", name=Code(model.class_name), where=ref(model.where))
    ]
    if evidence:
        reasons = proofs(context, evidence)
        blocks.append(paragraph(words, "architecture.chosen", reasons=reasons))
    return tuple(blocks)


def _modules(context: Context) -> tuple[Block, ...]:
    """Top-level parts with what they do; the last row is the sum."""
    words, parameters = context.words, counts(context)
    rows = top_rows(context)
    if not rows or parameters is None:
        return ()
    title = heading(words, "architecture.modules", "modules")
    blocks = table(
        words, "modules", "module class instances parameters total share core_technique where", rows, total="total",
        caption=words.line("architecture.modules_caption"),
    )  # fmt: skip
    return (title, *blocks)


def _tree(context: Context) -> tuple[Block, ...]:
    """Every module that owns parameters, identical ones folded; sums to the same total."""
    words, rows = context.words, leaf_rows(context)
    blocks = table(words, "module_tree", "path class instances parameters total note where", rows, total="total")
    owners = sum(row[1] != NOTHING for row in rows)
    return folded(words, "architecture.tree", blocks, count=number(owners)) if len(rows) > 2 else ()


def _zoo(context: Context) -> tuple[Block, ...]:
    """All models of a repository of many."""
    words = context.words
    models = compared_models(context)
    if len(models) < 2:
        return ()
    title = heading(words, "architecture.zoo", "all-models")
    ranked = sorted(models, key=lambda item: (not item.main, -_size(item)))
    return (
        title,
        *_extremes(context, models),
        *table(
            words,
            "models",
            "class built_with count input_shape output_shape techniques where",
            [_zoo_row(context, item, _name_among(models, item)) for item in ranked],
        ),
    )


def _size(model: ModelShapes) -> int:
    return model.parameters.value.total if isinstance(model.parameters, Known) else -1


def _extremes(context: Context, models: tuple[ModelShapes, ...]) -> tuple[Block, ...]:
    """How many models were counted, the largest and the smallest of them; the rows below go from large to small."""
    counted = sorted((item for item in models if _size(item) >= 0), key=_size)
    if len(counted) < FEWEST_COUNTED:
        return ()
    least, most = counted[0], counted[-1]
    return (
        paragraph(
            context.words, "architecture.zoo_opening", count=number(len(counted)), all=number(len(models)),
            largest=Code(_name_among(models, most)), most=number(_size(most)),
            smallest=Code(_name_among(models, least)), least=number(_size(least)),
        ),
    )  # fmt: skip


def compared_models(context: Context) -> tuple[ModelShapes, ...]:
    """The main model and all others that something builds and that have parameters."""
    return tuple(
        item for item in context.analysis.shapes.models if item.main or not (_is_part(item) or _is_empty(item))
    )


def _is_empty(model: ModelShapes) -> bool:
    """A loss, or the common part of models, that extends a module and has nothing to train."""
    return isinstance(model.parameters, Known) and model.parameters.value.total == 0


def _is_part(model: ModelShapes) -> bool:
    """A class that nothing builds by itself: a block of other models, not a model."""
    return isinstance(model.parameters, Unknown) and model.parameters.root().reason == "no_build_found"


def _name_among(models: tuple[ModelShapes, ...], model: ModelShapes) -> str:
    """The class; with the name of its file where several have that name."""
    alike = sum(item.class_name == model.class_name for item in models)
    return f"{PurePosixPath(model.where.path).stem}.{model.class_name}" if alike > 1 else model.class_name


def _zoo_row(context: Context, model: ModelShapes, shown: str) -> tuple[Line, ...]:
    name: Line = (Strong(shown),) if model.main else (Code(shown),)
    total = (
        (Plain(number(model.parameters.value.total)),)
        if isinstance(model.parameters, Known)
        else value(context.words, model.parameters)
    )
    trace = model.traces[0] if model.traces else None
    inputs = codes(f"{item.name}: {item.value}" for item in trace.inputs) if trace else ()
    outputs = codes(str(spec) for spec in trace.output[:3]) if trace else ()
    return (
        name,
        _build(context, model),
        total,
        inputs,
        outputs,
        join(sorted(context.technique_name(item) for item in _techniques_in(context, model))),
        ref(model.where),
    )


def _techniques_in(context: Context, model: ModelShapes) -> set[str]:
    """Techniques of the classes that the built model consists of."""
    nodes = (context.class_at(node.defined_at) for node in walk(model.tree))
    classes = {item.qualified_name for item in nodes if item} | {model.qualified_name}
    found = context.used_techniques if model.main else context.analysis.findings.techniques
    return {item.sheet_id for item in found if item.sheet_id in context.sheets and classes & set(item.models)}


def _build(context: Context, model: ModelShapes) -> Line:
    """The expression that the figures of a row come from, and the line that it was read from."""
    if not model.build_expression:
        return ()
    place = (Plain(" "), *ref(model.build_where)) if model.build_where else ()
    return (*build_text(context, model, LONGEST_BUILD), *place)


def _tying(context: Context) -> tuple[Block, ...]:
    words, model = context.words, context.model
    if model is None or not isinstance(model.parameters, Known):
        return ()
    spans = [span for found in context.used_techniques if found.sheet_id == "weight_tying" for span in found.where]
    title = heading(words, "architecture.tying", "weight-tying")
    if not model.ties:
        return (title, note(words, "info", "architecture.no_ties"))
    items = [(Code(left), Plain(" = "), Code(right)) for left, right in model.ties]
    text = paragraph(words, "architecture.ties", elements=number(model.parameters.value.tied), where=refs(spans))
    return (title, text, *bullets(items))


def own_nodes(context: Context) -> list[ModuleNode]:
    """Nodes whose class the repository itself defines, from the top down."""
    return [node for node in walk(context.model.tree if context.model else None) if node.defined_at is not None]
