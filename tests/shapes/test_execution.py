"""`--execute`: what runs is the code that was read, behind every net, and what it says is only compared."""

import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.evaluator.worker import WorkerLimits
from analyzer.index import open_repository
from analyzer.records.evidence import Known
from analyzer.records.tensors import Dim, ModelInput, ModelShapes, ModuleCall, ModuleRecord, ParameterCounts, TensorSpec
from analyzer.records.tensors import Trace as EvaluatedTrace
from analyzer.shapes import execution
from analyzer.shapes.agreement import compare_calls, verdict_of, verdict_of_calls
from analyzer.shapes.derivation import ShapesOptions, derive_shapes
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.execution import Choices, execute_model
from analyzer.shapes.requests import ModelRequest

NET = """
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(11, 6)
            self.unused = nn.Linear(2, 2)
            self.head = nn.Linear(6, 3)
        def forward(self, idx):
            return self.head(self.table(idx))
"""
TOTAL = 11 * 6 + 6 + 6 * 3 + 3


def spec(*sizes, dtype="float32"):
    return TensorSpec(tuple(Dim(size) for size in sizes), dtype)


def call(inputs, outputs, **more):
    return ModuleCall(tuple(inputs), tuple(outputs), **more)


IDX = spec(2, 5, dtype="int64")
RECORDS = (
    ModuleRecord("", "Net", TOTAL, calls=(call([IDX], [spec(2, 5, 3)]),)),
    ModuleRecord("table", "Embedding", 66, calls=(call([IDX], [spec(2, 5, 6)]),)),
    ModuleRecord("unused", "Linear", 6),
    ModuleRecord("head", "Linear", 21, calls=(call([spec(2, 5, 6)], [spec(2, 5, 3)]),)),
)
TRACE = EvaluatedTrace("inference", "forward", (ModelInput("idx", IDX, "user"),), (), RECORDS, (spec(2, 5, 3),))


def run(folder: Path, files: dict[str, str], path="net.py", expression="Net()", trace=TRACE, **options):
    """A real run of `expression` in the file `path`, beside an evaluation that is written down here."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
    index = open_repository(str(folder))
    where = index.span(path, 1)
    counts = Known(ParameterCounts(TOTAL, TOTAL, TOTAL), (where,), "counted")
    model = ModelShapes("Net", "Net", True, where, expression, "user", where, (), counts, traces=(trace,))
    request = ModelRequest("Net", "Net", where, (BuildPlan(path, expression, "user", where),), main=True)
    return execute_model(index, request, model, Choices(**options))


def verdicts(call):
    return {comparison.subject: comparison.verdict for comparison in call.comparisons}


def test_totals_calls_and_output_are_compared_and_the_model_is_checked(tmp_path):
    found = run(tmp_path / "net", {"net.py": NET})
    assert found.failure is None
    assert {item.subject: item.verdict for item in found.totals} == {
        "parameters": "agree",
        "trainable": "agree",
        "buffers": "agree",
    }
    assert verdicts(found.calls[0]) == {"": "agree", "table": "agree", "head": "agree", "output": "agree"}
    passed = {check.name: check.passed for check in found.checks}
    assert passed == {"forward": True, "shape": True, "finite": True, "range": True, "gradients": False, "memory": True}
    silent = next(check.detail for check in found.checks if check.name == "gradients")
    assert "unused.weight, unused.bias" in silent


def test_an_evaluation_that_is_wrong_is_contradicted(tmp_path):
    wrong = replace(RECORDS[3], calls=(call([spec(2, 5, 6)], [spec(2, 5, 4)]),))
    trace = replace(TRACE, modules=(*RECORDS[:3], wrong), output=(spec(2, 5, 4),))
    found = run(tmp_path / "net", {"net.py": NET.replace("nn.Linear(2, 2)", "nn.Linear(2, 3)")}, trace=trace)
    assert [item.verdict for item in found.totals] == ["differ", "differ", "agree"]
    assert found.totals[0].evaluated == "93" and found.totals[0].executed == "96"
    assert verdicts(found.calls[0]) == {
        "": "differ",
        "table": "agree",
        "unused": "differ",
        "head": "differ",
        "output": "differ",
    }


def test_what_a_run_does_not_reach_cannot_be_told(tmp_path):
    found = run(
        tmp_path / "net", {"net.py": NET.replace("return self.head", "raise KeyError('x')\n            return")}
    )
    assert found.calls[0].stopped.reason == "execution_raised"
    assert dict(found.calls[0].stopped.arguments) == {"error": "KeyError: 'x'"}
    assert verdicts(found.calls[0]) == {"": "unknown", "table": "unknown", "head": "unknown"}
    assert [item.verdict for item in found.totals] == ["agree"] * 3


ESCAPES = """
    import os, socket, subprocess, threading
    from pathlib import Path

    def allowed(attempt):
        try:
            attempt()
        except OSError:
            return False
        return True

    found = [name for name, attempt in {
        "write": lambda: Path(OUTSIDE).write_text("x"),
        "network": lambda: socket.socket(),
        "program": lambda: subprocess.run(["true"]),
        "process": lambda: os.fork() or os._exit(0),
    }.items() if allowed(attempt)]
    assert not found, f"allowed: {found}"
    Path("scratch.txt").write_text("below the directory that is thrown away")
    thread = threading.Thread(target=lambda: None)
    thread.start(), thread.join()
    assert os.environ.get("DEEPDIVE_SECRET") is None and os.environ["GIVEN"] == "1"
    assert sorted(os.listdir()) == ["net", "scratch.txt"]
