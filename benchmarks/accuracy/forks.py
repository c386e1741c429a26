"""A program that answers requests, one JSON value per line, each in a fork of its own with a deadline.

What is costly (torch, an index, a package) is loaded once before the forks, no model sees another, and one that
hangs, dies or eats memory costs only itself. What a model prints goes to standard error.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

Answer = Callable[[Mapping[str, Any]], Mapping[str, object]]
CHUNK = 1 << 16


def serve(answer: Answer) -> None:
    """Answer every line of standard input; `limit` of a request are its seconds, `limit_mib` its address space."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    gc.freeze()  # what was loaded is shared by all forks and never collected
    for line in sys.stdin:
        answers.write(json.dumps(in_fork(answer, json.loads(line))) + "\n")
        answers.flush()


def in_fork(answer: Answer, request: Mapping[str, Any]) -> dict[str, object]:
    """The answer with its seconds and peak memory, or `failed`."""
    started = time.perf_counter()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _answer_and_exit(answer, request, writing)
    os.close(writing)
    text = _read_until(reading, time.monotonic() + request.get("limit", 600.0))
    os.close(reading)
    if text is None:
        os.kill(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    measured = {"seconds": round(time.perf_counter() - started, 3), "peak_mib": used.ru_maxrss // 1024}
    if text is None:
        return {"failed": f"out of time ({request['limit']:g} s)", **measured}
    if status != 0 or not text:
        return {"failed": f"ended with status {status}", **measured}
    return {**json.loads(text), **measured}


def _answer_and_exit(answer: Answer, request: Mapping[str, Any], writing: int) -> None:
    status = 1
    try:
        if "limit_mib" in request:
            resource.setrlimit(resource.RLIMIT_AS, (request["limit_mib"] << 20,) * 2)
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            json.dump(answer(request), pipe)
        status = 0
    except BaseException as error:  # whatever it is, this process must not go on as its parent
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def _read_until(pipe: int, deadline: float) -> str | None:
    """Everything up to the end of the pipe; None if that does not come in time."""
    parts: list[bytes] = []
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            return None
        part = os.read(pipe, CHUNK)
        if not part:
            return b"".join(parts).decode("utf-8", "replace")
        parts.append(part)
