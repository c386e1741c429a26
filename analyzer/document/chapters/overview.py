"""The first screen: what the project is, how large, what is new in it, and the fact sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzer.document.blocks import paragraph, table
from analyzer.document.build_text import build_text, is_in_docstring
from analyzer.document.chapters.architecture import compared_models
from analyzer.document.context import Context
from analyzer.document.facets import call_signature, counts, facet_row, facets, repeated_block
from analyzer.document.family import spoken_family
from analyzer.document.inline import codes, compact, input_text, inside_a_sentence, number, reason_of, ref
from analyzer.document.instances import blocks_like
from analyzer.document.layer_facets import block_name
from analyzer.document.novelty import beyond_reference, common_beyond, distinguishing
from analyzer.records.document import Block, Code, Line, Link, Paragraph, Plain, SourceRef
from analyzer.records.evidence import Known, Unknown
from analyzer.records.techniques import TechniqueFinding
from analyzer.records.tensors import ModelShapes, TensorSpec, Trace

COMPANIONS = (
    "docs/architecture", "docs/call_flow", "docs/math/formulas", "docs/math/derivations", "docs/diagrams/tensor_shapes",
    "docs/gallery", "docs/study_guide",
)  # fmt: skip


FEWEST_FOR_A_ZOO = 3
LONGEST_SENTENCE = 200


def title(context: Context) -> Line:
    """The project's name and one sentence of facts."""
    return context.words.line("overview.title", name=context.name, summary=_summary(context))


def _summary(context: Context) -> Line:
    words, parameters, block = context.words, counts(context), repeated_block(context)
    family = words.text(f"family.{_spoken(context)}")
    if context.missing is not None:
        whole = context.missing.parameters
        if context.family == "unknown" or not isinstance(whole, Known):
            return words.line("overview.summary_bare", files=number(context.analysis.facts.repository.files))
        return words.line("overview.summary", family=family, parameters=compact(whole.value.total))
    if parameters is None and context.family != "unknown":
        return words.line("overview.summary_uncounted", family=family)
    if parameters is None:
        return words.line("overview.summary_bare", files=number(context.analysis.facts.repository.files))
    total = compact(parameters.total)
    if block is None:
        return words.line("overview.summary", family=family, parameters=total)
    return words.line(
        "overview.summary_stack",
        family=family,
        parameters=total,
        repeats=blocks_like(context, block)[0],
        block=block_name(context, block),
    )


def _spoken(context: Context) -> str:
    return spoken_family(context.analysis, context.family)


def build_lead(context: Context) -> tuple[Block, ...]:
    """What stands above the table of contents."""
    return (
        *_what(context),
        *_built(context),
        *_ideas(context),
        *_zoo(context),
        *_sheet(context),
        _provenance(context),
        _companions(context),
    )


def _what(context: Context) -> tuple[Block, ...]:
    words, model, trace = context.words, context.model, context.trace
    repository = context.analysis.facts.repository
    if model is None:
        key = "overview.what_bare"
        return (
            paragraph(words, key, name=context.name, files=number(repository.files), lines=number(repository.lines)),
        )
    if context.missing is not None:
        return _stand_in(context, context.missing, model)
    family, task = words.text(f"family.{_spoken(context)}_one"), words.text(f"family.{context.family}_task")
    class_name: Line = (Code(model.class_name), Plain(" ("), SourceRef(model.where), Plain(")"))
    if trace is None or (trace.gaps and not trace.output):
        return (
            paragraph(
                words, "overview.what_untraced", name=context.name, family=family, task=task, class_name=class_name
            ),
        )
    inputs = codes(input_text(item) for item in trace.inputs if isinstance(item.value, TensorSpec))
    outputs = call_signature(trace.output) if trace.output else words.line("overview.output_unknown")
    told = words.line(
        "overview.what", name=context.name, family=family, task=task, class_name=class_name,
        inputs=inputs, outputs=outputs,
    )  # fmt: skip
    return (Paragraph((*told, *_in_inference(context, trace))), *_own_words(context, model))


