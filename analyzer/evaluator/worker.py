"""Evaluation in a process of its own, under limits: time, memory, no files to write, no network.

The interpreter is the sandbox; these are nets below it, and which of them were active is part of the result.
The worker writes one JSON value per line, so that what was finished before a limit struck is kept.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analyzer.evaluator.confinement import apply_nets
from analyzer.records.evidence import Unknown

PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])
POLL_SECONDS = 0.05
_START = "import sys; sys.path[:0] = [sys.argv[1]]; from analyzer.evaluator.worker import serve; serve()"
ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "2",
    "TORCHINDUCTOR_CACHE_DIR": os.sep,  # torch makes this directory on import; one that exists is not made
}
"""All that a worker sees of the environment."""


@dataclass(frozen=True)
class WorkerLimits:
    """What one worker may use; `address_bytes` is the hard wall, `resident_bytes` what the watch allows.

    A `workplace` is the directory that it works in and may write to, and then it may start no process; without
    every one of the `required` nets it does nothing.
    """

    cpu_seconds: int = 240
    wall_seconds: float = 120.0
    address_bytes: int = 16 * 2**30
    resident_bytes: int = 3 * 2**30
    workplace: str = ""
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class WorkerOutcome:
    """What the worker answered, which nets it ran under, and why it ended early, if it did."""

    results: tuple[Any, ...]
    nets: tuple[str, ...]
    failure: Unknown | None = None
    cpu_seconds: float = 0.0


def run_worker(task: str, payload: object, limits: WorkerLimits | None = None) -> WorkerOutcome:
    """Run `task` (`package.module:function`, a generator of JSON values) on a JSON payload in a worker.

    A function `prepare` beside it runs before the nets are up: imports that look for places to write.
    """
    limits = limits or WorkerLimits()
    request = json.dumps({"task": task, "payload": payload, "limits": vars(limits)}).encode()
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _START, PACKAGE_ROOT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        close_fds=True,
    )
    watch = _Watch(process, limits)
    watch.start()
    before, started = _seconds_of_children(), time.monotonic()
    output, errors = process.communicate(request)
    watch.stop()
    after = _seconds_of_children()
    spent = after - before if after is not None and before is not None else time.monotonic() - started
    outcome = _read_outcome(output, errors, watch.verdict or _exit_reason(process.returncode, limits))
    return replace(outcome, cpu_seconds=spent)


def _seconds_of_children() -> float | None:
    """Processor time of the processes that have ended; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def serve() -> None:
    """Body of the worker: read the request, put up the nets, write results as lines."""
    request = json.loads(sys.stdin.buffer.read())
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    module, _, function = request["task"].partition(":")
    loaded = importlib.import_module(module)
    run: Callable[[object], Iterable[object]] = getattr(loaded, function)
    getattr(loaded, "prepare", lambda: None)()
    gc.freeze()  # torch's million objects live as long as the worker: no collection needs to look at them
    limits = request["limits"]
    # Without a workplace never written to: libraries that ask for a place find none they could try out.
    tempfile.tempdir = limits["workplace"] or os.sep
    os.chdir(limits["workplace"] or os.curdir)
    nets = apply_nets(limits["cpu_seconds"], limits["address_bytes"], limits["workplace"])
    _write_line(answers, {"nets": list(nets)})
    missing = [net for net in limits["required"] if net not in nets]
    if missing:
        _write_line(answers, {"failed": "worker_not_isolated", "arguments": [["nets", ", ".join(missing)]]})
    else:
        _run(answers, run, request["payload"])
    answers.flush()
    os._exit(0)  # interpreters of large models take long to tear down


def _run(answers: Any, run: Callable[[object], Iterable[object]], payload: object) -> None:
    try:
        for result in run(payload):
            _write_line(answers, {"result": result})
        _write_line(answers, {"done": True})
    except MemoryError:
        _write_line(answers, {"failed": "worker_out_of_memory", "arguments": [["bytes", "0"]]})


def _write_line(stream: Any, value: object) -> None:
    stream.write(json.dumps(value) + "\n")
    stream.flush()


class _Watch(threading.Thread):
    """Ends a worker that exceeds its wall time or its resident memory."""

    def __init__(self, process: subprocess.Popen[bytes], limits: WorkerLimits) -> None:
        super().__init__(daemon=True)
        self._process = process
        self._limits = limits
        self._ended = threading.Event()
        self.verdict: Unknown | None = None

    def run(self) -> None:
        deadline = time.monotonic() + self._limits.wall_seconds
        while not self._ended.wait(POLL_SECONDS) and self._process.poll() is None:
            if time.monotonic() > deadline:
                self._end("worker_out_of_time", ("seconds", f"{self._limits.wall_seconds:g}"))
            elif _resident_bytes(self._process.pid) > self._limits.resident_bytes:
                self._end("worker_out_of_memory", ("bytes", str(self._limits.resident_bytes)))

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def _end(self, reason: str, argument: tuple[str, str]) -> None:
        self.verdict = Unknown(reason, (argument,))
        self._process.kill()
        self._ended.set()


def _resident_bytes(pid: int) -> int:
    """Resident memory as Linux tells it; 0 where the system does not (the address limit still holds)."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _exit_reason(code: int, limits: WorkerLimits) -> Unknown | None:
    if code == 0:
        return None
    if code == -24:  # SIGXCPU
        return Unknown("worker_out_of_time", (("seconds", str(limits.cpu_seconds)),))
    if code < 0:
        return Unknown("worker_killed", (("signal", str(-code)),))
    return Unknown("worker_failed", (("status", str(code)),))


def _read_outcome(output: bytes, errors: bytes, failure: Unknown | None) -> WorkerOutcome:
    nets: tuple[str, ...] = ()
    results: list[object] = []
    done = False
    for line in output.decode("utf-8", "replace").splitlines():
        try:
            value = json.loads(line)
        except ValueError:  # the last line of a worker that was killed while writing
            continue
        if "nets" in value:
            nets = tuple(value["nets"])
        elif "result" in value:
            results.append(value["result"])
        elif "failed" in value:
            failure = failure or Unknown(value["failed"], tuple((name, text) for name, text in value["arguments"]))
        done = done or "done" in value
    if not done and failure is None:
        failure = Unknown("worker_failed", (("status", _last_line(errors)),))
    elif failure is not None and failure.reason == "worker_failed":
        failure = Unknown("worker_failed", (("status", _last_line(errors) or failure.arguments[0][1]),))
    return WorkerOutcome(tuple(results), nets, None if done else failure)


def _last_line(errors: bytes) -> str:
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else ""
