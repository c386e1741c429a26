"""A study guide for this repository: stages with tasks and time, commands that run, checklists, notes, a quiz."""

from __future__ import annotations

import shlex

from analyzer.document.blocks import bullets, folded, heading, note, paragraph, table
from analyzer.document.companions.module_documents import module_path
from analyzer.document.companions.quiz import questions
from analyzer.document.context import Context
from analyzer.document.facets import counts
from analyzer.document.inline import code, number, ref, refs
from analyzer.document.key_modules import key_modules
from analyzer.document.listing import snippet
from analyzer.records.document import Block, Chapter, Code, Document, Line, Link, Paragraph, Plain, Preformatted
from analyzer.records.tensors import ModelShapes, TensorSpec

MOST_PATHS = 5
LINES_PER_HOUR = 120
STAGES = ("orientation", "model", "training", "inference", "mastery")
ROLES_OF = {
    "orientation": ("config",),
    "model": ("model",),
    "training": ("data", "preprocess", "training"),
    "inference": ("inference",),
    "mastery": (),
}


def build(context: Context) -> Document:
    words = context.words
    chapters = (
        Chapter("plan", words.line("study_guide.plan"), _plan(context)),
        Chapter("environment", words.line("study_guide.environment"), _environment(context)),
        Chapter("concepts", words.line("study_guide.concepts"), _concepts(context)),
        Chapter("labs", words.line("study_guide.labs"), _labs(context)),
        Chapter("practice", words.line("study_guide.practice"), _practice(context)),
        Chapter("quiz", words.line("study_guide.quiz"), _quiz(context)),
        Chapter("progress", words.line("study_guide.progress"), _progress(context)),
    )
    return Document("docs/study_guide", words.language, words.line("study_guide.title", name=context.name), chapters)


def _paths(context: Context, stage: str) -> list[str]:
    """Files to read at a stage: those that the article follows, where they are known, else all of the stage's role."""
    followed = _followed(context, stage) & set(context.files)
    wanted = ROLES_OF[stage]
    found = {item.path for item in context.analysis.facts.structure.roles if item.role in wanted}
    return sorted(followed or found & set(context.files))


def _followed(context: Context, stage: str) -> set[str]:
    if stage == "model":
        return set(context.model_files)
    pipeline = {"training": context.training, "inference": context.inference}.get(stage)
    return {pipeline.entry.path, *(item.where.path for item in pipeline.stages)} if pipeline else set()


def _plan(context: Context) -> tuple[Block, ...]:
    """Stages with their files, and reading time at a stated pace."""
    words = context.words
    rows = []
    for at, stage in enumerate(STAGES, 1):
        paths = _paths(context, stage)
        lines = sum(context.files[path].lines for path in paths)
        more = (Plain(f" … (+{len(paths) - MOST_PATHS})"),) if len(paths) > MOST_PATHS else ()
        reading = (
            (*words.listed([Code(path) for path in paths[:MOST_PATHS]]), *more)
            if paths
            else words.line("study_guide.reading_article")
        )
        rows.append(
            (
                (Plain(str(at)),),
                words.line(f"study_guide.stage_{stage}"),
                reading,
                (Plain(number(lines)),) if lines else (),
                _hours(context, lines),
            )
        )
    opening = paragraph(words, "study_guide.plan_opening", pace=number(LINES_PER_HOUR))
    return (opening, *table(words, "plan", "stage task reading lines hours", rows))


