"""How often the evaluator is right: parameter totals and module calls against a real import and run.

    python benchmarks/accuracy/compare.py [--repos DIR] [--packages DIR] [--log FILE]

`--repos` holds checkouts by name, `--packages` packages installed with `pip install --no-deps --target DIR`.
The reference model is always measured. Prints one row per model and a summary.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from analyzer.index import open_repository  # noqa: E402
from analyzer.records.evidence import Known  # noqa: E402
from analyzer.records.tensors import ModelShapes, TensorSpec  # noqa: E402
from analyzer.shapes import ShapesOptions  # noqa: E402
from analyzer.shapes.derivation import evaluate_all  # noqa: E402
from analyzer.shapes.entry_points import BuildPlan  # noqa: E402
from analyzer.shapes.input_spec import TensorValue, parse_input_spec, sizes_of  # noqa: E402
from analyzer.shapes.requests import ModelRequest  # noqa: E402
from benchmarks.accuracy.cases import OWN, PACKAGES, REPOSITORIES, Case  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Row:
    """One compared model."""

    case: Case
    built: bool = False
    total: str = "?"
    right: int = 0
    wrong: int = 0
    unknown: int = 0
    seconds: float = 0.0
    reason: str = ""


def compare(case: Case, folder: Path, prefix: str) -> Row:
    row = Row(case)
    truth = truth_of(case, folder, prefix)
    started = time.monotonic()
    model = shapes_of(case, folder)
    row.seconds = time.monotonic() - started
    row.built = isinstance(model.parameters, Known)
    row.reason = "; ".join(f"{g.where} {g.reason} {dict(g.arguments)}" for g in gaps_of(model)[:1])
    if "parameters" not in truth:
        row.total, row.reason = "unmeasured", truth.get("failed", "")
        return row
    if isinstance(model.parameters, Known):
        row.total = "equal" if model.parameters.value.total == truth["parameters"] else "DIFFERENT"
    compare_calls(row, model, truth.get("calls", []))
    return row


def gaps_of(model: ModelShapes) -> tuple:
    return (*model.gaps, *(gap for trace in model.traces for gap in trace.gaps))


def compare_calls(row: Row, model: ModelShapes, calls: Sequence) -> None:
    """Calls of each module in order; one that the evaluator did not see or finish is unknown."""
    expected: dict[str, list] = {}
    for path, inputs, outputs in calls:
        expected.setdefault(path, []).append((inputs, outputs))
    records = {record.path: record for record in (model.traces[0].modules if model.traces else ())}
    for path, wanted in expected.items():
        found = records[path].calls if path in records else ()
        for number, (inputs, outputs) in enumerate(wanted):
            if number >= len(found) or (outputs and not found[number].outputs):
                row.unknown += 1
            elif (plain(found[number].inputs), plain(found[number].outputs)) == (inputs, outputs):
                row.right += 1
            else:
                row.wrong += 1


def plain(tensors: Sequence[TensorSpec]) -> list[list[int | None]]:
    return [[dim.value for dim in tensor.shape] for tensor in tensors]


def shapes_of(case: Case, folder: Path) -> ModelShapes:
    index = open_repository(str(folder))
    where = index.span(case.file, 1)
    inputs = tuple(parse_input_spec(text) for text in case.inputs)
    build = BuildPlan(case.file, case.build, "user", where)
    request = ModelRequest("", case.file, where, (build,), inputs=inputs, effort="brief")
    return evaluate_all(index, (request,), ShapesOptions(seconds=120))[0]


def truth_of(case: Case, folder: Path, prefix: str) -> dict:
    inputs = [parse_input_spec(text) for text in case.inputs]
    sizes = sizes_of(inputs)
    tensors = [
        ([sizes[d.name] if d.name else d.size for d in spec.value.dims], spec.value.dtype)
        for spec in inputs
        if isinstance(spec.value, TensorValue)
    ]
    dotted = case.file.removesuffix(".py").replace("/", ".")
    request = {
        "sys_path": [str(folder.parent if prefix else folder), str(ROOT)],
        "module": f"{prefix}.{dotted}" if prefix else dotted,
        "build": case.build,
        "inputs": tensors,
    }
    script = Path(__file__).with_name("truth.py")
    done = subprocess.run([sys.executable, str(script)], input=json.dumps(request), capture_output=True, text=True)
    lines = done.stdout.strip().splitlines()
    return json.loads(lines[-1]) if lines and done.returncode == 0 else {"failed": done.stderr.strip()[-200:]}


def table(rows: Sequence[Row]) -> str:
    lines = [f"{'model':62} {'built':6} {'total':10} {'right':>6} {'wrong':>6} {'unknown':>8} {'s':>6}  first gap"]
    for row in rows:
        name = f"{row.case.root}: {row.case.build}"[-62:]
        lines.append(
            f"{name:62} {'yes' if row.built else 'no':6} {row.total:10} {row.right:6} {row.wrong:6} "
            f"{row.unknown:8} {row.seconds:6.1f}  {row.reason[:110]}"
        )
    measured = [row for row in rows if row.total != "unmeasured"]
    lines.append(
        f"{len(rows)} models, {len(measured)} measured: built {sum(r.built for r in measured)}, totals equal "
        f"{sum(r.total == 'equal' for r in measured)}, different {sum(r.total == 'DIFFERENT' for r in measured)}; calls "
        f"right {sum(r.right for r in measured)}, wrong {sum(r.wrong for r in measured)}, "
        f"unknown {sum(r.unknown for r in measured)}"
    )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repos", type=Path)
    parser.add_argument("--packages", type=Path)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    jobs = [(case, ROOT / "reference_model", "reference_model") for case in OWN]
    if arguments.repos:
        jobs += [(case, arguments.repos / case.root, "") for case in REPOSITORIES]
    if arguments.packages:
        jobs += [(case, arguments.packages / case.root, case.root) for case in PACKAGES]
    chosen = [job for job in jobs if arguments.only in f"{job[0].root}: {job[0].build}"]
    print(table([compare(*job) for job in chosen]))


if __name__ == "__main__":
    main()
