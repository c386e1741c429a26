"""`python -m benchmarks.accuracy.lines [--repos DIR] [--target DIR] [--packages NAME…] [--only TEXT]`: line rows.

Every line of `deepdive shapes --json` is laid beside what the line really bound, at two instances of each model. A
target is right where each of its variants was really seen there for that module with the same dtypes and sizes; it is
not in the truth where the tracer saw nothing. `operators` counts the lines of which TorchLens saw operators, and those
of them that gave every tensor that is claimed.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analyzer.index import SourceIndex, open_repository
from benchmarks.accuracy.claim import claim
from benchmarks.accuracy.model_lists import Case, Instance, ModelList, read_lists, source_of
from benchmarks.accuracy.names import markdown
from benchmarks.accuracy.programs import answer_of

LIMIT_SECONDS = 300.0
HEADER = ("model", "instances", "targets", "right", "wrong", "not in truth", "unsaid", "operators", "seen by TorchLens")
Json = Mapping[str, Any]
Site = tuple[str, int, str, str]


@dataclass
class Lines:
    """Sums over the instances of one model."""

    instances: int = 0
    right: int = 0
    absent: int = 0
    unsaid: int = 0
    """Targets that were really bound and of which nothing is said."""
    operators: int = 0
    witnessed: int = 0
    wrong: list[str] = field(default_factory=list)
    failed: str = ""

    def row(self, name: str) -> tuple[str, ...]:
        targets = self.right + self.absent + len(self.wrong)
        counts = (self.instances, targets, self.right, len(self.wrong), self.absent, self.unsaid, self.operators)
        return (name[:60], *map(str, counts), f"{self.witnessed}{' ' if self.failed else ''}{self.failed}")


def main() -> int:
    """Measure every model, print the table, fail where a line is wrong."""
    options = _options()
    rows = [HEADER]
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for models in read_lists(options.packages):
            source = source_of(models, options.repos, options.target, Path(scratch))
            if isinstance(source, str):
                print(f"{models.group}: {source}", file=sys.stderr)
                continue
            index = open_repository(str(source))
            path = [str(source), *([str(options.target)] if options.target else [])]
            for case in _chosen(models, options):
                lines = measure(case, source, path, index)
                rows.append(lines.row(f"{models.group} {case.name}"))
                wrong += [f"{models.group} {case.name}: {text}" for text in lines.wrong]
                print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    print("\n".join(markdown(rows)))
    print(f"\nwrong lines: {len(wrong)}")
    print("\n".join(f"  {text}" for text in wrong[:60]))
    return 1 if wrong else 0


def _chosen(models: ModelList, options: argparse.Namespace) -> list[Case]:
    """The cases that are called; of a long list its first ones."""
    wanted = [case for case in models.cases if options.only in case.name and case.base.inputs]
    return wanted[: options.first]


def measure(case: Case, source: Path, path: Sequence[str], index: SourceIndex) -> Lines:
    """A model at its values and at other ones."""
    result = Lines()
    for instance in (case.base, case.other or varied(case.base)):
        truth = _truth(case, instance, source, path)
        said = _said(case, instance, index)
        failed = truth.get("failed") or said.get("failed")
        if failed:
            result.failed = f"({failed[:90]})"
        else:
            result.instances += 1
            compare(result, said, truth)
    return result


def varied(instance: Instance) -> Instance:
    """The same model on another batch and length, where the inputs name them."""

    def other(match: re.Match[str]) -> str:
        size = int(match.group(2))
        return f"{match.group(1)}={size + 1 if size < 8 else size * 3 // 4}"

    return Instance(instance.build, tuple(re.sub(r"\b([A-Z])=(\d+)", other, text) for text in instance.inputs))


def compare(result: Lines, said: Json, truth: Json) -> None:
    """Every claimed target of every line and module against what was seen."""
    real: dict[Site, list[Any]] = {(*row[:2], row[2], row[3]): row[4] for row in truth["lines"]}  # type: ignore[misc]
    operators: dict[tuple[str, int], set[str]] = {}
    for place, line, dtype, sizes in truth.get("operators", ()):
        operators.setdefault((place, line), set()).add(str([dtype, sizes]))
    claimed = set()
    for row in said["lines"]:
        for name, target in row["targets"].items():
            tensors = tensors_of(target)
            _witness(result, operators.get((row["path"], row["line"])), tensors)
            for module in row["modules"]:
                site = (row["path"], row["line"], module, name)
                claimed.add(site)
                _judge(result, site, tensors, real.get(site))
    result.unsaid += len(real.keys() - claimed)


def tensors_of(target: Json) -> list[Any]:
    """dtype and sizes as the truth writes them; an unknown size is null."""
    return [[tensor["dtype"], [_value(dim) for dim in tensor["shape"]]] for tensor in target.get("tensors", [target])]


def _value(dim: Any) -> int | None:
    return int(dim["value"]) if isinstance(dim, Mapping) else dim


def _judge(result: Lines, site: Site, tensors: list[Any], seen: list[Any] | None) -> None:
    if seen is None:
        result.absent += 1
    elif any(_fits(tensors, real) for real in seen):
        result.right += 1
    else:
        result.wrong.append(f"{site[0]}:{site[1]} {site[3]} of {site[2] or '(root)'}: {tensors}, truth {seen[:3]}")


def _fits(tensors: list[Any], real: list[Any]) -> bool:
    return len(tensors) == len(real) and all(
        ours[0] == true[0]
        and len(ours[1]) == len(true[1])
        and all(a in (b, None) for a, b in zip(ours[1], true[1], strict=True))
        for ours, true in zip(tensors, real, strict=True)
    )


def _witness(result: Lines, operators: set[str] | None, tensors: list[Any]) -> None:
    if operators:
        result.operators += 1
        result.witnessed += all(str(tensor) in operators for tensor in tensors)


def _truth(case: Case, instance: Instance, source: Path, path: Sequence[str]) -> dict[str, Any]:
    request = {
        "path": list(path),
        "root": str(source),
        "module": case.module,
        "build": instance.build,
        "inputs": list(instance.inputs),
        "method": case.method,
        "training": case.training,
    }
    return answer_of("line_truth", json.dumps(request), LIMIT_SECONDS)


def _said(case: Case, instance: Instance, index: SourceIndex) -> dict[str, Any]:
    """The lines of `deepdive shapes --json`; their numbers do not depend on the search for names."""
    request = {
        "file": case.file,
        "build": instance.build,
        "inputs": instance.inputs,
        "method": case.method,
        "training": case.training,
        "names": False,
    }
    try:
        answer = dict(claim(index, request))
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"}
    return answer if answer.get("lines") else {"failed": str(answer.get("unknown") or answer.get("failed"))}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.lines", description=__doc__)
    parser.add_argument("--repos", type=Path, metavar="DIR", help="directory that holds the repositories")
    parser.add_argument("--target", type=Path, metavar="DIR", help="where packages lie (pip install --target DIR)")
    parser.add_argument("--packages", nargs="*", default=(), metavar="NAME", help="lists to measure; default: all")
    parser.add_argument("--only", default="", metavar="TEXT", help="models whose name holds this text")
    parser.add_argument("--first", type=int, default=6, metavar="N", help="at most so many models of a list")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
