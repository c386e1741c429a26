"""Which models are measured: the TOML files of `models/`, and where the sources that they name lie on this machine.

A list holds its models, or names the program of `registries/` that lists them by asking the package (`registry`).

A list names either the directory of a repository (under `--repos`) or importable packages, which are copied side
by side, so that they are analysed as source text and the installed ones stay out of the analyzer's way.
"""

from __future__ import annotations

import hashlib
import importlib.machinery
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

LISTS = Path(__file__).parent / "models"
ROOT = Path(__file__).resolve().parents[2]
COPIED = ("*.py", "*.json", "*.yaml", "*.yml", "*.toml", "*.txt", "*.csv")


@dataclass(frozen=True)
class Instance:
    """An expression that builds a model and the inputs that it is called on."""

    build: str
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """One model of a list; `other` is the same model at other values, for the names of sizes."""

    group: str
    name: str
    file: str
    """`FILE` or `FILE:CLASS`, as `deepdive shapes --model` takes it."""
    base: Instance
    other: Instance | None = None
    method: str = "forward"
    training: bool = False
    not_called: str = ""
    """Why only the totals are compared: no inputs are known on which it runs."""

    @property
    def module(self) -> str:
        """Dotted name under which the truth imports the file."""
        path = self.file.partition(":")[0].removesuffix(".py").removesuffix("/__init__")
        return path.replace("/", ".")


@dataclass(frozen=True)
class ModelList:
    """The models of one package or repository."""

    group: str
    repository: str
    """Directory below `--repos`; empty for packages."""
    packages: tuple[str, ...]
    """Import names of the packages that are analysed together."""
    used_for_fixing: bool
    cases: tuple[Case, ...]
    device: str = "cpu"
    """Where the truth builds and calls the models; on `meta` nothing is computed."""
    imported_once: tuple[str, ...] = ()
    """Packages that the truth imports before it forks for each model."""
    registry: str = ""
    """Program of `registries/` that lists the models."""

    def listed(self, target: Path | None) -> ModelList:
        """The list with the models that its registry names; as it is where it has none."""
        return replace(self, cases=_registered(self, target)) if self.registry else self

    def sample(self, count: int) -> ModelList:
        """At most that many models, spread over the files that define them; always the same ones."""
        files: dict[str, list[Case]] = {}
        for case in sorted(self.cases, key=lambda case: hashlib.sha256(case.name.encode()).hexdigest()):
            files.setdefault(case.file, []).append(case)
        turns = zip_longest(*(files[file] for file in sorted(files)))
        return replace(self, cases=tuple(case for turn in turns for case in turn if case is not None)[:count])


def read_lists(wanted: Iterable[str] = ()) -> tuple[ModelList, ...]:
    """All lists by name, or those wanted."""
    names = set(wanted)
    files = sorted(LISTS.glob("*.toml"))
    unknown = names - {file.stem for file in files}
    if unknown:
        raise SystemExit(f"no list of models: {', '.join(sorted(unknown))}")
    return tuple(_read(file) for file in files if not names or file.stem in names)


def _read(file: Path) -> ModelList:
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    source = data["source"]
    cases = tuple(_case(file.stem, item) for item in _expanded(data.get("model", ())))
    return ModelList(
        file.stem,
        source.get("repository", ""),
        tuple(source.get("packages", ())),
        bool(source.get("used_for_fixing", False)),
        cases,
        source.get("device", "cpu"),
        tuple(source.get("imported_once", ())),
        source.get("registry", ""),
    )


def models_in(text: str) -> list[dict[str, Any]]:
    """The models of a list as it is written, each as it stands there."""
    found: list[dict[str, Any]] = tomllib.loads(text).get("model", [])
    return found


def _registered(models: ModelList, target: Path | None) -> tuple[Case, ...]:
    """None where the package is not there: then nothing of it can be measured either."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", f"benchmarks.accuracy.registries.{models.registry}"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *([str(target)] if target else [])])},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{models.group}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return ()
    return tuple(_case(models.group, item) for item in json.loads(done.stdout))


def _expanded(items: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """An entry with `builds` stands for one model per expression."""
    for item in items:
        for build in item.get("builds", (item.get("build"),)):
            yield {**item, "build": build, "name": item.get("name", build)}


def _case(group: str, item: Mapping[str, Any]) -> Case:
    base = Instance(item["build"], tuple(item.get("inputs", ())))
    other = item.get("other")
    varied = Instance(other.get("build", base.build), tuple(other.get("inputs", base.inputs))) if other else None
    return Case(
        group,
        item["name"],
        item["file"],
        base,
        varied,
        item.get("method", "forward"),
        bool(item.get("training", False)),
        item.get("not_called", ""),
    )


def source_of(models: ModelList, repositories: Path | None, target: Path | None, scratch: Path) -> Path | str:
    """Directory in which the models of a list are analysed, or why there is none."""
    if models.repository:
        if repositories is None:
            return "no --repos given"
        found = repositories / models.repository
        return found if found.is_dir() else f"{models.repository} is not under --repos"
    directory = scratch / models.group
    search = [*([str(target)] if target else []), *sys.path]
    for name in models.packages:
        spec = importlib.machinery.PathFinder.find_spec(name, search)
        if spec is None or not spec.submodule_search_locations:
            return f"package {name} is not installed"
        _copy(Path(next(iter(spec.submodule_search_locations))), directory / name)
    return directory


def _copy(origin: Path, copy: Path) -> None:
    """The source texts of a package."""
    for pattern in COPIED:
        for file in sorted(origin.rglob(pattern)):
            place = copy / file.relative_to(origin)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
