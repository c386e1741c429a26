"""Generations in threads behind a bounded queue: admitted, waiting or refused, and stopped when nobody listens.

It knows models and limits, nothing of HTTP.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch

from reference_model.errors import UserError
from reference_model.generate import SamplingConfig, generate
from reference_model.model import GPT
from reference_model.serve.config import ServerConfig
from reference_model.serve.metrics import Finished, ServerMetrics
from reference_model.stream import stream_text
from reference_model.tokenizer import Tokenizer


class Busy(Exception):
    """The queue is full."""


class TooLate(Exception):
    """The time of the request was over before its first token."""


@dataclass
class Job:
    """One request on its way through a thread."""

    prompt: torch.Tensor  # (1, T)
    sampling: SamplingConfig
    stop: tuple[str, ...]
    deadline: float  # on the clock of time.monotonic
    tokens: int = 0
    is_cut: bool = False  # by its deadline
    cancelled: bool = False


class Engine:
    """Runs `concurrency` generations of one model at a time; the model is only read, so threads may share it."""

    def __init__(self, model: GPT, tokenizer: Tokenizer, config: ServerConfig) -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.config = config
        self.metrics = ServerMetrics(config)
        self.threads = ThreadPoolExecutor(config.concurrency, thread_name_prefix="generate")
        self.admitted = 0  # at work or waiting
        self.is_closing = False
        self.lock = threading.Lock()

    def prepare(self, text: str, sampling: SamplingConfig, stop: tuple[str, ...]) -> Job:
        """A request that can be run; UserError where it cannot."""
        ids = self.tokenizer.encode(text)
        if not ids:
            raise UserError("the prompt is empty: give at least one character to continue from")
        prompt = torch.tensor([ids], device=next(self.model.parameters()).device)  # (1, T)
        return Job(prompt, sampling, stop, time.monotonic() + self.config.seconds)

    def admit(self) -> None:
        """Take a place, at work or in the queue, or raise Busy."""
        with self.lock:
            if self.is_closing or self.admitted >= self.config.concurrency + self.config.queue:
                self.metrics.reject()
                raise Busy
            self.admitted += 1
            self.metrics.waiting.set(max(0, self.admitted - self.config.concurrency))

    def release(self) -> None:
        with self.lock:
            self.admitted -= 1
            self.metrics.waiting.set(max(0, self.admitted - self.config.concurrency))

    async def stream(self, job: Job) -> AsyncIterator[str]:
        """The pieces of text of an admitted job, as they come; its place is free again at the end, whatever happens."""
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[str | Exception | None] = asyncio.Queue()
        began = time.monotonic()
        first: float | None = None
        outcome = "stopped"

        def hand_over(item: str | Exception | None) -> None:
            loop.call_soon_threadsafe(pieces.put_nowait, item)

        def work() -> None:
            try:
                with self.metrics.active.track_inprogress():
                    for piece in self.run(job):
                        hand_over(piece)
                hand_over(None)
            except Exception as problem:  # what fails in a thread is raised where the request waits
                hand_over(problem)

        future = self.threads.submit(work)
        try:
            while (item := await pieces.get()) is not None:
                if isinstance(item, Exception):
                    outcome = "stopped" if isinstance(item, TooLate) else "error"
                    raise item
                first = time.monotonic() - began if first is None else first
                yield item
            outcome = "stopped" if job.is_cut else "ok"
        finally:
            job.cancelled = True
            future.cancel()
            self.release()
            self.metrics.finish(Finished(outcome, time.monotonic() - began, first, job.tokens))

    def run(self, job: Job) -> Iterator[str]:
        if time.monotonic() > job.deadline:
            raise TooLate
        return stream_text(self.tokenizer, self.draw(job), job.stop)

    def draw(self, job: Job) -> Iterator[int]:
        for token in generate(self.model, job.prompt, job.sampling):
            job.tokens += 1
            yield int(token)
            job.is_cut = time.monotonic() > job.deadline
            if job.is_cut or job.cancelled:
                return

    def close(self) -> None:
        """Refuse what comes and finish what is admitted."""
        with self.lock:
            self.is_closing = True
        self.threads.shutdown(wait=True)
