"""`python -m benchmarks.accuracy [--repos DIR] [--target DIR] [--packages NAME…] [--sample N] [--resume FILE]`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.accuracy.log import OutcomeLog
from benchmarks.accuracy.measurement import Places, measure_list
from benchmarks.accuracy.model_lists import ModelList, read_lists
from benchmarks.accuracy.table import progress_line, table_lines


def main() -> int:
    """Measure, print, and fail where anything that was said is wrong."""
    options = _options()
    log = OutcomeLog(options.resume)
    with tempfile.TemporaryDirectory() as scratch:
        places = Places(options.repos, options.target, Path(scratch), options.patience)
        for models in read_lists(options.packages):
            for outcome in measure_list(_chosen(models, log, options), places, options.jobs):
                log.add(outcome)
                print(f"{len(log.outcomes()):4} {progress_line(outcome)}", file=sys.stderr, flush=True)
    outcomes = log.outcomes()
    print("\n".join(table_lines(outcomes)))
    if options.json:
        rows = [dataclasses.asdict(outcome) for outcome in outcomes]
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return 1 if any(outcome.errors for outcome in outcomes) else 0


def _chosen(models: ModelList, log: OutcomeLog, options: argparse.Namespace) -> ModelList:
    """What of a list is to be measured in this run."""
    listed = models.listed(options.target)
    if options.sample is not None:
        listed = listed.sample(options.sample)
    wanted = (case for case in listed.cases if not options.only or case.name in options.only)
    return replace(listed, cases=tuple(case for case in wanted if log.wants(case, again=options.again)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--repos", type=Path, metavar="DIR", help="directory that holds the repositories")
    parser.add_argument("--target", type=Path, metavar="DIR", help="where packages lie (pip install --target DIR)")
    parser.add_argument("--packages", nargs="*", default=(), metavar="NAME", help="lists to measure; default: all")
    parser.add_argument("--only", nargs="*", default=(), metavar="NAME", help="only models of these names")
    parser.add_argument("--sample", type=int, metavar="N", help="at most N models of a list, spread over its files")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="keep outcomes in FILE and go on from there")
    parser.add_argument("--again", action="store_true", help="with --resume: measure what was open or wrong again")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="models measured at a time")
    parser.add_argument("--patience", type=float, default=1.0, metavar="X", help="multiply the limits of seconds by X")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
