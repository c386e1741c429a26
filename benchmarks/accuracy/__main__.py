"""`python -m benchmarks.accuracy [--repos DIR] [--target DIR] [--packages NAME…] [--json FILE]`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.accuracy.comparison import Outcome
from benchmarks.accuracy.measurement import Places, measure_list
from benchmarks.accuracy.model_lists import read_lists
from benchmarks.accuracy.table import progress_line, table_lines


def main() -> int:
    """Measure, print, and fail where anything that was said is wrong."""
    options = _options()
    lists = read_lists(options.packages)
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as scratch:
        places = Places(options.repos, options.target, Path(scratch))
        for models in lists:
            for outcome in measure_list(models, places):
                outcomes.append(outcome)
                print(f"{len(outcomes):4} {progress_line(outcome)}", file=sys.stderr, flush=True)
    print("\n".join(table_lines(outcomes)))
    if options.json:
        rows = [dataclasses.asdict(outcome) for outcome in outcomes]
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return 1 if any(outcome.errors for outcome in outcomes) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--repos", type=Path, metavar="DIR", help="directory that holds the repositories")
    parser.add_argument("--target", type=Path, metavar="DIR", help="where packages lie (pip install --target DIR)")
    parser.add_argument("--packages", nargs="*", default=(), metavar="NAME", help="lists to measure; default: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
