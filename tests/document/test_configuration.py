"""How much of the configuration the article shows, and where the rest is found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import document_text, line_text
from document_sample import at, sample_analysis

from analyzer.document.chapters.configuration import MOST_VALUES
from analyzer.document.companions import configuration
from analyzer.document.context import Context
from analyzer.document.outline import build_article
from analyzer.document.override_lines import MOST_VALUES as MOST_OVERRIDES
from analyzer.document.override_lines import overrides_line
from analyzer.document.preset_rows import MOST_PRESETS
from analyzer.document.wording import Words
from analyzer.records.bundles import Analysis
from analyzer.records.configuration import ConfigValue, Override, Preset
from analyzer.records.evidence import Known, Unknown


def with_copies(number: int) -> Analysis:
    """The sample with `number` further tables of a file that nothing uses."""
    sample = sample_analysis()
    facts = sample.facts.configuration
    table = facts.tables[0]
    places = (replace(table.where, path="zoo.py", first_line=at) for at in range(1, number + 1))
    copies = tuple(replace(table, name=f"Zoo{where.first_line}", where=where) for where in places)
    changed = replace(sample.facts, configuration=replace(facts, tables=(*facts.tables, *copies)))
    return replace(sample, facts=changed)


def test_a_small_configuration_stands_in_the_article_alone() -> None:
    assert configuration.build(Context(sample_analysis(), Words("en"))) == ()


def test_a_large_one_is_listed_whole_in_a_document_of_its_own() -> None:
    context = Context(with_copies(MOST_VALUES), Words("en"))
    (document,) = configuration.build(context)
    article, whole = document_text(build_article(context)), document_text(document)
    assert all(f"Zoo{at}`" in whole for at in range(1, MOST_VALUES + 1))
    assert "docs/configuration.en.md" in article
    assert "`Config`" in article  # what the model reads stays
    assert f"`Zoo{MOST_VALUES}`" not in article


def test_of_a_zoos_presets_the_main_models_come_first_and_the_rest_is_counted() -> None:
    sample = sample_analysis()
    facts = sample.facts.configuration
    where = facts.tables[0].where
    others = tuple(Preset(f"other{at}", "Other", (("width", Known(at, (where,), "read")),), where) for at in range(200))
    main = next(model.class_name for model in sample.shapes.models if model.main)
    own = Preset("the_own_one", main, (("width", Known(7, (where,), "read")),), where)
    changed = replace(sample.facts, configuration=replace(facts, presets=(*others, own)))
    article = document_text(build_article(Context(replace(sample, facts=changed), Words("en"))))
    assert "the_own_one" in article and "other0" in article and "other199" not in article
    assert f"Further presets: {201 - MOST_PRESETS}" in article


HERE = at("train.py", "model = Tiny")


def override(layer: str, expression: str, choice: bool = False) -> Override:
    return Override(layer, expression, Unknown("x"), HERE, choice=choice)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([], ""),
        ([override("config_file", "8", True)], f"a configuration file, if chosen: 8 {HERE}"),
        (
            [*(override("config_file", text, True) for text in ("8", "8", "9")), override("assignment", "7")],
            f"a configuration file, one of: 8 {HERE}; 9 {HERE} → in code: 7 {HERE}",
        ),
        (
            [override("assignment", "8"), replace(override("assignment", "8"), condition="not wide")],
            f"in code: 8 {HERE}; 8 {HERE} if not wide",
        ),
        (
            [override("config_file", "8"), override("config_file", "9")],
            f"configuration files in this order: 8 {HERE} → 9 {HERE}",
        ),
        (
            [override("command_line", str(number), True) for number in range(MOST_OVERRIDES + 2)],
            "a command, one of: "
            + "; ".join(f"{number} {HERE}" for number in range(MOST_OVERRIDES))
            + "; and at 2 more places (facts.json)",
        ),
    ],
)
def test_alternatives_of_a_layer_are_no_chain_and_what_is_cut_is_counted(steps: list[Override], told: str) -> None:
    value = ConfigValue("width", "4", Known(4, (HERE,), "read"), HERE, overrides=(override("default", "4"), *steps))
    plain = line_text(overrides_line(Words("en"), value if steps else replace(value, overrides=())))
    assert plain.replace("`", "").replace("<", "").replace(">", "") == told


def test_the_values_that_an_option_admits_stand_beside_its_help() -> None:
    sample = sample_analysis()
    facts = sample.facts.configuration
    (first, *rest) = facts.tables[0].values
    changed = replace(facts.tables[0], values=(replace(first, help="how", choices='["a", "b"]'), *rest))
    analysis = replace(sample, facts=replace(sample.facts, configuration=replace(facts, tables=(changed,))))
    assert '“how”; one of `["a", "b"]`' in document_text(build_article(Context(analysis, Words("en"))))
