"""The modules that matter, one by one: contract, settings, code beside shapes, formula, and why it is built so."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analyzer.document.blocks import bullets, folded, paragraph, slug, table
from analyzer.document.build_text import build_text
from analyzer.document.built_arguments import built_arguments
from analyzer.document.chapters.absence import no_model
from analyzer.document.context import Context
from analyzer.document.decided_arms import decided_arms
from analyzer.document.facets import counts
from analyzer.document.formula_places import fresh_formulas, loss_formulas, reason
from analyzer.document.inline import NOTHING, code, codes, join, number, numerics, ref, refs, shapes, value
from analyzer.document.key_modules import UNPLACED, KeyModule, key_modules
from analyzer.document.listing import best_part, snippet
from analyzer.document.program_builds import LONGEST_BUILD, is_named
from analyzer.document.remarks import remarks
from analyzer.document.technique_blocks import departures, formula, motivation
from analyzer.records.configuration import ConfigValue
from analyzer.records.document import Block, Chapter, Code, Heading, Line, Plain
from analyzer.records.evidence import Known, Unknown
from analyzer.records.source import Span
from analyzer.records.structure import ArgumentInfo, SubmoduleInfo
from analyzer.records.techniques import TechniqueFinding
from analyzer.records.tensors import TensorSpec

Reason = Callable[[Context, TechniqueFinding], tuple[Block, ...]]


def build(context: Context) -> Chapter:
    words, found = context.words, key_modules(context)
    blocks: list[Block] = []
    if not found:
        blocks += no_model(context)
    else:
        key = "core_modules.opening" if found[0].node.path != UNPLACED else "core_modules.opening_unbuilt"
        blocks.append(paragraph(words, key, count=number(len(found))))
        shown = {item.sheet_id for item in loss_formulas(context)}
        for item in found:
            blocks += module_section(context, item, shown)
    return Chapter("core_modules", words.line("core_modules.title"), tuple(blocks))


def module_section(context: Context, item: KeyModule, shown: set[str]) -> tuple[Block, ...]:
    """One module in full; formulas that stood in an earlier section are only named."""
    return (
        Heading(3, (Code(item.info.name),), f"module-{slug(item.info.name)}"),
        *introduction(context, item),
        *contract(context, item),
        *settings(context, item),
        *code_blocks(context, item),
        *decided_arms(context, item, slug(item.info.name)),
        *formulas(context, item, shown, reason),
        *reasons(context, item),
    )


def introduction(context: Context, item: KeyModule) -> tuple[Block, ...]:
    words, info = context.words, item.info
    text = words.line(
        f"core_modules.{_introduction_key(context, item)}",
        name=Code(info.name), where=ref(info.where), bases=codes(info.bases),
        instances=number(item.instances), each=number(item.smallest), largest=number(item.largest),
        total=number(item.total), path=Code(item.node.path or "."),
    )  # fmt: skip
    blocks: list[Block] = [paragraph(words, "core_modules.plain", text=text)]
    if info.docstring:
        first = " ".join(info.docstring.strip().split("\n\n")[0].split())
        blocks.append(paragraph(words, "core_modules.docstring", text=Plain(first[:400])))
    return tuple(blocks)


def _introduction_key(context: Context, item: KeyModule) -> str:
    """The sentence for a repeated part, a single part, or the whole; without counts where they are not complete."""
    if item.node.path == UNPLACED:
        return "unbuilt"
    key = "whole"
    if item.node.path:
        key = "introduction_once" if item.instances == 1 else "introduction"
    if not item.instances:
        return "introduction_open"
    if key == "introduction" and item.smallest != item.largest and counts(context):
        return "introduction_varied"
    return key if counts(context) else f"{key}_uncounted"


def contract(context: Context, item: KeyModule) -> tuple[Block, ...]:
    """Names, shapes, dtypes and defaults of what `forward` takes and returns."""
    forward = item.info.forward
    if forward is None:
        return ()
    shaped = _parameters(item)
    rows = [
        _argument_row(argument, shaped.get(argument.name, ()))
        for argument in forward.arguments
        if argument.name != "self"
    ]
    returned = _returned(context, item)
    if returned:
        rows.append(
            (
                context.words.line("core_modules.returns"),
                (),
                (),
                shapes(returned),
                numerics(returned),
                code(returned[0].dtype),
            )
        )
    key = "core_modules.contract_of" if _is_unlike(context, item) else "core_modules.contract"
    caption = context.words.line(
        key, name=Code(f"{item.info.name}.{forward.name}"), where=ref(forward.where), path=Code(item.node.path or ".")
    )
    return table(
        context.words,
        f"contract_{slug(item.info.name)}",
        "argument type default shape numeric dtype",
        rows,
        caption=caption,
    )


def _is_unlike(context: Context, item: KeyModule) -> bool:
    """Whether instances of the class were called with different shapes, so that the first one's are not everyone's."""
    alike = (one for one in context.records.values() if one.defined_at == item.info.where)
    return len({tuple(map(str, (*call.inputs, *call.outputs))) for one in alike for call in one.calls}) > 1


def _parameters(item: KeyModule) -> dict[str, tuple[TensorSpec, ...]]:
    """Shapes of the parameters: targets of the row at the `def` line."""
    forward = item.info.forward
    rows = [
        row
        for row in item.rows
        if forward and row.where.first_line == forward.where.first_line and row.function.endswith(forward.name)
    ]
    return {target.name: target.tensors for row in rows[:1] for target in row.targets}


def _argument_row(argument: ArgumentInfo, specs: tuple[TensorSpec, ...]) -> tuple[Line, ...]:
    annotation = code(argument.annotation) if argument.annotation else ()
    default = code(argument.default) if argument.default else ()
    if not specs:
        return (code(argument.name), annotation, default, (), (), ())
    return (code(argument.name), annotation, default, shapes(specs), numerics(specs), code(specs[0].dtype))


def _returned(context: Context, item: KeyModule) -> tuple[TensorSpec, ...]:
    record = context.records.get(item.node.paths[0] if item.node.paths else item.node.path)
    return record.calls[0].outputs if record and record.calls else ()


def settings(context: Context, item: KeyModule) -> tuple[Block, ...]:
    """Configuration values that the class consumes, and the modules that it creates."""
    pairs = consumed(context, item.info.where)
    given = built_arguments(context, item.info.where)
    read = [found for found, _ in pairs]
    rows = [_setting(context, found, spans, _given(item, found, given)) for found, spans in pairs]
    blocks = list(
        table(
            context.words,
            f"settings_{slug(item.info.name)}",
            "name defined_value effective built_value type used_at where",
            rows,
            caption=_settings_caption(context, any(_is_overridden(found) for found in read)),
        )
    )
    parts = [
        (code(part.name), _made_class(context, item, part), code(part.expression), ref(part.where))
        for part in item.info.submodules[:16]
    ]
    made = table(context.words, f"parts_{slug(item.info.name)}", "name class code where", parts)
    return (*blocks, *folded(context.words, "core_modules.parts", made, count=number(len(item.info.submodules))))


def _made_class(context: Context, item: KeyModule, part: SubmoduleInfo) -> Line:
    """The class as the code names it; where that is a function or a variable, also what it gave in the built model."""
    record = context.records.get(f"{item.node.paths[0]}.{part.name}".lstrip(".")) if item.node.paths else None
    if record is None or record.class_name == part.class_name.rpartition(".")[2]:
        return code(part.class_name)
    return (*code(part.class_name), Plain(" → "), *code(record.class_name))


def _settings_caption(context: Context, is_overridden: bool) -> Line:
    """Of which program the effective values are, and of which build the counts where that is another one."""
    words, program = context.words, context.analysis.facts.configuration.program
    if not is_overridden or not program:
        return words.line("core_modules.settings")
    other = next((one for one in context.analysis.shapes.program_builds if one.program == program), None)
    if other is None or context.model is None or is_named(context, other):
        return words.line("core_modules.settings_of_program", program=Code(program))
    build = build_text(context, context.model, LONGEST_BUILD)
    return words.line("core_modules.settings_of_build", program=Code(program), build=build)


def consumed(context: Context, span: Span) -> list[tuple[ConfigValue, list[Span]]]:
    """Configuration values that are read inside a span."""
    found = []
    for owner in context.analysis.facts.configuration.tables:
        for item in owner.values:
            spans = [
                use
                for use in item.used_at
                if use.path == span.path and span.first_line <= use.first_line <= span.last_line
            ]
            if spans:
                found.append((item, spans))
    return found


def _given(item: KeyModule, found: ConfigValue, given: Mapping[str, Line]) -> Line:
    """What the built model's constructors got for a parameter of the class itself."""
    inside = found.where.path == item.info.where.path and (
        item.info.where.first_line <= found.where.first_line <= item.info.where.last_line
    )
    return given.get(found.name, NOTHING) if inside else NOTHING


