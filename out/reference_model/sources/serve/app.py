"""The HTTP side: requests in, JSON or server-sent events out; `/docs` describes the API, `/` is a page to try it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from reference_model.errors import UserError
from reference_model.generate import SamplingConfig
from reference_model.serve.engine import Busy, Engine, Job, TooLate

PAGE = Path(__file__).parent / "page.html"
RETRY_AFTER = {"Retry-After": "1"}


class GenerateRequest(BaseModel):
    """Unknown names are refused: a misspelt setting would be ignored silently."""

    model_config = ConfigDict(extra="forbid")

    prompt: str = Field(min_length=1)
    max_new_tokens: int = Field(100, ge=1)
    temperature: float = Field(0.8, ge=0, le=10)
    top_k: int | None = Field(None, ge=1)
    top_p: float | None = Field(None, gt=0, le=1)
    min_p: float | None = Field(None, ge=0, le=1)
    repetition_penalty: float = Field(1.0, gt=0, le=10)
    stop: list[str] = Field(default_factory=list, max_length=8)
    seed: int = Field(1337, ge=0, lt=2**63)
    stream: bool = False


class GenerateResponse(BaseModel):
    text: str
    tokens: int
    finish_reason: str  # length, stop (a stop text came), time


def build_app(engine: Engine) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        engine.close()  # uvicorn has stopped listening: what is admitted may finish

    app = FastAPI(title="reference_model", description="A small GPT continues text.", lifespan=lifespan)
    app.add_exception_handler(RequestValidationError, refuse)

    @app.post("/generate", response_model=GenerateResponse)
    async def generate(request: GenerateRequest) -> Any:
        job = prepare(engine, request)
        try:
            engine.admit()
        except Busy:
            raise HTTPException(429, "the queue is full; try again later", RETRY_AFTER) from None
        pieces = engine.stream(job)
        if request.stream:
            return StreamingResponse(write_events(pieces, job), media_type="text/event-stream")
        try:
            text = "".join([piece async for piece in pieces])
        except TooLate:
            raise HTTPException(503, "no time was left after waiting", RETRY_AFTER) from None
        return GenerateResponse(text=text, tokens=job.tokens, finish_reason=finish_reason(job))

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Ready to generate; parameters and context tell which model it is."""
        config = engine.model.config
        return {
            "status": "closing" if engine.is_closing else "ok",
            "parameters": engine.model.num_parameters(),
            "context_length": config.context_length,
        }

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(engine.metrics.exposition(), media_type="text/plain; version=0.0.4")

    @app.get("/summary")
    async def summary() -> dict[str, Any]:
        """Latency and throughput of the recent requests, and the alerts that they raise."""
        return engine.metrics.summary()

    @app.get("/", include_in_schema=False)
    async def page() -> HTMLResponse:
        return HTMLResponse(PAGE.read_text(encoding="utf-8"))

    return app


async def refuse(_: Request, error: Exception) -> JSONResponse:
    """What is wrong and where, without the input: a NaN in it could not be sent back as JSON."""
    assert isinstance(error, RequestValidationError)
    return JSONResponse({"detail": [{"loc": list(one["loc"]), "msg": one["msg"]} for one in error.errors()]}, 422)


def prepare(engine: Engine, request: GenerateRequest) -> Job:
    """The request within the limits of the server; 422 says which one it exceeds."""
    limits = engine.config
    if len(request.prompt) > limits.max_prompt_characters:
        raise HTTPException(422, f"the prompt has {len(request.prompt)} of {limits.max_prompt_characters} characters")
    if "max_new_tokens" not in request.model_fields_set:
        request.max_new_tokens = min(request.max_new_tokens, limits.max_new_tokens)
    if request.max_new_tokens > limits.max_new_tokens:
        raise HTTPException(422, f"max_new_tokens is {request.max_new_tokens}, at most {limits.max_new_tokens}")
    settings = request.model_dump(exclude={"prompt", "stop", "stream"})
    try:
        return engine.prepare(request.prompt, SamplingConfig(**settings), tuple(filter(None, request.stop)))
    except UserError as error:
        raise HTTPException(422, str(error)) from None


def finish_reason(job: Job) -> str:
    if job.is_cut:
        return "time"
    return "length" if job.tokens >= job.sampling.max_new_tokens else "stop"


async def write_events(pieces: AsyncIterator[str], job: Job) -> AsyncIterator[str]:
    """One event per piece, then one that says how it ended."""
    try:
        async for piece in pieces:
            yield f"data: {json.dumps({'text': piece}, ensure_ascii=False)}\n\n"
    except TooLate:
        job.is_cut = True
    yield f"data: {json.dumps({'tokens': job.tokens, 'finish_reason': finish_reason(job)})}\n\n"
