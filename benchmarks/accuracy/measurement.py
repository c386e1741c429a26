"""Asks for the claim and the truth of each model and compares them; the two answer from processes of their own."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.accuracy.comparison import Json, Outcome, compare, compare_names
from benchmarks.accuracy.model_lists import Case, Instance, ModelList, source_of

ROOT = Path(__file__).resolve().parents[2]
CLAIM_SECONDS = 120.0
TRUTH_SECONDS = 180.0
TRUTH_MIB = 12_000


@dataclass(frozen=True)
class Places:
    """Directories of this machine: repositories, packages installed apart, a scratch directory."""

    repositories: Path | None
    target: Path | None
    scratch: Path
    patience: float = 1.0
    """By how much the limits of seconds are multiplied on a machine that others use as well."""


class Answerer:
    """A running `benchmarks.accuracy.<program>`; it is started again if it dies."""

    def __init__(self, program: str, arguments: Sequence[str], search: Sequence[str]) -> None:
        self._command = [sys.executable, "-W", "ignore", "-m", f"benchmarks.accuracy.{program}", *arguments]
        path = os.pathsep.join([str(ROOT), *search])
        self._environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Answerer:
        return self

    def __exit__(self, *error: object) -> None:
        if self._process is not None:
            self._process.communicate()

    def ask(self, request: Json) -> dict[str, Any]:
        """The answer, `failed` where the program ended without one."""
        if self._process is None:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=self._environment,
            )
        try:
            self._process.stdin.write(json.dumps(request) + "\n")  # type: ignore[union-attr]
            self._process.stdin.flush()  # type: ignore[union-attr]
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())  # type: ignore[union-attr]
        except (ValueError, OSError):
            code, self._process = self._process.wait(), None
            return {"failed": f"{self._command[4]} ended with {code}"}
        return answer


@dataclass(frozen=True)
class Pair:
    """The two programs that answer for the models of one list."""

    claim: Answerer
    truth: Answerer
    models: ModelList
    path: tuple[str, ...]
    patience: float

    def measure(self, case: Case) -> Outcome:
        """Claim and truth of one model; of its other values too, where it has them."""
        outcome = Outcome(case.group, case.name)
        truth = self._truth(case, case.base)
        if "failed" in truth:
            return compare(outcome, {}, truth)
        claim = self._claim(case, case.base)
        compare(outcome, claim, truth)
        if case.other is not None and outcome.built and not outcome.unmeasured:
            _measure_names(outcome, claim, self._claim(case, case.other), self._truth(case, case.other))
        return outcome

    def _truth(self, case: Case, instance: Instance) -> dict[str, Any]:
        """On the list's device; what does not work on tensors without contents is run on real ones."""
        request = {**_request(case, instance), "path": self.path, "module": case.module}
        request["limit"] = TRUTH_SECONDS * self.patience
        answer = self.truth.ask({**request, "device": self.models.device})
        if case.not_called:
            return {"call_failed": case.not_called, **{key: answer[key] for key in answer if key != "calls"}}
        if self.models.device == "cpu" or not {"failed", "call_failed"} & answer.keys():
            return answer
        return self.truth.ask({**request, "device": "cpu", "limit_mib": TRUTH_MIB})

    def _claim(self, case: Case, instance: Instance) -> dict[str, Any]:
        return self.claim.ask({**_request(case, instance), "limit": CLAIM_SECONDS * self.patience})


def measure_list(models: ModelList, places: Places, jobs: int = 1) -> Iterator[Outcome]:
    """One outcome per model of a list, as they are done."""
    source = source_of(models, places.repositories, places.target, places.scratch)
    if isinstance(source, str):
        yield from (Outcome(case.group, case.name, unmeasured=source) for case in models.cases)
        return
    target = (str(places.target),) if places.target else ()
    with ExitStack() as running:
        pairs: queue.SimpleQueue[Pair] = queue.SimpleQueue()
        for _ in range(jobs):
            claim = running.enter_context(Answerer("claim", [str(source)], ()))
            truth = running.enter_context(Answerer("execution", models.imported_once, target))
            pairs.put(Pair(claim, truth, models, (str(source), *target), places.patience))
        with ThreadPoolExecutor(jobs) as pool:
            yield from _as_done(pool, pairs, models)


def _as_done(pool: ThreadPoolExecutor, pairs: queue.SimpleQueue[Pair], models: ModelList) -> Iterator[Outcome]:
    def measured(case: Case) -> Outcome:
        pair = pairs.get()
        try:
            return pair.measure(case)
        finally:
            pairs.put(pair)

    for done in as_completed([pool.submit(measured, case) for case in models.cases]):
        yield done.result()


def _measure_names(outcome: Outcome, claim: Json, other: Json, truth: Json) -> None:
    """Names are read at the base values and compared with the truth at the others."""
    if "calls" in truth and other.get("variables"):
        compare_names(outcome, claim, other["variables"], truth)
    elif "calls" not in truth:
        outcome.errors.append(f"other values: {truth.get('failed') or truth.get('call_failed')}")


def _request(case: Case, instance: Instance) -> dict[str, Any]:
    return {
        "file": case.file,
        "build": instance.build,
        "inputs": list(instance.inputs),
        "method": case.method,
        "training": case.training,
        "names": case.other is not None,
    }
