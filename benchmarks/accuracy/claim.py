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

from analyzer.index import open_repository
from analyzer.records.errors import UserError
from analyzer.render.shapes_json import shapes_json
from analyzer.shapes import ShapesOptions, derive_model_shapes


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
        said = shapes_json(derive_model_shapes(open_repository(request["root"]), options))
    except UserError as error:
        return {"failed": str(error)}
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {**said, "seconds": round(time.perf_counter() - started, 3), "peak_mib": used.ru_maxrss // 1024}


if __name__ == "__main__":
    main()
