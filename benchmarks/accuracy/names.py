"""`python -m benchmarks.accuracy.names [--repos DIR] [--target DIR] [--packages NAME…] [--only TEXT]`: the hold-out.

One row per model: how many expressions are printed, how many comparisons at fresh values agree, how many are wrong,
how many sizes stay numbers. Fails where a printed name is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.accuracy.model_lists import Case, read_lists, source_of
from benchmarks.accuracy.programs import answer_of

LIMIT_SECONDS = 900.0
HEADER = ("model", "expressions", "printed", "numbers", "fresh runs", "verified", "wrong", "names not varied")
Row = tuple[str, ...]


def main() -> int:
    """Measure every case and print the table; what is wrong comes after it."""
    options = _options()
    rows: list[Row] = [HEADER]
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for models in read_lists(options.packages):
            source = source_of(models, options.repos, options.target, Path(scratch))
            if isinstance(source, str):
                print(f"{models.group}: {source}", file=sys.stderr)
                continue
            wanted = [case for case in models.cases if options.only in case.name and case.base.inputs]
            for case, answer in _answers(wanted[: options.first], source):
                name = f"{models.group} {case.name}"
                rows.append(_row(name, answer))
                wrong += [f"{name}: {text}" for text in answer.get("wrong", ())]
                print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    print("\n".join(markdown(rows)))
    print(f"\nwrong names: {len(wrong)}")
    print("\n".join(f"  {text}" for text in wrong[:60]))
    return 1 if wrong else 0


def _answers(cases: Sequence[Case], source: Path) -> Iterator[tuple[Case, dict[str, Any]]]:
    for case in cases:
        request = {
            "root": str(source),
            "file": case.file,
            "build": case.base.build,
            "inputs": list(case.base.inputs),
            "method": case.method,
            "training": case.training,
        }
        yield case, answer_of("holdout", json.dumps(request), LIMIT_SECONDS)


def _row(name: str, answer: dict[str, Any]) -> Row:
    short = name if len(name) <= 60 else name[:57] + "..."
    if "failed" in answer:
        return (short, *("-",) * 6, str(answer["failed"]))
    counts = (answer[what] for what in ("expressions", "dims", "numbers", "runs", "verified"))
    return (short, *map(str, counts), str(len(answer["wrong"])), ", ".join(answer["untried"]))


def markdown(rows: Sequence[Row]) -> Iterator[str]:
    """A table with its sums."""
    escaped = [tuple(cell.replace("|", "\\|") for cell in row) for row in rows]
    yield f"| {' | '.join(escaped[0])} |"
    yield "|---" * len(escaped[0]) + "|"
    yield from (f"| {' | '.join(row)} |" for row in escaped[1:])
    measured = [row for row in rows[1:] if row[1] != "-"]
    sums = (str(sum(int(row[column]) for row in measured)) for column in range(1, 7))
    yield f"| {len(measured)} models | {' | '.join(sums)} | |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.names", description=__doc__)
    parser.add_argument("--repos", type=Path, metavar="DIR", help="directory that holds the repositories")
    parser.add_argument("--target", type=Path, metavar="DIR", help="where packages lie (pip install --target DIR)")
    parser.add_argument("--packages", nargs="*", default=(), metavar="NAME", help="lists to measure; default: all")
    parser.add_argument("--only", default="", metavar="TEXT", help="models whose name holds this text")
    parser.add_argument("--first", type=int, default=6, metavar="N", help="at most so many models of a list")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