def _setting(context: Context, item: ConfigValue, spans: list[Span], given: Line) -> tuple[Line, ...]:
    words = context.words
    counts = item.effective if _is_overridden(item) else None
    effective = (*value(words, counts), *((Plain(" "), *_decided_at(counts)) if counts is not None else ()))
    kind = code(item.annotation or "")
    return (code(item.name), value(words, item.value), effective, given, kind, refs(spans, 3), ref(item.where))


def _decided_at(counts: Known[object] | Unknown) -> Line:
    if isinstance(counts, Known):
        return refs(counts.where, 2)
    return refs([span for span in (counts.root().where,) if span is not None])


def _is_overridden(item: ConfigValue) -> bool:
    if isinstance(item.value, Known) and isinstance(item.effective, Known):
        return item.value.value != item.effective.value
    return item.effective is not None and bool(item.overrides)


def code_blocks(context: Context, item: KeyModule) -> tuple[Block, ...]:
    """`forward` with shapes in the margin, and `__init__` folded away."""
    forward = item.info.forward
    if forward is None:
        return ()
    blocks = list(snippet(context, best_part(context, forward.where, item.rows), item.rows))
    init = next((method for method in item.info.methods if method.name == "__init__"), None)
    if init and init.where != forward.where:
        blocks += folded(context.words, "core_modules.init", snippet(context, init.where), name=Code(item.info.name))
    return tuple(blocks)


def formulas(context: Context, item: KeyModule, shown: set[str], why: Reason = motivation) -> tuple[Block, ...]:
    """Formulas of the techniques found in the class, each with its place and its reason, at most some in full."""
    blocks: list[Block] = []
    fresh = fresh_formulas(context, item, shown)
    for found in fresh:
        shown.add(found.sheet_id)
        name = context.technique_name(found.sheet_id)
        blocks.append(paragraph(context.words, "core_modules.formula", name=name, where=refs(found.where, 2)))
        blocks += [*formula(context, found), *departures(context, found), *why(context, found)]
    rest = [found for found in item.techniques if found not in fresh]
    if rest:
        names = join([(Plain(context.technique_name(found.sheet_id) + " "), *refs(found.where, 1)) for found in rest])
        blocks.append(paragraph(context.words, "core_modules.also", names=names))
    return tuple(blocks)


def reasons(context: Context, item: KeyModule) -> tuple[Block, ...]:
    """What the code's own comments say about why."""
    quotes = remarks(context, item.info.where)
    return (paragraph(context.words, "core_modules.remarks"), *bullets(quotes)) if quotes else ()
