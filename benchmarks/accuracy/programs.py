"""A measuring program of this package as a process of its own: JSON in, JSON out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def answer_of(program: str, request: str, seconds: float) -> dict[str, Any]:
    """What `python -m benchmarks.accuracy.PROGRAM` answers; `failed` says why there is nothing."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", "-m", f"benchmarks.accuracy.{program}"]
    try:
        done = subprocess.run(
            command,
            input=request,
            capture_output=True,
            text=True,
            env=environment,
            check=False,
            cwd=ROOT,
            timeout=seconds,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"failed": "out of time"}
    except ValueError:
        return {"failed": (done.stderr.strip().splitlines() or ["no answer"])[-1][:120]}
    return answer
