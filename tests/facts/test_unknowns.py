"""Unknown values of configuration and processes appear among the gaps, each once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.facts import derive_facts
from analyzer.facts.unknowns import gaps_in, unknowns_in
from analyzer.index import SourceIndex
from analyzer.records.configuration import ConfigTable, ConfigValue
from analyzer.records.evidence import Gap, Known, Unknown
from analyzer.records.source import Span

Write = Callable[[Mapping[str, str]], SourceIndex]
PLACE = Span("a.py", 3, 3)


def _table(*values: Known[object] | Unknown) -> ConfigTable:
    return ConfigTable("t", "call", PLACE, tuple(ConfigValue("x", "f()", value, PLACE) for value in values))


@pytest.mark.parametrize(
    ("value", "gaps"),
    [
        (Known(1, (), "read"), ()),
        (Unknown("no_default"), ()),
        (Unknown("not_derived", (("expression", "f()"),)), (Gap("a.py:3", "not_derived", (("expression", "f()"),)),)),
        (Unknown("a", cause=Unknown("b")), (Gap("a.py:3", "b"),)),
    ],
)
def test_an_unknown_value_is_a_gap_at_its_place_with_its_root_reason(
    value: Known[object] | Unknown, gaps: tuple[Gap, ...]
) -> None:
    assert gaps_in(_table(value, value)) == gaps


def test_unknowns_of_different_places_stay_apart() -> None:
    found = unknowns_in(_table(Unknown("r", where=PLACE), Unknown("r", where=Span("b.py", 1, 1))))
    assert [str(unknown.where) for unknown in found] == ["a.py:3", "b.py:1"]


def test_gaps_hold_what_tables_and_pipelines_do_not_tell(repository: Write) -> None:
    source = """
    import argparse, torch
    from torch import nn
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    args = parser.parse_args()
    model = nn.Linear(2, 2)
    opt = torch.optim.SGD(model.parameters(), lr=float(input()))
    model(torch.randn(2, 2)).sum().backward()
    opt.step()
    """
    facts = derive_facts(repository({"train.py": source}))
    assert ("train.py:4", "depends_on_machine") in [(gap.where, gap.reason) for gap in facts.gaps]
    gaps = [(gap.reason, dict(gap.arguments)) for pipeline in facts.processes.training for gap in pipeline.gaps]
    assert ("not_derived", {"expression": "float(input())"}) in gaps
