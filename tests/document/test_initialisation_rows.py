"""First values of parameters in the article: what is told to stay, and what to be written over."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_plain import line_text
from document_sample import at, sample_analysis

from analyzer.document.context import Context
from analyzer.document.initialisation_rows import initialisation
from analyzer.document.wording import Words
from analyzer.records.document import Paragraph, Table
from analyzer.records.structure import Initialiser
from analyzer.records.tensors import FirstValues

LINE = at("model.py", "nn.init.normal_")
OTHER = replace(LINE, first_line=1, last_line=1)


def told(found: tuple[Initialiser, ...], values: tuple[FirstValues, ...] = ()) -> str:
    sample = sample_analysis()
    structure = replace(sample.facts.structure, initialisers=found)
    model = replace(sample.shapes.models[0], first_values=values)
    analysis = replace(
        sample,
        facts=replace(sample.facts, structure=structure),
        shapes=replace(sample.shapes, models=(model,)),
    )
    blocks = initialisation(Context(analysis, Words("en")))
    rows = [row for block in blocks if isinstance(block, Table) for row in block.rows]
    texts = [line_text(block.text) for block in blocks if isinstance(block, Paragraph)]
    return "\n".join([*texts, *(" | ".join(line_text(cell) for cell in row) for row in rows)])


CREATED = Initialiser("self.token", "nn.Parameter(torch.randn(8))", LINE, (), "Tiny.__init__", "torch.randn")
FILLED = Initialiser("self.embed.weight", "nn.init.zeros_(self.embed.weight)", LINE, (), "Tiny.__init__")


def test_what_stays_is_counted_in_the_whole_where_the_article_tells_a_part() -> None:
    sample = sample_analysis()
    part = sample.shapes.models[0]
    whole = replace(
        part, class_name="Whole", qualified_name="model.py:Whole", traces=(), first_values=(FirstValues(LINE, 5, 50),)
    )
    structure = replace(sample.facts.structure, initialisers=(FILLED,))
    shapes = replace(sample.shapes, models=(whole, replace(part, main=False)))
    context = Context(replace(sample, facts=replace(sample.facts, structure=structure), shapes=shapes), Words("en"))
    text = str(initialisation(context))
    assert context.missing is not None
    assert "once the whole, " in text
    assert "elements: " in text and "'50'" in text


def test_a_created_parameter_is_no_default_of_the_library() -> None:
    assert "normal, mean `0`, deviation `1`" in told((CREATED,))
    assert "create no parameter" not in told((CREATED,))
    assert "create no parameter" in told(())


def test_a_parameter_of_a_class_that_is_not_in_the_model_is_none_of_its() -> None:
    assert "create no parameter" in told((replace(CREATED, function="Another.__init__"),))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (FirstValues(LINE, 2, 1_600), "tensors: 2, elements: 1,600"),
        (FirstValues(LINE, 0, 0, 3, (OTHER,)), "nothing that stays: written over at <model.py:1>"),
        (FirstValues(LINE, 2, 16, 3, (OTHER,)), "tensors: 2, elements: 16; written over at <model.py:1>: 3"),
        (FirstValues(OTHER, 2, 16), "self.embed.weight"),
    ],
)
def test_what_stays_of_a_statement_is_told(values: FirstValues, expected: str) -> None:
    assert expected in told((FILLED,), (values,))
