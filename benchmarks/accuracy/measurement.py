"""Runs the claim and the truth of each model in processes of their own and compares them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.accuracy.comparison import Json, Outcome, compare, compare_names
from benchmarks.accuracy.model_lists import Case, Instance, ModelList, source_of

ROOT = Path(__file__).resolve().parents[2]
LIMIT_SECONDS = 120.0


@dataclass(frozen=True)
class Places:
    """Directories of this machine: repositories, packages installed apart, a scratch directory."""

    repositories: Path | None
    target: Path | None
    scratch: Path


def measure_list(models: ModelList, places: Places, jobs: int = 2) -> Iterator[Outcome]:
    """One outcome per model of a list, in its order."""
    source = source_of(models, places.repositories, places.target, places.scratch)
    if isinstance(source, str):
        yield from (Outcome(case.group, case.name, unmeasured=source) for case in models.cases)
        return
    path = [str(source), *([str(places.target)] if places.target else [])]
    questions = [(case, instance) for case in models.cases for instance in (case.base, case.other) if instance]
    requests = [{**_request(case, instance), "path": path, "module": case.module} for case, instance in questions]
    truths = dict(zip(questions, _ask("execution", requests), strict=True))
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda case: _measure(case, source, truths), models.cases)


def _measure(case: Case, source: Path, truths: Mapping[tuple[Case, Instance], Any]) -> Outcome:
    """Claim and truth of one model; of its other values too, where it has them."""
    outcome = Outcome(case.group, case.name)
    truth = truths[case, case.base]
    if "failed" in truth:
        return compare(outcome, {}, truth)
    claim = _claim(case, case.base, source)
    compare(outcome, claim, truth)
    if case.other is not None and outcome.built and not outcome.unmeasured:
        _measure_names(outcome, claim, _claim(case, case.other, source), truths[case, case.other])
    return outcome


def _measure_names(outcome: Outcome, claim: Json, other: Json, truth: Json) -> None:
    """Names are read at the base values and compared with the truth at the others."""
    if "calls" in truth and other.get("variables"):
        compare_names(outcome, claim, other["variables"], truth)
    elif "calls" not in truth:
        outcome.errors.append(f"other values: {truth.get('failed') or truth.get('call_failed')}")


def _claim(case: Case, instance: Instance, source: Path) -> dict[str, Any]:
    answer: dict[str, Any] = _ask("claim", {**_request(case, instance), "root": str(source), "limit": LIMIT_SECONDS})
    return answer


def _request(case: Case, instance: Instance) -> dict[str, Any]:
    return {
        "file": case.file,
        "build": instance.build,
        "inputs": list(instance.inputs),
        "method": case.method,
        "training": case.training,
        "names": case.other is not None,
    }


def _ask(program: str, request: object) -> Any:
    """The answer of `benchmarks.accuracy.<program>`; a process that dies is a failure with its last line."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", f"benchmarks.accuracy.{program}"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    try:
        return json.loads(done.stdout)
    except ValueError:
        lines = done.stderr.strip().splitlines()
        failed = {"failed": f"{program} ended with {done.returncode}: {lines[-1][:200] if lines else ''}"}
        return [failed] * len(request) if isinstance(request, list) else failed
