"""The accuracy benchmark finds what is wrong, tells it from what is unknown, and finds nothing in a small sample."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.accuracy.comparison import Outcome, compare, compare_names, evaluate
from benchmarks.accuracy.measurement import Places, measure_list
from benchmarks.accuracy.model_lists import read_lists
from benchmarks.accuracy.table import blocking, table_lines

TRUTH = {
    "total": 6,
    "trainable": 6,
    "buffers": 0,
    "modules": [["", "Net", 6], ["line", "Linear", 6]],
    "calls": [["", [[2, 3]], [[2, 2]]], ["line", [[2, 3]], [[2, 2]]]],
    "seconds": 0.1,
}


def claim(outputs: object, total: int = 6, unknown: tuple[dict[str, str], ...] = ()) -> dict[str, object]:
    call = {"inputs": [[2, {"expr": "C", "value": 3}]], "outputs": outputs}
    return {
        "parameters": {"total": total, "trainable": total},
        "buffers": 0,
        "modules": [
            {"path": "", "class": "Net", "parameters": total, "calls": [{"inputs": [[2, 3]], "outputs": [[2, 2]]}]},
            {"path": "line", "class": "Linear", "parameters": total, "calls": [call] if outputs is not None else []},
        ],
        "unknown": list(unknown),
        "seconds": 1.0,
    }


GAP = ({"where": "a.py:1", "reason": "no_fake_kernel"},)


@pytest.mark.parametrize(
    ("said", "verdicts"),
    [
        (claim([[2, 2]]), (2, 0, 0)),
        (claim([[2, {"expr": "D", "value": 2}]]), (2, 0, 0)),
        (claim([[2, 4]]), (1, 1, 0)),
        (claim([[2, 2], [1]]), (1, 1, 0)),
        (claim([[2, 2, 1]]), (1, 1, 0)),
        (claim([[2, None]]), (1, 0, 1)),
        (claim([[3, None]]), (1, 1, 0)),
        (claim(None), (1, 1, 0)),
        (claim(None, unknown=GAP), (1, 0, 1)),
        (claim([], unknown=GAP), (1, 0, 1)),
        (claim([]), (1, 1, 0)),
    ],
)
def test_calls_are_right_wrong_or_unknown(said: dict[str, object], verdicts: tuple[int, int, int]) -> None:
    outcome = compare(Outcome("list", "model"), said, TRUTH)
    assert (outcome.right, outcome.wrong, outcome.unknown) == verdicts
    assert bool(outcome.errors) == bool(outcome.wrong)


@pytest.mark.parametrize(("more", "verdict"), [({"takes_unknown": True}, "unknown"), ({}, "wrong")])
def test_of_a_call_that_takes_more_than_is_known_the_inputs_are_unknown(more: dict[str, bool], verdict: str) -> None:
    said = {**claim([[2, 2]])}
    said["modules"][1]["calls"][0].update(inputs=[], **more)  # type: ignore[index]
    outcome = compare(Outcome("list", "model"), said, TRUTH)
    assert (outcome.right, getattr(outcome, verdict)) == (1, 1)


def test_a_wrong_total_is_an_error_and_a_missing_one_is_not() -> None:
    assert compare(Outcome("list", "model"), claim([[2, 2]], total=7), TRUTH).errors[0] == "total: 7, truth 6"
    said = {**claim([[2, 2]], unknown=GAP), "parameters": None}
    outcome = compare(Outcome("list", "model"), said, TRUTH)
    assert (outcome.built, outcome.totals_equal, outcome.errors) == (False, None, [])


def test_names_are_checked_at_other_values() -> None:
    truth = {**TRUTH, "calls": [["", [[2, 3]], [[2, 2]]], ["line", [[2, 5]], [[2, 2]]]]}
    right, wrong = Outcome("list", "model"), Outcome("list", "model")
    compare_names(right, claim([[2, 2]]), {"C": 5}, truth)
    compare_names(wrong, claim([[2, 2]]), {"C": 4}, truth)
    assert (right.names_right, right.names_wrong) == (1, 0)
    assert wrong.errors == ["name in line: C is 4, truth 5"]


def test_expressions_have_the_value_of_their_python() -> None:
    assert evaluate("3*n + (B - 1)//2 - 2**k % 5", {"n": 4, "B": 8, "k": 3}) == 3 * 4 + 7 // 2 - 2**3 % 5
    assert evaluate("n + m", {"n": 4}) is None


def test_a_row_without_truth_is_neither_right_nor_wrong() -> None:
    outcome = compare(Outcome("list", "model"), {}, {"failed": "import: ModuleNotFoundError: torchvision"})
    assert outcome.unmeasured and not outcome.built
    assert blocking([outcome]) == []
    assert "unmeasured: import" in "\n".join(table_lines([outcome]))


def test_the_reference_model_is_described_as_it_is(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (models,) = read_lists(["reference_model"])
    tiny = next(case for case in models.cases if case.name == "tiny")
    sample = dataclasses.replace(models, cases=(dataclasses.replace(tiny, other=None),))
    (outcome,) = measure_list(sample, Places(None, None, tmp_path))
    assert outcome.errors == []
    assert (outcome.totals_equal, outcome.wrong, outcome.unknown) == (True, 0, 0)
    assert outcome.right > 50


@pytest.mark.parametrize("group", ["conformer", "mingru_pytorch", "point_transformer_pytorch", "timesformer_pytorch"])
def test_real_packages_are_described_as_they_are(group: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (models,) = read_lists([group])
    outcomes = list(measure_list(models.sample(3), Places(None, None, tmp_path)))
    assert len(outcomes) >= 2
    for outcome in outcomes:
        assert (outcome.unmeasured, outcome.errors) == ("", [])
        assert (outcome.built, outcome.totals_equal, outcome.wrong, outcome.unknown) == (True, True, 0, 0)
        assert outcome.right > 0


def test_every_list_can_be_read_and_names_its_models_once() -> None:
    for models in read_lists():
        names = [case.name for case in models.cases]
        assert len(names) == len(set(names)), models.group
        assert bool(models.repository) != bool(models.packages), models.group


def test_limits_of_time_follow_the_patience(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (models,) = read_lists(["reference_model"])
    sample = dataclasses.replace(models, cases=models.cases[:1])
    (outcome,) = measure_list(sample, Places(None, None, tmp_path, patience=1e-4))
    assert outcome.unmeasured == "out of time (0.018 s)"


def test_of_a_model_that_is_not_called_only_the_totals_are_compared(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (models,) = read_lists(["reference_model"])
    case = dataclasses.replace(models.cases[0], other=None, not_called="no inputs known")
    (outcome,) = measure_list(dataclasses.replace(models, cases=(case,)), Places(None, None, tmp_path))
    assert (outcome.totals_equal, outcome.right, outcome.unmeasured) == (True, 0, "call: no inputs known")