def _in_inference(context: Context, told: Trace) -> Line:
    """What the inference call returns, where that is something else."""
    other = context.trace_of("inference")
    if other is None or not other.output or list(map(str, other.output)) == list(map(str, told.output)):
        return ()
    return context.words.line("overview.in_inference", outputs=call_signature(other.output))


def _own_words(context: Context, model: ModelShapes) -> tuple[Block, ...]:
    """The first sentence of the main class's docstring: what its outputs mean stands nowhere else."""
    info = context.class_at(model.where)
    first = " ".join((info.docstring or "").strip().split("\n\n")[0].split()) if info else ""
    sentence = re.split(r"(?<=[.!?。])\s", first)[0][:LONGEST_SENTENCE]
    return (paragraph(context.words, "overview.own_words", text=Plain(sentence)),) if sentence else ()


def _stand_in(context: Context, missing: ModelShapes, model: ModelShapes) -> tuple[Block, ...]:
    """Which class the repository is about, why it could not be told, and which model is shown instead."""
    words, trace = context.words, context.trace
    inputs = codes(input_text(item) for item in (trace.inputs if trace else ()) if isinstance(item.value, TensorSpec))
    counted = isinstance(missing.parameters, Known)
    return (
        paragraph(
            words, "overview.stand_in_counted" if counted else "overview.stand_in", name=context.name,
            family=words.text(f"family.{_spoken(context)}_one"), reason=_why_missing(context, missing),
            class_name=(Code(missing.class_name), Plain(" ("), SourceRef(missing.where), Plain(")")),
            shown=(Code(model.class_name), Plain(" ("), SourceRef(model.where), Plain(")")),
            inputs=inputs, outputs=call_signature(trace.output) if trace else (),
            total=number(missing.parameters.value.total) if isinstance(missing.parameters, Known) else "",
        ),
    )  # fmt: skip


def _why_missing(context: Context, missing: ModelShapes) -> Line:
    words = context.words
    if isinstance(missing.parameters, Unknown):
        return reason_of(words, missing.parameters)
    gaps = (*(gap for trace in missing.traces for gap in trace.gaps), *missing.gaps)
    return words.reason(gaps[0].reason, gaps[0].arguments) if gaps else words.line("overview.see_gaps")


def _built(context: Context) -> tuple[Block, ...]:
    words, model, parameters = context.words, context.model, counts(context)
    if model is None or parameters is None:
        return _examples(context)
    origin = words.line(f"overview.origin_{_origin(context, model)}", **_where(model.build_origin, context))
    return (
        paragraph(
            words, "overview.built", expression=build_text(context, model), origin=origin, name=Code(model.class_name),
            total=number(parameters.total), trainable=number(parameters.trainable),
        ),
    )  # fmt: skip


def _examples(context: Context) -> tuple[Block, ...]:
    """Which sizes the repository leaves open, and what that means for the shapes."""
    sizes = context.model.unstated if context.model else ()
    if not sizes:
        return ()
    names = context.words.listed([(Code(size.name), Plain(" ("), SourceRef(size.where), Plain(")")) for size in sizes])
    return (paragraph(context.words, "overview.example_sizes", names=names),)


def _origin(context: Context, model: ModelShapes) -> str:
    """Where the expression was read: an example of the README is named as such, and a file as the script whose role
    it has; a factory that stands beside its model is neither.
    """
    path = model.build_where.path if model.build_where is not None else ""
    if path.lower().endswith((".md", ".rst")):
        return "readme"
    if model.build_where is not None and is_in_docstring(context, model.build_where):
        return "docstring"
    if model.build_origin not in ("training_script", "inference_script"):
        return model.build_origin
    roles = {item.role for item in context.analysis.facts.structure.roles if item.path == path}
    if "model" in roles:
        return "code"
    return next((f"{role}_script" for role in ("training", "inference") if role in roles), "code")


def _where(origin: str, context: Context) -> dict[str, Line]:
    model = context.model
    return {} if origin == "user" or model is None else {"where": ref(model.build_where or model.where)}


