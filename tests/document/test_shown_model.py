"""Where the main model could not be evaluated, the largest that could is shown, and said to stand in for it."""

from __future__ import annotations

from dataclasses import replace

from document_plain import document_text
from document_sample import at, known, sample_analysis

from analyzer.document.context import Context
from analyzer.document.outline import build_article
from analyzer.document.wording import Words
from analyzer.records.evidence import Gap, Unknown
from analyzer.records.shown_model import shown_model
from analyzer.records.tensors import ModelShapes, ParameterCounts

MODEL = sample_analysis().shapes.models[0]
UNBUILT = replace(
    MODEL, class_name="Whole", parameters=Unknown("no_build_found", (("name", "Whole"),)), tree=None, modules=(),
    traces=(), costs=(), ties=(),
)  # fmt: skip


def sized(name: str, total: int) -> ModelShapes:
    counts = ParameterCounts(total, total, total)
    return replace(MODEL, class_name=name, main=False, parameters=known(counts, at("model.py", "class Tiny")))


def test_the_main_model_is_shown_where_it_was_built() -> None:
    assert shown_model((sized("Big", 9000), MODEL)) is MODEL


def test_the_largest_model_that_was_built_and_called_stands_in() -> None:
    uncalled = replace(sized("Uncalled", 9000), traces=())
    models = (UNBUILT, sized("Small", 10), uncalled, sized("Large", 20), sized("Loss", 0))
    found = shown_model(models)
    assert found is not None and found.class_name == "Large"


def test_an_unbuilt_model_without_a_stand_in_stays() -> None:
    assert shown_model((UNBUILT, sized("Loss", 0))) is UNBUILT


def test_a_part_that_can_be_called_stands_in_for_a_whole_that_cannot() -> None:
    whole = replace(sized("Whole", 100), main=True, traces=())
    tiny, part = sized("Tiny", 4), sized("Part", 60)
    assert shown_model((whole, tiny, part)) is part
    assert shown_model((whole, tiny)) is whole


def test_the_article_says_how_large_the_whole_is_and_why_its_part_is_shown() -> None:
    sample = sample_analysis()
    whole = replace(
        sized("Whole", 4160), main=True, traces=(), gaps=(Gap("model.py:1", "no_build_found", (("name", "Whole"),)),)
    )
    analysis = replace(sample, shapes=replace(sample.shapes, models=(whole, sized("Part", 2080))))
    text = document_text(build_article(Context(analysis, Words("en"))))
    assert "Its main class `Whole` (<model.py:" in text and "has 4,160 parameters, but no call of it" in text
    assert "goes deep into `Part`" in text and "of which no call could be followed" in text


def test_the_article_says_which_model_stands_in_for_which() -> None:
    sample = sample_analysis()
    analysis = replace(sample, shapes=replace(sample.shapes, models=(UNBUILT, sized("Part", 2080))))
    text = document_text(build_article(Context(analysis, Words("en"))))
    assert "Its main class `Whole` (<model.py:" in text
    assert "goes deep into `Part`" in text
    assert "Fact sheet of `Part`" in text
    assert "`tokens`, `targets` → `int64" not in text.partition("[training_stages]")[2].partition("###")[0]
