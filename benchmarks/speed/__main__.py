"""`python -m benchmarks.speed`: the evaluator against torchinfo on the same models in the same run, and by layers.

Seconds are of the processor, so that a busy machine does not decide; rounds of the sides take turns.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.speed.measured import SUBJECTS

ROUNDS = 3
LAYERS = ("GPT 12 layers", "GPT 48 layers", "GPT 96 layers")
ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str]) -> int:
    """All models, or those whose names are given."""
    compared = [name for name in SUBJECTS if name not in LAYERS and (not arguments or name in arguments)]
    print(
        "processor seconds           numbers: first, warm   names   torchinfo: first, warm   ratio: first, warm   MiB"
    )
    for name in compared:
        print(compare(name), flush=True)
    if not arguments:
        print("\nlayers of equal form, warm seconds of one numeric evaluation (building and calling)")
        for name in LAYERS:
            print(f"{name:14} {min(measure('numbers', name)['seconds']):6.2f}", flush=True)
    return 0


def compare(name: str) -> str:
    """One row: the medians over rounds in which the sides take turns; peak memory of numbers and names."""
    subject = SUBJECTS[name]
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(measure("numbers", name))
        theirs += [measure("torchinfo", name)] if subject.fits else []
    names = measure("names", name)
    first, warm = _seconds(ours)
    row = f"{name:26} {first:15.2f}, {warm:5.2f} {names['seconds'][0]:7.1f}"
    if theirs:
        other_first, other_warm = _seconds(theirs)
        row += f"{other_first:18.2f}, {other_warm:5.2f} {first / other_first:13.2f}, {warm / other_warm:5.2f}"
    else:
        row += f"{'does not fit':>25} {'':20}"
    return f"{row} {max(side['peak_mib'] for side in ours)} / {names['peak_mib']}"


def _seconds(rounds: Sequence[Any]) -> tuple[float, float]:
    return median(side["seconds"][0] for side in rounds), median(min(side["seconds"]) for side in rounds)


def measure(side: str, name: str) -> Any:
    """One side, measured in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.speed.measured", side, name]
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
