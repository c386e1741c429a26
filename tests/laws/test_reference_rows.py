"""The evaluator, which reads the reference model's source, and torchinfo, which runs it, see the same rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer.evaluator import Interpreter
from analyzer.index import open_repository
from analyzer.records.tensors import ModuleRecord, ReferenceTrace
from analyzer.shapes.tracer import trace_reference

B, T = 2, 16
CONFIG = "reference_model/config.py"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that holds the package alone."""
    root = tmp_path_factory.mktemp("source")
    package = Path(__file__).resolve().parents[2] / "reference_model"
    shutil.copytree(package, root / "reference_model", ignore=shutil.ignore_patterns("assets", "__pycache__"))
    return root


@pytest.fixture(scope="module", params=["classic", "tiny"])
def both(request: pytest.FixtureRequest, source: Path) -> tuple[Interpreter, Any, ReferenceTrace]:
    interpreter = Interpreter(open_repository(str(source)))
    build = f"from reference_model.model import GPT\nGPT(PRESETS[{request.param!r}])"
    return interpreter, interpreter.evaluate(CONFIG, build), trace_reference(request.param, B, T)


def test_parameters_are_equal_module_by_module(both: tuple[Interpreter, Any, ReferenceTrace]) -> None:
    _, model, trace = both
    evaluated = [(path, sum(p.numel() for p in module.parameters())) for path, module in model.named_modules()]
    assert evaluated == [(row.path, row.parameters) for row in trace.training]
    assert sum(parameter.numel() for parameter in model.parameters()) == trace.parameters.total


def require_equal_rows(calls_of: Callable[[str], list[Any]], rows: tuple[ModuleRecord, ...]) -> None:
    def numbers(shapes: Any) -> list[list[int]]:
        return [[getattr(size, "value", size) for size in shape.shape] for shape in shapes]

    for row in rows:
        evaluated = [(numbers(call.inputs), numbers(call.outputs)) for call in calls_of(row.path)]
        assert evaluated == [(numbers(call.inputs), numbers(call.outputs)) for call in row.calls], row.path


def test_training_rows_are_equal(both: tuple[Interpreter, Any, ReferenceTrace]) -> None:
    interpreter, model, trace = both
    tokens = interpreter.tensor([("B", B), ("T", T)], "int64")
    recording = interpreter.call(model, [tokens], {"targets": tokens}, training=True)
    assert recording.error is None
    require_equal_rows(recording.calls_of, trace.training)


def test_prefill_and_decode_rows_with_a_cache_are_equal(both: tuple[Interpreter, Any, ReferenceTrace]) -> None:
    interpreter, model, trace = both
    cache = interpreter.evaluate(CONFIG, f"model.new_cache({B})", {"model": model})
    prompt = interpreter.tensor([("B", B), ("T", T)], "int64")
    prefill = interpreter.call(model, [prompt], {"cache": cache})
    decode = interpreter.call(model, [interpreter.tensor([("B", B), 1], "int64")], {"cache": cache})
    assert prefill.error is decode.error is None
    require_equal_rows(prefill.calls_of, trace.inference)
    require_equal_rows(decode.calls_of, trace.decode)
