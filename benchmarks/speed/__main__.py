"""`python -m benchmarks.speed`: the evaluator against torchinfo on GPT-2 124M, as a ratio, and peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.speed.measured import BATCH, LENGTH, PARAMETERS

ROUNDS = 3
ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Rounds of both sides in turn, so that a busy machine slows both; the ratio is the median of the rounds'."""
    rounds = [(measure("evaluator"), measure("torchinfo")) for _ in range(ROUNDS)]
    print(f"reference GPT at the size of GPT-2, {PARAMETERS:,} parameters, B={BATCH}, T={LENGTH}")
    print("side        first s   best s   peak MiB")
    for column, name in enumerate(("evaluator", "torchinfo")):
        times = [measured[column]["seconds"] for measured in rounds]
        peak = max(measured[column]["peak_mib"] for measured in rounds)
        print(f"{name:10} {median(t[0] for t in times):8.2f} {min(map(min, times)):8.2f} {peak:10}")
    first = median(a["seconds"][0] / b["seconds"][0] for a, b in rounds)
    best = median(min(a["seconds"]) / min(b["seconds"]) for a, b in rounds)
    print(f"evaluator / torchinfo: {first:.2f} the first time, {best:.2f} when warm")
    return 0


def measure(side: str) -> Any:
    """One side, measured in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.speed.measured", side]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)


if __name__ == "__main__":
    sys.exit(main())