def _ideas(context: Context) -> tuple[Block, ...]:
    own = beyond_reference(context)
    found = own or distinguishing(context)
    if not found:
        return ()
    reference = Link(context.words.text("overview.reference"), "#reference")
    ideas = _told_ideas(context, [item for item in found if item.where])
    common = common_beyond(context)
    if own or not common:
        key = "overview.ideas" if own else "overview.no_ideas"
        return (paragraph(context.words, key, reference=reference, ideas=ideas),)
    told = _told_ideas(context, common)
    return (paragraph(context.words, "overview.common_ideas", reference=reference, common=told, ideas=ideas),)


def _told_ideas(context: Context, found: Sequence[TechniqueFinding]) -> Line:
    """Names inside of a sentence, each with its line."""
    names = [inside_a_sentence((Plain(context.technique_name(item.sheet_id) + " ("),)) for item in found]
    pairs = zip(names, found, strict=True)
    return context.words.listed([(*name, SourceRef(item.where[0]), Plain(")")) for name, item in pairs])


def _zoo(context: Context) -> tuple[Block, ...]:
    """A repository of many models says so at once, and where they are compared."""
    words = context.words
    others = [item for item in compared_models(context) if item != context.model and isinstance(item.parameters, Known)]
    if len(others) < FEWEST_FOR_A_ZOO - 1 or context.model is None:
        return ()
    link = Link(words.text("architecture.zoo"), "#all-models")
    main = Code(context.model.class_name)
    return (paragraph(words, "overview.zoo", count=number(len(others)), main=main, link=link),)


def _sheet(context: Context) -> tuple[Block, ...]:
    words, facts = context.words, context.analysis.facts
    rows = [
        (
            words.line("overview.family"),
            words.line(f"family.{_spoken(context)}"),
            ref(context.model.where if context.model else None),
        )
    ]
    rows += [facet_row(context, facet) for facet in facets(context)]
    for key, pipeline in (("training_entry", context.training), ("inference_entry", context.inference)):
        if pipeline:
            told = f"{key}_{pipeline.start}" if words.has(f"overview.{key}_{pipeline.start}") else key
            rows.append((words.line(f"overview.{told}"), (Code(pipeline.entry_name),), ref(pipeline.entry)))
    if facts.repository.license:
        rows.append((words.line("overview.license"), (Plain(facts.repository.license),), ()))
    key = "commit" if facts.repository.commit else "digest"
    rows.append((words.line(f"overview.{key}"), (Code(facts.repository.commit or facts.repository.digest),), ()))
    rows.append((words.line("overview.tool"), (Plain(f"deepdive {context.analysis.tool_version}".strip()),), ()))
    key = "sheet_caption" if context.missing is None or context.model is None else "sheet_caption_of"
    name = context.model.class_name if context.model else ""
    caption = words.line(f"overview.{key}", **({"name": Code(name)} if key == "sheet_caption_of" else {}))
    return table(words, "fact_sheet", "quantity value where", rows, caption=caption)


def _provenance(context: Context) -> Block:
    repository = context.analysis.facts.repository
    return paragraph(
        context.words, "overview.provenance", files=number(repository.files), lines=number(repository.lines),
        identity=identity(context), version=context.analysis.tool_version,
    )  # fmt: skip


def identity(context: Context) -> Line:
    """Which state of the repository was read."""
    repository = context.analysis.facts.repository
    if repository.commit is None:
        return context.words.line("overview.at_digest", digest=Code(repository.digest[:16]))
    key = "overview.at_dirty_commit" if repository.dirty else "overview.at_commit"
    return context.words.line(key, commit=Code(repository.commit[:12]))


def _companions(context: Context) -> Block:
    links = [
        (Link(context.words.text(f"documents.{_key(path)}"), f"{path}.{context.words.language}.md"),)
        for path in COMPANIONS
    ]
    return paragraph(context.words, "overview.companions", links=context.words.listed(links))


def _key(path: str) -> str:
    return path.rsplit("/", 1)[-1]
