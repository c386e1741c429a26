"""What the analyzer says of a model, as `deepdive shapes --json` prints it, with its time and peak memory.

A process of its own, because the peak of a process's children never falls again.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Mapping
from typing import Any

from analyzer.index import SourceIndex, open_repository
from analyzer.records.errors import UserError
from analyzer.render.shapes_json import shapes_json
from analyzer.shapes.derivation import ShapesOptions, evaluate_all, find_model
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.input_spec import parse_input_spec
from analyzer.shapes.requests import ModelRequest


def main() -> None:
    """Answer the request of standard input."""
    json.dump(claim(json.loads(sys.stdin.read())), sys.stdout)


def claim(request: Mapping[str, Any]) -> dict[str, object]:
    """The analyzer's JSON of one model, `failed` where it does not even start."""
    started = time.perf_counter()
    options = ShapesOptions(
        model=request["file"],
        build=request["build"],
        inputs=tuple(request["inputs"]),
        method=request["method"],
        training=request["training"],
        seconds=request["limit"],
    )
    try:
        index = open_repository(request["root"])
        said = shapes_json(evaluate_all(index, (_wanted(index, request, options),), options)[0])
    except UserError as error:
        return {"failed": str(error)}
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {**said, "seconds": round(time.perf_counter() - started, 3), "peak_mib": used.ru_maxrss // 1024}


def _wanted(index: SourceIndex, request: Mapping[str, Any], options: ShapesOptions) -> ModelRequest:
    """The request of `deepdive shapes`; names of sizes are sought with less effort where they are not compared."""
    owner = find_model(index, request["file"])
    where = index.span(owner.path, owner.node)
    return ModelRequest(
        owner.name,
        owner.qualified_name,
        where,
        (BuildPlan(owner.path, request["build"], "user", where),),
        main=True,
        inputs=tuple(parse_input_spec(text) for text in options.inputs),
        method=options.method,
        training=options.training,
        effort="full" if request["names"] else "brief",
    )


if __name__ == "__main__":
    main()