def _hours(context: Context, lines: int) -> Line:
    """Reading time in half hours, at least one."""
    halves = max(-(-2 * lines // LINES_PER_HOUR), 1)
    return context.words.line("study_guide.hours", hours=f"{halves / 2:g}")


def _environment(context: Context) -> tuple[Block, ...]:
    words = context.words
    usages = [item for item in context.analysis.facts.processes.usages if item.purpose in ("install", "data")][:4]
    blocks: tuple[Block, ...] = (paragraph(words, "study_guide.doctor"), Preformatted("deepdive doctor", "bash"))
    for item in usages:
        blocks += (
            paragraph(words, f"usage.purpose_{item.purpose}", where=ref(item.where)),
            *snippet(context, item.where, longest=20),
        )
    if not usages:
        names = sorted(item.distribution for item in context.analysis.facts.structure.dependencies if not item.optional)
        key = "study_guide.no_install" if names else "study_guide.no_dependencies"
        blocks += (
            note(words, "info", key, **({"names": words.listed([Code(name) for name in names])} if names else {})),
        )
    return (*blocks, *_checklist(context, "environment"))


def _concepts(context: Context) -> tuple[Block, ...]:
    """For each key module: predict, then compare."""
    words = context.words
    blocks: tuple[Block, ...] = ()
    for item in key_modules(context):
        link = Link(item.info.name, f"{module_path(item)}.{words.language}.md")
        techniques = [context.technique_name(found.sheet_id) for found in item.techniques[:4]]
        blocks += (Paragraph(words.line("study_guide.concept", name=link, where=ref(item.info.where))),)
        record = context.records.get(item.node.paths[0] if item.node.paths else item.node.path)
        if record and record.calls and record.calls[0].inputs and counts(context):
            call = record.calls[0]
            answer = words.line(
                "study_guide.shape_answer",
                inputs=_shapes(call.inputs), outputs=_shapes(call.outputs), parameters=number(item.node.parameters),
            )  # fmt: skip
            blocks += folded(words, "study_guide.predict", (Paragraph(answer),), inputs=_shapes(call.inputs))
        blocks += bullets([words.line("study_guide.explain", names=words.listed(techniques))] if techniques else [])
    return blocks or (note(words, "gap", "study_guide.no_concepts"),)


def _shapes(specs: tuple[TensorSpec, ...]) -> Line:
    return tuple(part for spec in specs[:4] for part in (Code(f"{spec.dtype}{spec}"), Plain(" ")))[:-1]


def _labs(context: Context) -> tuple[Block, ...]:
    """Commands of deepdive on this repository; they run as they stand."""
    words, model = context.words, context.model
    if model is None:
        return (note(words, "gap", "study_guide.no_labs"),)
    blocks: tuple[Block, ...] = (paragraph(words, "study_guide.labs_opening"),)
    for key, command in _commands(model):
        blocks += (paragraph(words, f"study_guide.{key}"), Preformatted(command, "bash"))
    return (*blocks, *_checklist(context, "labs"))


def _commands(model: ModelShapes) -> list[tuple[str, str]]:
    place = f"{model.where.path}:{model.class_name}"
    # What deepdive chose itself for sizes that no line states it chooses again.
    asked = f"--model {shlex.quote(place)}"
    asked += "" if model.unstated else f" --build {shlex.quote(model.build_expression)}"
    counted = f"deepdive shapes . {asked} --json"
    commands = [("lab_count", counted)]
    trace = model.traces[0] if model.traces else None
    inputs = [spec for item in (trace.inputs if trace else ()) if (spec := _spec(item.name, item.value))]
    if inputs and trace and len(inputs) == len([item for item in trace.inputs if isinstance(item.value, TensorSpec)]):
        given = " ".join(f"--input {shlex.quote(text)}" for text in inputs)
        commands.append(("lab_shapes", f"deepdive shapes . {asked} {given}"))
    commands.append(("lab_check", "deepdive check out/NAME --repo ."))
    commands.append(("lab_reference", "deepdive trace --preset tiny"))
    return commands


def _spec(name: str, value: TensorSpec | str) -> str | None:
    """An input as `--input` reads it."""
    if not isinstance(value, TensorSpec) or any(dim.value is None for dim in value.shape):
        return None
    dims = [
        f"{dim.expression}={dim.value}" if dim.expression and dim.expression.isidentifier() else str(dim.value)
        for dim in value.shape
    ]
    return f"{name}: {value.dtype}[{', '.join(dims)}]"


def _practice(context: Context) -> tuple[Block, ...]:
    """The repository's own commands for training and running, and what to watch in each."""
    words = context.words
    blocks: tuple[Block, ...] = ()
    for kind, purpose, pipeline in (("training", "train", context.training), ("inference", "infer", context.inference)):
        blocks += (heading(words, f"{kind}.title", f"practice-{kind}"),)
        if pipeline is None:
            blocks += (note(words, "gap", f"{kind}.none", files=number(len(context.files))),)
            continue
        usages = [item for item in context.analysis.facts.processes.usages if item.purpose == purpose][:2]
        for item in usages:
            blocks += (
                paragraph(words, f"usage.purpose_{purpose}", where=ref(item.where)),
                *snippet(context, item.where, longest=20),
            )
        tasks = [
            words.line(
                "study_guide.follow",
                stage=words.text(f"stages.{stage.kind}"),
                code=code(stage.code, 60),
                where=ref(stage.where),
            )
            for stage in pipeline.stages[:12]
        ]
        blocks += (paragraph(words, "study_guide.follow_opening"), *bullets(tasks, ordered=True))
    return blocks


def _quiz(context: Context) -> tuple[Block, ...]:
    """Questions whose answers were computed from the facts, folded away, with their lines."""
    words, found = context.words, questions(context)
    if not found:
        return (note(words, "gap", "study_guide.no_quiz"),)
    blocks: tuple[Block, ...] = (paragraph(words, "study_guide.quiz_opening"),)
    for at, item in enumerate(found, 1):
        answer: Line = (*item.answer, Plain(" ("), *refs(item.where, 2), Plain(")")) if item.where else item.answer
        blocks += (
            Paragraph((Plain(f"{at}. "), *item.question)),
            *folded(words, "study_guide.answer", (Paragraph(answer),)),
        )
    return blocks


def _checklist(context: Context, name: str) -> tuple[Block, ...]:
    return bullets([(Plain("☐ "), *context.words.line(f"study_guide.check_{name}"))])


def _progress(context: Context) -> tuple[Block, ...]:
    """A skeleton for notes, to copy."""
    words = context.words
    lines = [f"# {context.name}", ""]
    for stage in STAGES:
        lines += [f"## {words.text(f'study_guide.stage_{stage}')}", ""]
        lines += [f"- [ ] {path}" for path in _paths(context, stage)] or [
            f"- [ ] {words.text('study_guide.reading_article')}"
        ]
        lines += ["", f"{words.text('study_guide.notes')}:", ""]
    return (paragraph(words, "study_guide.progress_opening"), Preformatted("\n".join(lines).rstrip(), "markdown"))
