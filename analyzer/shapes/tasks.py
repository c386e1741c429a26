"""Body of the evaluation worker: rebuilds the index from JSON, evaluates the models asked for, one after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analyzer.index import SourceIndex
from analyzer.records.codec import decode, encode
from analyzer.records.source import Repository, SourceFile
from analyzer.shapes.requests import ModelRequest

READ_KINDS = ("python", "notebook", "config", "text", "markdown")


def payload_of(index: SourceIndex, requests: tuple[ModelRequest, ...], options: Mapping[str, object]) -> object:
    """What the worker needs: the texts that code may read, and the requests."""
    files = tuple(file for file in index.files.values() if file.kind in READ_KINDS)
    return {
        "repository": encode(index.repository),
        "files": encode(files),
        "requests": encode(requests),
        "options": dict(options),
    }


def prepare() -> None:
    """Import what evaluation needs."""
    import logging

    import analyzer.shapes.model  # noqa: F401

    logging.getLogger("torch").setLevel(logging.CRITICAL)  # it reports what the target raises, and so do we


def evaluate(payload: Mapping[str, Any]) -> Iterator[object]:
    """Yields the shapes of each model, in the order of the requests: what is known so far, and what is complete."""
    from analyzer.evaluator import Interpreter
    from analyzer.shapes.model import derive_stages

    repository = decode(Repository, payload["repository"])
    files = decode(tuple[SourceFile, ...], payload["files"])  # type: ignore[arg-type]
    index = SourceIndex(repository, {file.path: file for file in files})
    options = payload["options"]
    for request in decode(tuple[ModelRequest, ...], payload["requests"]):  # type: ignore[arg-type]
        interpreter = Interpreter(
            index,
            environment=dict(options.get("environment", ())),
            packages=tuple(options.get("packages", ())),
            settings=dict(options.get("settings", ())),
        )
        interpreter.session.absent_files = request.absent_files
        for shapes, complete in derive_stages(interpreter, request):
            yield {"complete": complete, "shapes": encode(shapes)}
