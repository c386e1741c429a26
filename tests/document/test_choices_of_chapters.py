"""What a chapter chooses to show first, to repeat and to leave out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import block_text, document_text, line_text
from document_sample import at, empty_analysis, known, sample_analysis

from analyzer.document.chapters import configuration, industry, inference, reference, shapes, training, usage
from analyzer.document.chapters.architecture import compared_models
from analyzer.document.companions import study_guide
from analyzer.document.context import Context
from analyzer.document.facets import facets
from analyzer.document.listing import surroundings
from analyzer.document.outline import build_article
from analyzer.document.wording import Words
from analyzer.records.bundles import Analysis
from analyzer.records.configuration import ConfigTable, ConfigValue
from analyzer.records.document import Block, Snippet, Table
from analyzer.records.evidence import Condition, Evidence
from analyzer.records.processes import CallChain, CallNode, Stage
from analyzer.records.source import Span
from analyzer.records.structure import RoleAssignment
from analyzer.records.techniques import TechniqueFinding
from analyzer.records.tensors import ParameterCounts, UnstatedSize


def context_of(analysis: Analysis) -> Context:
    return Context(analysis, Words("en"))


def with_trace(**changes: object) -> Analysis:
    sample = sample_analysis()
    model = sample.shapes.models[0]
    traces = (replace(model.traces[0], **changes), *model.traces[1:])
    return replace(sample, shapes=replace(sample.shapes, models=(replace(model, traces=traces),)))


def with_tables(*tables: ConfigTable) -> Analysis:
    sample = sample_analysis()
    changed = replace(sample.facts.configuration, tables=(*tables, *sample.facts.configuration.tables))
    return replace(sample, facts=replace(sample.facts, configuration=changed))


def text_of(blocks: tuple[Block, ...]) -> str:
    return "\n".join(line for block in blocks for line in block_text(block))


def test_settings_of_the_followed_programs_come_before_larger_tables_of_other_files() -> None:
    elsewhere = at("README.md", "python train.py")
    values = tuple(ConfigValue(f"v{n}", "1", known(1, elsewhere), elsewhere, used_at=(elsewhere,)) for n in range(30))
    far = ConfigTable("Far", "init_defaults", elsewhere, values)
    step = at("train.py", "optimizer.step")
    near = ConfigTable("near", "constants", step, (ConfigValue("lr", "0.1", known(0.1, step), step, used_at=(step,)),))
    text = text_of(configuration.build(context_of(with_tables(far, near))).blocks)
    assert text.index("`near`") < text.index("`Far`")


def test_numbers_that_the_program_reads_stand_beside_its_stages() -> None:
    step, model = at("train.py", "optimizer.step"), at("model.py", "class Tiny")
    values = (
        ConfigValue("warmup", "200", known(200, step), step, used_at=(step,)),
        ConfigValue("rate", "0.1", known(0.1, step), step, used_at=(step,), effective=known(0.2, step)),
        ConfigValue("name", "'x'", known("x", step), step, used_at=(step,)),
        ConfigValue("width", "8", known(8, model), model, used_at=(model,)),
    )
    own = ConfigTable(
        "Part", "init_defaults", step, (ConfigValue("depth", "1", known(1, step), step, used_at=(step,)),)
    )
    chapter = training.build(context_of(with_tables(ConfigTable("train", "constants", step, values), own)))
    table = next(block for block in chapter.blocks if isinstance(block, Table) and block.id == "training_numbers")
    assert [(line_text(row[0]), line_text(row[1])) for row in table.rows] == [
        ("`warmup`", "`200`"),
        ("`rate`", "`0.2`"),
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("T <= block_size", "`T <= block_size`"), ("Eq(FloatPow(T, 2), 4)", "`loss = None if targets is None else")],
)
def test_a_condition_that_only_a_solver_reads_is_told_by_its_line(text: str, shown: str) -> None:
    analysis = with_trace(conditions=(Condition(text, at("model.py", "loss = None"), True),))
    assert shown in text_of(shapes.build(context_of(analysis)).blocks)


def test_lines_around_a_short_span_stop_where_their_block_ends() -> None:
    context = context_of(sample_analysis())
    span = surroundings(context, at("model.py", "return x * scale"))
    assert context.quote(span).strip().split("\n")[-1].strip() == "return x * scale * self.weight"
    assert "class Block" not in context.quote(span)


def test_a_built_size_is_listed_once() -> None:
    text = document_text(build_article(context_of(sample_analysis())))
    assert "| 3,760\n" in text and "[preset_sizes]" not in text


def test_without_documents_the_api_is_the_code_that_builds_and_calls_the_model() -> None:
    sample = sample_analysis()
    main = sample.facts.processes.inference[0]
    build = sample.facts.processes.training[0].stages[0]
    for rule, first in (
        ("runs_main_model", "model = Tiny(Config())"),
        ("entry_of_program", "        self.embed = nn.Embedding(config.vocab, config.width)"),
    ):
        pipeline = replace(main, evidence=(Evidence(main.entry, rule),), stages=(build, *main.stages))
        processes = replace(sample.facts.processes, usages=(), inference=(pipeline,), training=())
        analysis = replace(sample, facts=replace(sample.facts, processes=processes))
        shown = [block for block in usage.build(context_of(analysis)).blocks if isinstance(block, Snippet)]
        assert shown[0].text == first


@pytest.mark.parametrize("shown", ["logits, _ = model", ""])
def test_the_call_of_the_api_is_no_line_of_a_modules_own_code(shown: str) -> None:
    sample = sample_analysis()
    main = sample.facts.processes.inference[0]
    build, inner = sample.facts.processes.training[0].stages[0], at("model.py", "x = self.embed")
    stage = Stage("forward", inner, "self(x)", "model.py:Tiny.forward")
    made = CallNode("Tiny.load()", at("sample.py", "model"), "model.py:Tiny.load")
    called = CallNode("model()", at("sample.py", shown or "logits, _"), "model.py:Tiny.forward" if shown else None)
    root = CallNode("sample.py", main.entry, "sample.py", children=(made, CallNode("for", inner, children=(called,))))
    evidence = (Evidence(main.entry, "runs_main_model"),)
    pipeline = replace(main, evidence=evidence, stages=(build, stage))
    chains = (CallChain("inference", root, "x"),)
    processes = replace(sample.facts.processes, usages=(), inference=(pipeline,), training=(), call_chains=chains)
    analysis = replace(sample, facts=replace(sample.facts, processes=processes))
    texts = [block.text for block in usage.build(context_of(analysis)).blocks if isinstance(block, Snippet)]
    assert [text.strip().startswith(shown) for text in texts[1:]] == ([True] if shown else [])


def test_a_quoted_command_has_its_own_language_and_not_the_documents() -> None:
    sample = sample_analysis()
    item = replace(sample.facts.processes.usages[0], purpose="run", language="bash")
    processes = replace(sample.facts.processes, usages=(item,))
    analysis = replace(sample, facts=replace(sample.facts, processes=processes))
    first = next(block for block in usage.build(context_of(analysis)).blocks if isinstance(block, Snippet))
    assert (item.where.path, first.language) == ("README.md", "bash")


def test_the_full_tables_of_the_reference_gpt_are_for_language_models() -> None:
    sample = sample_analysis()
    images = Context(sample, Words("en"))
    images.__dict__["family"] = "image_classifier"
    assert "deepdive trace --preset" in text_of(reference.build(images).blocks)
    assert "deepdive trace" not in text_of(reference.build(context_of(sample)).blocks)
    assert "KV cache" not in text_of(inference.build(images).blocks)


def test_how_often_a_line_ran_is_open_where_an_example_decides_it() -> None:
    sample = sample_analysis()
    open_sizes = (UnstatedSize("depth", 3, at("config.py", "class Config")),)
    model = replace(sample.shapes.models[0], unstated=open_sizes)
    context = context_of(replace(sample, shapes=replace(sample.shapes, models=(model,))))
    rows = {row.code: context.times(row) for row in model.traces[0].rows}
    assert rows["x = block(x)"] == rows["h = self.up(self.norm(x))"] == "?"
    assert rows["x = self.embed(tokens)"] == "1"


def test_sections_without_content_are_listed_with_their_reason_and_a_link() -> None:
    text = document_text(build_article(context_of(empty_analysis())))
    listed = text.partition("[empty_sections]")[2]
    assert "[Training pipeline](#training) | " in listed
    assert "everything that the report looks for could be derived" not in text


def test_the_plan_of_study_reads_the_files_that_the_article_follows() -> None:
    sample = sample_analysis()
    other = RoleAssignment("model", "config.py", ())
    roles = (*sample.facts.structure.roles, other)
    structure = replace(sample.facts.structure, roles=roles)
    analysis = replace(sample, facts=replace(sample.facts, structure=structure))
    text = document_text(study_guide.build(context_of(analysis)))
    assert "The model, module by module | `model.py` | " in text


@pytest.mark.parametrize(("family", "key"), [("diffusion", "positions_or_steps"), ("language_model", "positions")])
def test_sines_of_a_diffusion_model_are_not_called_positions(family: str, key: str) -> None:
    sample = sample_analysis()
    sheet = replace(sample.findings.sheets[0], id="sines", category="position")
    found = TechniqueFinding("sines", (at("model.py", "h = self.up"),), "source", (), ("model.py:Block",))
    context = context_of(replace(sample, findings=replace(sample.findings, sheets=(sheet,), techniques=(found,))))
    context.__dict__["family"] = family
    assert [item.key for item in facets(context) if item.key.startswith("positions")] == [key]


def test_models_of_one_name_are_told_apart_by_their_files() -> None:
    sample = sample_analysis()
    model = next(item for item in sample.shapes.models if item.main)
    other = replace(model, main=False, where=Span("zoo/wide.py", 1, 9))
    analysis = replace(sample, shapes=replace(sample.shapes, models=(model, other)))
    text = document_text(build_article(Context(analysis, Words("en"))))
    assert f"`wide.{model.class_name}`" in text and f"model.{model.class_name}" in text


def test_a_step_of_the_field_without_lines_says_whether_it_could_have_been_seen() -> None:
    table = next(block for block in industry.build(context_of(sample_analysis())).blocks if isinstance(block, Table))
    said = {line_text(row[1]): line_text(row[3]) for row in table.rows}
    assert (said["Transformer"], said["Distilled encoders"]) == ("not recognised", "not recognised")
    assert said["Layers that share their parameters"] == "not looked for"


def test_a_loss_is_none_of_the_models_that_are_compared() -> None:
    sample = sample_analysis()
    model = sample.shapes.models[0]
    loss = replace(
        model, main=False, qualified_name="loss.py:Loss", parameters=known(ParameterCounts(0, 0, 0), model.where)
    )
    analysis = replace(sample, shapes=replace(sample.shapes, models=(model, loss)))
    assert compared_models(context_of(analysis)) == (model,)
