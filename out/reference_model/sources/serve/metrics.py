"""What a server counts: for Prometheus, and as a summary of the recent requests with its alerts."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from reference_model.serve.config import ServerConfig

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


@dataclass(frozen=True)
class Finished:
    """One request that is over."""

    outcome: str  # ok, stopped (by the time limit or the client), error
    seconds: float  # waiting included
    first_token: float | None  # seconds until the first token, if one came
    tokens: int


class ServerMetrics:
    """Counts of one server; a registry of its own, so that several can live in one process."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.registry = CollectorRegistry()
        self.requests = Counter("requests_total", "Requests by outcome", ["outcome"], registry=self.registry)
        self.tokens = Counter("generated_tokens_total", "Tokens generated", registry=self.registry)
        self.latency = Histogram(
            "request_seconds", "Whole requests, waiting included", buckets=BUCKETS, registry=self.registry
        )
        self.first_token = Histogram(
            "first_token_seconds", "Until the first token", buckets=BUCKETS, registry=self.registry
        )
        self.active = Gauge("active_generations", "Generations at work", registry=self.registry)
        self.waiting = Gauge("waiting_requests", "Requests in the queue", registry=self.registry)
        self.recent: deque[Finished] = deque(maxlen=config.recent)
        self.lock = threading.Lock()

    def finish(self, finished: Finished) -> None:
        self.requests.labels(finished.outcome).inc()
        self.tokens.inc(finished.tokens)
        self.latency.observe(finished.seconds)
        if finished.first_token is not None:
            self.first_token.observe(finished.first_token)
        with self.lock:
            self.recent.append(finished)

    def reject(self) -> None:
        """A request that found the queue full; it is no finished one."""
        self.requests.labels("rejected").inc()

    def exposition(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self.registry)

    def summary(self) -> dict[str, Any]:
        """Latency and throughput of the recent requests, and which thresholds they cross."""
        with self.lock:
            recent = list(self.recent)
        if not recent:
            return {"requests": 0, "alerts": []}
        seconds = [finished.seconds for finished in recent]
        tokens = sum(finished.tokens for finished in recent)
        rate = tokens / max(sum(seconds), 1e-9)
        p95 = quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
        failed = sum(finished.outcome == "error" for finished in recent) / len(recent)
        crossed = (
            ("latency", p95 > self.config.alert_latency_seconds),
            ("throughput", tokens > 0 and rate < self.config.alert_tokens_per_second),
            ("errors", failed > self.config.alert_error_share),
        )
        return {
            "requests": len(recent),
            "median_seconds": median(seconds),
            "p95_seconds": p95,
            "tokens_per_request_second": rate,
            "error_share": failed,
            "alerts": [name for name, is_crossed in crossed if is_crossed],
        }
