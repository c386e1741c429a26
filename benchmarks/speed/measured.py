"""One side of the comparison, in a process of its own: prints seconds per repetition and the process's peak memory.

Both sides describe the same model, the bundled GPT at the size of GPT-2 124M, on the same input; torch's import is
in neither time, building the model is in the evaluator's only (torchinfo is given a model that exists).
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

BATCH, LENGTH = 1, 64
PARAMETERS = 124_439_808
SIZE = (
    "vocab_size=50257, context_length=1024, d_model=768, n_layers=12, n_heads=12, n_kv_heads=12, d_ff=3072, "
    "position='learned', norm='layer_norm', activation='gelu', bias=True, tie_weights=True"
)
EXPRESSION = f"from reference_model.config import ModelConfig; GPT(ModelConfig({SIZE}))"
REPETITIONS = 3


def main() -> None:
    """`python -m benchmarks.speed.measured evaluator|torchinfo`."""
    sides = {"evaluator": evaluator, "torchinfo": torchinfo_summary}
    step, name = sides[sys.argv[1]](), sys.argv[1]
    seconds = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        total = step()
        seconds.append(time.perf_counter() - started)
        assert total == PARAMETERS, f"{name} counts {total}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": seconds, "peak_mib": peak}))


def evaluator() -> Callable[[], int]:
    """Source text to shapes of every module and line: parsing, building and one call, with numbers as sizes."""
    import analyzer.shapes.model  # noqa: F401  (what a worker has imported before it starts)
    from analyzer.evaluator import Interpreter
    from analyzer.index import open_repository
    from analyzer.shapes.input_spec import parse_input_spec
    from analyzer.shapes.parameters import count_parameters
    from analyzer.shapes.runs import ModelSource

    root = Path(__file__).resolve().parents[2] / "reference_model"

    def step() -> int:
        source = ModelSource(Interpreter(open_repository(str(root))), "model.py", EXPRESSION)
        built = source.build()
        specs = [parse_input_spec(f"tokens: int64[B={BATCH}, T={LENGTH}]")]
        trace = source.call(built.model, specs, {"B": BATCH, "T": LENGTH}, "forward", training=False)
        assert trace.stopped is None, trace.stopped
        assert len(trace.calls) > 12 * 8, "too few modules were called"
        return count_parameters(built.model).total

    return step


def torchinfo_summary() -> Callable[[], int]:
    """torchinfo's table of the instantiated model; its total is the model's own (torchinfo counts ties twice)."""
    import torch
    from torchinfo import summary

    from reference_model.config import ModelConfig
    from reference_model.model import GPT

    torch.set_num_threads(2)
    model = GPT(eval(f"ModelConfig({SIZE})", {"ModelConfig": ModelConfig}))
    tokens = torch.zeros(BATCH, LENGTH, dtype=torch.int64)

    def step() -> int:
        str(summary(model, input_data=tokens, verbose=0, depth=10))
        return sum(p.numel() for p in model.parameters())

    return step


if __name__ == "__main__":
    main()
