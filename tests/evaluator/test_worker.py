"""A worker keeps what it finished and says why it ended; nothing it does harms the caller."""

import sys

import pytest

from analyzer.evaluator.worker import WorkerLimits, run_worker

TASKS = "tests.evaluator.worker_tasks"


def run(name, payload=None, **limits):
    return run_worker(f"{TASKS}:{name}", payload, WorkerLimits(**limits))


def test_results_come_back_in_order():
    outcome = run("echo", {"a": [1, None, 2.5]})
    assert outcome.results == ({"a": [1, None, 2.5]}, {"seen": {"a": [1, None, 2.5]}})
    assert outcome.failure is None


@pytest.mark.parametrize(
    ("name", "limits", "reason"),
    [
        ("endless", {"wall_seconds": 0.8}, "worker_out_of_time"),
        ("endless", {"cpu_seconds": 1}, "worker_out_of_time"),
        ("greedy", {"address_bytes": 2**30}, "worker_out_of_memory"),
        ("dying", {}, "worker_failed"),
        ("raising", {}, "worker_failed"),
    ],
)
def test_a_worker_that_ends_early_leaves_its_results_and_a_reason(name, limits, reason):
    outcome = run(name, **limits)
    assert outcome.results == ("first",)
    assert outcome.failure.reason == reason


def test_the_memory_watch_ends_a_worker_before_the_hard_wall():
    if sys.platform != "linux":
        pytest.skip("resident memory is watched on Linux")
    assert run("greedy", resident_bytes=300 * 2**20).failure.reason == "worker_out_of_memory"


def test_what_a_net_forbids_is_forbidden(tmp_path):
    outcome = run("escaping", str(tmp_path / "written"))
    writing, network, program = outcome.results
    if "no_file_writes" in outcome.nets:
        assert writing == "PermissionError"
        assert not (tmp_path / "written").exists()
    if "no_network_no_programs" in outcome.nets:
        assert (network, program) == ("PermissionError", "PermissionError")


def test_the_environment_of_the_user_does_not_reach_the_worker(monkeypatch):
    monkeypatch.setenv("DEEPDIVE_SECRET", "1")
    assert "DEEPDIVE_SECRET" not in run("environment").results[0]
