"""What the analyzer says of a model, as `deepdive shapes --json` prints it. Runs as a process of its own.

`python -m benchmarks.accuracy.claim DIR` reads the sources below DIR once and answers requests (see `forks`).
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from typing import Any

import torch

from analyzer.evaluator import Interpreter
from analyzer.index import SourceIndex, open_repository
from analyzer.records.errors import UserError
from analyzer.render.shapes_json import shapes_json
from analyzer.shapes.build_expression import check_build
from analyzer.shapes.derivation import find_model
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.input_spec import parse_input_spec
from analyzer.shapes.model import derive_model
from analyzer.shapes.requests import ModelRequest
from analyzer.shapes.tasks import prepare
from benchmarks.accuracy.forks import serve


def main() -> None:
    """Read and parse the sources, then answer the requests of standard input."""
    prepare()
    torch.set_num_threads(1)
    index = open_repository(sys.argv[1])
    index.trees()
    _ = index.symbols.definitions
    Interpreter(index)  # what torch imports for the first one is shared by all
    serve(functools.partial(claim, index))


def claim(index: SourceIndex, request: Mapping[str, Any]) -> dict[str, object]:
    """The analyzer's JSON of one model, `failed` where it does not even start."""
    try:
        wanted = _wanted(index, request)
    except UserError as error:
        return {"failed": str(error)}
    return shapes_json(derive_model(Interpreter(index), wanted))


def _wanted(index: SourceIndex, request: Mapping[str, Any]) -> ModelRequest:
    """The request of `deepdive shapes`; names of sizes are sought only where they are compared."""
    owner = find_model(index, request["file"], request["build"])
    where = index.span(owner.path, owner.node)
    check_build(index, owner.path, request["build"])
    return ModelRequest(
        owner.name,
        owner.qualified_name,
        where,
        (BuildPlan(owner.path, request["build"], "user", where),),
        main=True,
        inputs=tuple(parse_input_spec(text) for text in request["inputs"]),
        method=request["method"],
        training=request["training"],
        effort="full" if request["names"] else "numeric",
    )


if __name__ == "__main__":
    main()
