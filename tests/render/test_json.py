"""facts.json: the schema, the contract, and how unknowns are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from analyzer.records.bundles import ProgramBuild
from analyzer.records.evidence import Unknown
from analyzer.records.processes import Arm
from analyzer.render import facts_json, facts_schema
from analyzer.render.json import facts_text
from analyzer.render.json_values import plain, unknown
from tests.render import sample


def facts() -> dict:
    return json.loads(facts_text(sample.analysis()))


def nodes(value: object, place: str = "") -> Iterator[tuple[str, object]]:
    yield place, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from nodes(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner, f"{place}[]")


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(facts_schema())


def test_facts_satisfy_their_schema():
    assert [error.message for error in Draft202012Validator(facts_schema()).iter_errors(facts())] == []


@pytest.mark.parametrize("key", ["repository", "configs", "models", "gaps"])
def test_the_schema_demands_the_keys_of_the_contract(key):
    data = facts()
    del data[key]
    assert not Draft202012Validator(facts_schema()).is_valid(data)


def test_the_schema_refuses_a_fact_without_a_source():
    data = facts()
    del data["configs"][0]["fields"][0]["source"]
    assert not Draft202012Validator(facts_schema()).is_valid(data)


def test_null_is_only_ever_a_value_of_the_source():
    nulls = {place for place, value in nodes(facts()) if value is None}
    assert nulls == {".configs[].fields[].value"}  # resume = None


def test_an_unknown_names_the_first_cause():
    first = Unknown("callable_not_in_library", (("name", "flash"),), sample.span("train.py", 5))
    assert unknown(Unknown("rests_on", (), None, first)) == {
        "unknown": "callable_not_in_library: flash",
        "where": "train.py:5",
    }


def test_unknown_parameters_are_told_with_their_reason():
    analysis = sample.analysis()
    model = replace(analysis.shapes.models[0], parameters=Unknown("not_built", (), sample.span("train.py", 1)))
    data = facts_json(replace(analysis, shapes=replace(analysis.shapes, models=(model,))))
    assert data["models"][0]["parameters"] == {"unknown": "not_built", "where": "train.py:1"}
    assert [
        error.message for error in Draft202012Validator(facts_schema()).iter_errors(json.loads(json.dumps(data)))
    ] == []


def test_a_model_that_was_only_built_satisfies_the_schema():
    analysis = sample.analysis()
    model = replace(analysis.shapes.models[0], traces=())
    data = facts_json(replace(analysis, shapes=replace(analysis.shapes, presets=(model,))))
    assert "mode" not in data["preset_models"][0]
    errors = Draft202012Validator(facts_schema()).iter_errors(json.loads(json.dumps(data)))
    assert [error.message for error in errors] == []


def test_a_repository_without_a_web_address_has_no_such_key():
    data = facts_json(sample.analysis(commit=None, remote=None))
    assert not {"commit", "remote", "dirty"} & data["repository"].keys()


def test_a_pipeline_has_a_key_for_what_it_does_and_none_for_what_it_does_not():
    training = facts()["training"]
    assert training["gradient_clipping"]["default"] == {"max_norm": 1.0}
    assert "mixed_precision" not in training
    assert "inference" not in facts()


def test_every_source_quotes_its_lines():
    for place, node in nodes(facts()):
        if isinstance(node, dict) and {"path", "line", "end_line"} <= node.keys() and "sha256" in node:
            assert len(node["sha256"]) == 64, place


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers() | st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN)
def test_any_configuration_value_becomes_strict_json(value):
    json.dumps(plain(value), allow_nan=False)


def test_models_carry_the_keys_of_deepdive_shapes():
    model = facts()["models"][0]
    assert model["parameters"] == {"total": 552, "trainable": 552}
    assert model["lines"][1]["targets"]["h"]["shape"] == [{"expr": "B", "value": 2}, {"expr": "4*width", "value": 32}]
    assert model["lines"][1]["source"]["line"] == 13


def test_counts_that_are_open_beside_a_known_total_say_why():
    base = sample.analysis()
    model = base.shapes.models[0]
    counts = replace(model.parameters.value, active=Unknown("no_routing_found", (), model.where), unknown_buffers=1)
    changed = replace(model, parameters=replace(model.parameters, value=counts))
    shapes = replace(base.shapes, models=(changed, *base.shapes.models[1:]))
    data = json.loads(facts_text(replace(base, shapes=shapes)))
    assert [error.message for error in Draft202012Validator(facts_schema()).iter_errors(data)] == []
    described = data["models"][0]
    assert described["parameters"]["total"] == counts.total
    assert described["active_parameters"]["unknown"] and described["buffers"]["unknown"]


def test_alternatives_and_builds_of_programs_are_told_and_satisfy_the_schema():
    analysis = sample.analysis()
    (training, *rest), shapes = analysis.facts.processes.training, analysis.shapes
    arms = (Arm(1, 2, "", training.entry),)
    staged = replace(training, stages=(replace(training.stages[0], arms=arms, again=("for a in b",)),))
    processes = replace(analysis.facts.processes, training=(staged, *rest))
    build = ProgramBuild(training.entry_name, training.entry, shapes.models[0])
    changed = replace(
        analysis,
        facts=replace(analysis.facts, processes=processes),
        shapes=replace(shapes, program_builds=(build,)),
    )
    data = json.loads(facts_text(changed))
    assert [error.message for error in Draft202012Validator(facts_schema()).iter_errors(data)] == []
    assert data["program_builds"][0]["program"] == training.entry_name
    stage = data["trainings"][0]["stages"][0]
    assert (stage["arms"][0]["arm"], stage["arms"][0]["condition"], stage["again"]) == (2, None, ["for a in b"])
