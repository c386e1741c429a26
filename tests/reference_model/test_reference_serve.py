"""The server: what it answers, what it refuses, and how it behaves under load and at its end."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("fastapi")
pytest.importorskip("httpx")
pytest.importorskip("prometheus_client")
from fastapi.testclient import TestClient
from ruamel.yaml import YAML

from reference_model.__main__ import main
from reference_model.checkpoint import load_model
from reference_model.data import ASSETS
from reference_model.errors import UserError
from reference_model.generate import SamplingConfig, generate
from reference_model.serve.app import build_app
from reference_model.serve.config import ServerConfig, load_config
from reference_model.serve.engine import Busy, Engine, Job

SERVE = ASSETS.parent / "serve"
CPU = torch.device("cpu")


def make(config: ServerConfig | None = None) -> tuple[Engine, TestClient]:
    engine = Engine(*load_model(ASSETS / "tiny.pt", CPU), config or ServerConfig())
    return engine, TestClient(build_app(engine))


def test_the_text_is_that_of_the_generator() -> None:
    engine, client = make()
    prompt = torch.tensor([engine.tokenizer.encode("Light")])
    expected = engine.tokenizer.decode(int(t) for t in generate(engine.model, prompt, SamplingConfig(12, seed=5)))
    request = {"prompt": "Light", "max_new_tokens": 12, "seed": 5}
    answer = client.post("/generate", json=request)
    assert answer.status_code == 200
    assert answer.json() == {"text": expected, "tokens": 12, "finish_reason": "length"}
    events = [
        json.loads(line[6:])
        for line in client.post("/generate", json=request | {"stream": True}).text.split("\n\n")
        if line
    ]
    assert "".join(event.get("text", "") for event in events) == expected
    assert events[-1] == {"tokens": 12, "finish_reason": "length"}
    stopped = client.post("/generate", json=request | {"stop": [expected[3]]}).json()
    assert (stopped["text"], stopped["finish_reason"]) == (expected[: expected.index(expected[3])], "stop")


@pytest.mark.parametrize(
    ("request_body", "words"),
    [
        ({}, "prompt"),
        ({"prompt": ""}, "at least 1 character"),
        ({"prompt": 3}, "valid string"),
        ({"prompt": "a", "temprature": 1}, "Extra inputs"),
        ({"prompt": "a", "temperature": -1}, "greater than or equal to 0"),
        ({"prompt": "a", "top_p": 2}, "less than or equal to 1"),
        ({"prompt": "a" * 51}, "the prompt has 51 of 50 characters"),
        ({"prompt": "a", "max_new_tokens": 21}, "max_new_tokens is 21, at most 20"),
        ({"prompt": "漢"}, "is not among the 78 characters"),
        ({"prompt": "a", "seed": 2**70}, "less than"),
    ],
)
def test_a_malformed_request_is_refused_with_its_reason(request_body: dict[str, Any], words: str) -> None:
    _, client = make(ServerConfig(max_prompt_characters=50, max_new_tokens=20))
    answer = client.post("/generate", json=request_body)
    assert answer.status_code == 422
    assert words in answer.text


@pytest.mark.parametrize("content", ["{", "[]", '"text"', "", '{"prompt": "a", "temperature": NaN}', "\udcff{}"])
def test_a_body_that_is_no_request_is_refused(content: str) -> None:
    answer = make()[1].post("/generate", content=content.encode(errors="surrogateescape"))
    assert answer.status_code in (400, 422)
    assert answer.json()["detail"]


def test_health_page_and_api_description() -> None:
    engine, client = make()
    assert client.get("/health").json() == {"status": "ok", "parameters": 748_416, "context_length": 128}
    assert "<form>" in client.get("/").text
    assert set(client.get("/openapi.json").json()["paths"]) == {"/generate", "/health", "/metrics", "/summary"}
    engine.close()
    assert client.get("/health").json()["status"] == "closing"
    assert client.post("/generate", json={"prompt": "a"}).status_code == 429


def test_metrics_count_what_happened() -> None:
    _, client = make(ServerConfig(alert_latency_seconds=1e-9))
    assert client.get("/summary").json() == {"requests": 0, "alerts": []}
    for _ in range(3):
        client.post("/generate", json={"prompt": "a", "max_new_tokens": 4})
    lines = client.get("/metrics").text.splitlines()
    assert 'requests_total{outcome="ok"} 3.0' in lines
    assert "generated_tokens_total 12.0" in lines
    assert "first_token_seconds_count 3.0" in lines
    assert "active_generations 0.0" in lines
    summary = client.get("/summary").json()
    assert summary["requests"] == 3 and summary["alerts"] == ["latency"]
    assert 0 < summary["median_seconds"] <= summary["p95_seconds"]


def test_a_full_queue_refuses_and_recovers() -> None:
    engine, client = make(ServerConfig(concurrency=1, queue=1))
    engine.admit(), engine.admit()
    answer = client.post("/generate", json={"prompt": "a"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    with pytest.raises(Busy):
        engine.admit()
    engine.release(), engine.release()
    assert client.post("/generate", json={"prompt": "a", "max_new_tokens": 1}).status_code == 200
    assert engine.admitted == 0


def test_the_time_limit_cuts_a_generation_and_refuses_what_waited_too_long() -> None:
    engine, client = make(ServerConfig(seconds=0.2, max_new_tokens=10**6))
    cut = client.post("/generate", json={"prompt": "a", "max_new_tokens": 10**6}).json()
    assert cut["finish_reason"] == "time" and 0 < cut["tokens"] < 10**6
    job = engine.prepare("a", SamplingConfig(), ())
    job.deadline = 0.0
    prepare, engine.prepare = engine.prepare, lambda *_: job  # type: ignore[method-assign]
    assert client.post("/generate", json={"prompt": "a"}).status_code == 503
    engine.prepare = prepare  # type: ignore[method-assign]
    assert engine.admitted == 0


def test_a_listener_that_leaves_stops_its_generation() -> None:
    engine, _ = make(ServerConfig(max_new_tokens=10**6, concurrency=1))

    async def listen_briefly() -> Job:
        job = engine.prepare("a", SamplingConfig(max_new_tokens=10**6), ())
        engine.admit()
        pieces = engine.stream(job)
        await anext(pieces)
        await pieces.aclose()  # type: ignore[attr-defined]
        return job

    job = asyncio.run(listen_briefly())
    engine.close()  # returns: the thread has ended
    assert job.tokens < 10**4 and engine.admitted == 0


def test_a_failure_is_counted_and_frees_its_place() -> None:
    engine, _ = make()
    client = TestClient(build_app(engine), raise_server_exceptions=False)
    engine.draw = lambda job: iter([10**6])  # type: ignore[method-assign, assignment]
    assert client.post("/generate", json={"prompt": "a"}).status_code == 500
    assert engine.admitted == 0
    assert client.get("/summary").json()["alerts"] == ["errors"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "unknown settings"),
        ('{"speed": 3}', "unknown settings speed"),
        ('{"queue": "long"}', "queue must be a number"),
        ('{"queue": 1.5}', "queue must be a number"),
        ('{"concurrency": 0}', "concurrency must be at least 1"),
    ],
)
def test_a_wrong_configuration_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "server.json").write_text(content)
    with pytest.raises(UserError, match=message):
        load_config(tmp_path / "server.json")


def test_the_deployment_files_agree_with_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert load_config(SERVE / "server.json") == ServerConfig()
    service = YAML(typ="safe").load((SERVE / "compose.yaml").read_text())["services"]["model"]
    root = (SERVE / service["build"]["context"]).resolve()
    assert (root / service["build"]["dockerfile"]).samefile(SERVE / "Dockerfile")
    dockerfile = (SERVE / "Dockerfile").read_text()
    for line in dockerfile.splitlines():
        if line.startswith("COPY "):
            assert all((root / source).exists() for source in line.split()[1:-1]), line
    assert json.loads(dockerfile.split("CMD ")[-1]) == service["command"][:-2]
    with pytest.raises(SystemExit):
        main([*service["command"][3:], "--help"])
    assert "--config" in capsys.readouterr().out


def test_the_image_obeys_the_rules_that_a_linter_would_check() -> None:
    """The findings of hadolint that this file once had, and those that its rules make likely to come back."""
    lines = [line for line in (SERVE / "Dockerfile").read_text().splitlines() if line and not line.startswith("#")]
    words = [line.split()[0] for line in lines]
    assert words[0] == "FROM" and ":" in lines[0] and not lines[0].endswith(":latest")  # DL3006, DL3007
    assert set(words) <= {"FROM", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}
    for line in lines:
        if "CMD " in line:  # DL3025: the exec form, so that signals arrive
            program = json.loads(line.split("CMD ", 1)[1])
            assert program[0] == "python"
            if program[1] == "-c":
                compile(program[2], "HEALTHCHECK", "exec")
    user = next(line.split()[1] for line in lines if line.startswith("USER "))
    assert user.isdigit() and user != "0" and f"--uid {user} " in "".join(lines)  # DL3066, DL3002
    assert "--no-cache-dir" in next(line for line in lines if "pip install" in line)  # DL3042
    assert next(line for line in lines if line.startswith("WORKDIR ")).split()[1].startswith("/")  # DL3000


def request(address: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    call = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(call, timeout=60) as answer:
        return dict(json.load(answer))


def test_a_real_server_bears_load_on_loopback_and_ends_gracefully() -> None:
    code = (
        "import socket, sys, torch; from reference_model.__main__ import main; torch.set_num_threads(1); "
        "free = socket.create_server(('127.0.0.1', 0)); port = free.getsockname()[1]; free.close(); "
        "print(port, flush=True); sys.exit(main(['serve', '--port', str(port), '--device', 'cpu']))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        address = f"http://127.0.0.1:{process.stdout.readline().strip()}"
        for _ in range(600):
            try:
                assert request(address + "/health")["status"] == "ok"
                break
            except OSError:
                assert process.poll() is None, process.communicate()[1]
                time.sleep(0.1)
        body = {"prompt": "Light", "max_new_tokens": 8, "temperature": 0}
        with ThreadPoolExecutor(8) as clients:
            answers = list(clients.map(lambda _: request(address + "/generate", body), range(16)))
        assert len({answer["text"] for answer in answers}) == 1  # greedy: load does not change the text
        assert request(address + "/summary")["requests"] == 16
        late: list[dict[str, Any]] = []
        long = threading.Thread(
            target=lambda: late.append(request(address + "/generate", body | {"max_new_tokens": 150}))
        )
        long.start()
        while request(address + "/health") and "active_generations 1.0" not in fetch(address + "/metrics"):
            assert long.is_alive(), "the long request ended before it was seen at work"
        process.send_signal(signal.SIGTERM)
        long.join(60)
        assert late and late[0]["tokens"] == 150  # what was admitted is finished
        assert process.wait(60) in (0, -signal.SIGTERM)
    finally:
        process.kill()
        process.communicate()


def fetch(address: str) -> str:
    with urllib.request.urlopen(address, timeout=60) as answer:
        return str(answer.read().decode())
