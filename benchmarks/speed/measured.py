"""One side of the comparison, in a process of its own: prints processor seconds per repetition and the peak memory.

Both sides describe the same model on the same input. torch's import is in neither time; building the model is in the
evaluator's only (torchinfo is given a model that exists).
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).resolve().parent / "models"
REPETITIONS = 3


@dataclass(frozen=True)
class Subject:
    """A model of `models/` at one size, with its inputs and its number of parameters."""

    path: str
    class_name: str
    expression: str
    inputs: tuple[str, ...]
    parameters: int
    fits: bool = False
    """Whether the model itself can be instantiated on an ordinary machine, so that torchinfo can see it."""


TOKENS = ("idx: int64[B=1, T=64]",)
IMAGES = ("x: float32[B=2, 4, 32, 32]", "t: int64[B=2]", "y: int64[B=2]")
LARGE = "hidden_size=8192, intermediate_size=28672, num_layers=80, num_heads=64, num_kv_heads=8"
SUBJECTS = {
    "GPT-2 124M": Subject("gpt.py", "GPT", "GPT(GPTConfig())", TOKENS, 124_439_808, True),
    "DiT-XL/2": Subject("diffusion.py", "DiT", "DiT(DiTConfig())", IMAGES, 675_129_632, True),
    "Llama 2 7B": Subject("llama.py", "Llama", "Llama(LlamaConfig())", ("tokens: int64[B=1, T=64]",), 6_738_415_616),
    "Llama 2 70B": Subject(
        "llama.py", "Llama", f"Llama(LlamaConfig({LARGE}))", ("tokens: int64[B=1, T=64]",), 68_976_648_192
    ),
}
for _layers in (12, 48, 96):
    SUBJECTS[f"GPT {_layers} layers"] = Subject(
        "gpt.py", "GPT", f"GPT(GPTConfig(n_layer={_layers}))", TOKENS, 39_385_344 + 7_087_872 * _layers
    )


def main() -> None:
    """`python -m benchmarks.speed.measured SIDE SUBJECT`."""
    side, subject = sys.argv[1], SUBJECTS[sys.argv[2]]
    step = SIDES[side](subject)
    seconds = []
    for _ in range(1 if side == "names" else REPETITIONS):
        started = time.process_time()
        total = step()
        seconds.append(time.process_time() - started)
        assert total == subject.parameters, f"{side} counts {total}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak}))


def numbers(subject: Subject) -> Callable[[], int]:
    """Source text to shapes of every module and line: parsing, building and one call, with numbers as sizes."""
    import analyzer.shapes.model  # noqa: F401  (what a worker has imported before it starts)
    from analyzer.evaluator import Interpreter
    from analyzer.index import open_repository
    from analyzer.shapes.input_spec import parse_input_spec, sizes_of
    from analyzer.shapes.parameters import count_parameters
    from analyzer.shapes.runs import ModelSource

    specs = [parse_input_spec(text) for text in subject.inputs]

    def step() -> int:
        source = ModelSource(Interpreter(open_repository(str(SOURCES))), subject.path, subject.expression)
        built = source.build()
        trace = source.call(built.model, specs, sizes_of(specs), "forward", training=False)
        assert trace.stopped is None, trace.stopped
        assert len(trace.calls) == len(list(built.model.named_modules())) - 1, "a module was not called"
        return count_parameters(built.model).total

    return step


def names(subject: Subject) -> Callable[[], int]:
    """Everything that `deepdive shapes` derives: modes, probes, names, conditions, costs."""
    from analyzer.evaluator import Interpreter
    from analyzer.index import open_repository
    from analyzer.records.evidence import Known
    from analyzer.shapes.entry_points import BuildPlan
    from analyzer.shapes.input_spec import parse_input_spec
    from analyzer.shapes.model import derive_model
    from analyzer.shapes.requests import ModelRequest
    from analyzer.shapes.tasks import prepare

    prepare()
    index = open_repository(str(SOURCES))
    where = index.span(subject.path, 1)
    plan = BuildPlan(subject.path, subject.expression, "user", where)
    inputs = tuple(map(parse_input_spec, subject.inputs))
    request = ModelRequest(
        subject.class_name, f"{subject.path}:{subject.class_name}", where, (plan,), main=True, inputs=inputs
    )

    def step() -> int:
        parameters = derive_model(Interpreter(index), request).parameters
        assert isinstance(parameters, Known), parameters
        return parameters.value.total

    return step


def torchinfo_summary(subject: Subject) -> Callable[[], int]:
    """torchinfo's table of the instantiated model; its total is the model's own (torchinfo counts ties twice)."""
    import importlib

    import torch
    from torchinfo import summary

    from analyzer.shapes.input_spec import TensorValue, parse_input_spec, sizes_of

    torch.set_num_threads(2)
    module = importlib.import_module(f"benchmarks.speed.models.{subject.path.removesuffix('.py')}")
    model = eval(subject.expression, vars(module))
    specs = [parse_input_spec(text) for text in subject.inputs]
    sizes, data = sizes_of(specs), []
    for spec in specs:
        assert isinstance(spec.value, TensorValue)
        shape = [sizes[dim.name] if dim.name else dim.size or 1 for dim in spec.value.dims]
        data.append(torch.zeros(shape, dtype=getattr(torch, spec.value.dtype)))

    def step() -> int:
        str(summary(model, input_data=data, verbose=0, depth=10))
        return sum(p.numel() for p in model.parameters())

    return step


SIDES = {"numbers": numbers, "names": names, "torchinfo": torchinfo_summary}


if __name__ == "__main__":
    main()