"""


def test_the_code_runs_behind_the_nets_and_sees_only_what_it_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPDIVE_SECRET", "1")
    outside = tmp_path / "outside.txt"
    text = f"OUTSIDE = {str(outside)!r}\n" + textwrap.dedent(ESCAPES) + textwrap.dedent(NET)
    found = run(tmp_path / "net", {"net.py": text}, environment=(("GIVEN", "1"),))
    assert found.failure is None or found.failure.reason == "worker_not_isolated", found.failure
    assert not outside.exists()


FORGERY = """
import os
for fd in range(3, 12):
    try:
        os.write(fd, b'{"result": {"built": 5}}\\n')
    except OSError:
        pass
"""


def test_without_a_required_net_nothing_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(execution, "LIMITS", replace(execution.LIMITS, required=("no_such_net",)))
    found = run(tmp_path / "net", {"net.py": NET})
    assert found.failure.reason == "worker_not_isolated" and not found.totals


@pytest.mark.parametrize(
    ("text", "limits", "reason"),
    [
        ("import sys\nsys.exit(0)", {}, "execution_raised"),
        ("while True: pass", {"cpu_seconds": 12, "wall_seconds": 12.0}, "worker_out_of_time"),
        ("import os\nos._exit(3)", {}, "worker_failed"),
        (FORGERY, {}, "execution_unreadable"),
    ],
)
def test_code_that_ends_early_harms_nothing(tmp_path, monkeypatch, text, limits, reason):
    monkeypatch.setattr(execution, "LIMITS", replace(execution.LIMITS, **limits))
    found = run(tmp_path / "net", {"net.py": text + "\n" + textwrap.dedent(NET)})
    assert (found.failure.reason if found.failure else None) == reason


@pytest.mark.parametrize(
    ("files", "path", "expression"),
    [
        ({"__init__.py": "", "part.py": NET, "net.py": "from reference_model.part import Net"}, "net.py", "Net()"),
        ({"src/pack/__init__.py": "", "src/pack/part.py": NET, "src/pack/net.py": "from .part import Net"},
         "src/pack/net.py", "Net()"),
        ({"src/pack/__init__.py": "", "src/pack/part.py": NET, "run/net.py": "X = 1"},
         "run/net.py", "from pack.part import Net\nNet()"),
    ],
    ids=["root_is_a_package_named_like_ours", "package_below_src", "found_anywhere"],
)  # fmt: skip
def test_imports_find_the_copy(tmp_path, files, path, expression):
    found = run(tmp_path / "reference_model", files, path, expression)
    assert found.failure is None
    assert verdicts(found.calls[0])["output"] == "agree"


def test_settings_that_the_code_would_not_see_forbid_a_run(tmp_path):
    found = run(tmp_path / "net", {"net.py": NET}, settings=(("width", "3"),))
    assert found.failure.reason == "execution_with_settings" and not found.totals


def test_nothing_runs_unless_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(execution, "run_worker", lambda *_: pytest.fail("the target was run"))
    (tmp_path / "net.py").write_text(textwrap.dedent(NET), encoding="utf-8")
    from analyzer.facts import derive_facts

    index = open_repository(str(tmp_path))
    assert derive_shapes(index, derive_facts(index), ShapesOptions()).executions == ()


@pytest.mark.parametrize(
    ("evaluated", "real", "verdict"),
    [
        ([spec(2, 3)], [spec(2, 3)], "agree"),
        ([spec(2, None)], [spec(2, 3)], "unknown"),
        ([spec(2, None)], [spec(4, 3)], "differ"),
        ([spec(2, 3)], [spec(2, 3, dtype="int64")], "differ"),
        ([spec(2, 3)], [spec(2, 3, 1)], "differ"),
        ([spec(2, 3)], [], "differ"),
    ],
)
def test_an_open_size_contradicts_nothing_and_a_known_one_does(evaluated, real, verdict):
    assert verdict_of(evaluated, real) == verdict


def test_calls_under_a_condition_on_data_may_be_missing():
    open_call = replace(RECORDS[3], calls=(replace(RECORDS[3].calls[0], known=False, outputs=()),))
    trace = replace(TRACE, modules=(open_call,))
    (head, _) = compare_calls(trace, [replace(RECORDS[3], calls=())], TRACE.output)
    assert head.verdict == "unknown"
    (head, _) = compare_calls(replace(TRACE, modules=(RECORDS[3],)), [replace(RECORDS[3], calls=())], TRACE.output)
    assert head.verdict == "differ"


def test_a_run_has_the_nets_that_it_requires():
    assert set(execution.LIMITS.required) == {"no_file_writes", "no_network_no_programs", "no_processes"}
    assert WorkerLimits().required == ()


@pytest.mark.parametrize(
    ("more", "outputs", "verdict"),
    [
        ({}, [IDX], "differ"),
        ({"takes_unknown": True}, [IDX], "unknown"),
        ({"takes_unknown": True}, [spec(2, 6, dtype="int64")], "differ"),
    ],
)
def test_inputs_of_which_not_all_are_known_contradict_nothing(more, outputs, verdict):
    said, real = call([IDX], outputs, **more), call([IDX, spec(2, 1)], [IDX])
    assert verdict_of_calls([said], [real], reached_end=True) == verdict
