"""From what the user names to a `SourceIndex`: a directory, an archive, a git URL or an installed package."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from analyzer.index.archives import is_archive, read_archive
from analyzer.index.directories import find_entries
from analyzer.index.entries import Entry, Limits, Reading, read_entries
from analyzer.index.git import WorkTree, cloned, is_git_url, read_work_tree, web_address
from analyzer.index.installed import read_distribution
from analyzer.index.licences import licence_name
from analyzer.index.source_index import SourceIndex
from analyzer.records.errors import UserError
from analyzer.records.evidence import Gap
from analyzer.records.source import Repository, SourceFile

PACKAGE = "package:"
SUFFIXES = re.compile(r"\.(git|zip|whl|tgz|tar|tar\.(gz|bz2|xz))$")


def read_repository(location: str, limits: Limits | None = None, packages: tuple[str, ...] = ()) -> SourceIndex:
    """Index of the repository at `location`; `packages` are installed packages whose source is read beside it."""
    limits = limits or Limits()
    index = _read(location, limits)
    return _with_packages(index, packages, limits) if packages else index


def _read(location: str, limits: Limits) -> SourceIndex:
    if location.startswith(PACKAGE):
        _, entries = read_distribution(location.removeprefix(PACKAGE))
        return _index(_name(location.removeprefix(PACKAGE)), read_entries(entries, limits))
    if is_git_url(location):
        with cloned(location) as root:
            tree = read_work_tree(root)
            reading = read_entries(find_entries(root, tree.tracked if tree else frozenset()), limits)
            index = _index(_name(location), reading, tree and replace(tree, remote=web_address(location)))
        return index
    return _read_path(Path(location), limits)


def _read_path(path: Path, limits: Limits) -> SourceIndex:
    if path.is_dir():
        tree = read_work_tree(path)
        reading = read_entries(find_entries(path, tree.tracked if tree else frozenset()), limits)
        if not reading.files and not reading.gaps:
            raise UserError("the directory holds no files to analyse", str(path), "name the root of a repository")
        return _index(_name(path.resolve().name), reading, tree)
    if path.is_file():
        if not is_archive(path):
            raise UserError("the file is no archive", str(path), "name a directory, a .zip, .tar.gz or .whl file")
        return _index(_name(path.name), read_entries(read_archive(path), limits))
    raise UserError("the path does not exist", str(path), "name a directory, an archive, a git URL or package:NAME")


def _name(text: str) -> str:
    """The last part of a path or address without its suffix."""
    last = SUFFIXES.sub("", re.split(r"[/:\\]", text.rstrip("/\\"))[-1])
    return last or "repository"


def _index(name: str, reading: Reading, tree: WorkTree | None = None) -> SourceIndex:
    repository = Repository(
        name,
        _digest(reading.files),
        len(reading.files),
        sum(file.lines for file in reading.files.values()),
        license=licence_name(reading.files),
    )
    if tree is not None and tree.commit is not None:
        repository = replace(repository, commit=tree.commit, remote=tree.remote, dirty=tree.dirty)
    return SourceIndex(repository, reading.files, reading.gaps)


def _digest(files: Mapping[str, SourceFile]) -> str:
    lines = "".join(f"{path}\0{file.sha256}\n" for path, file in sorted(files.items()))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def _with_packages(index: SourceIndex, packages: tuple[str, ...], limits: Limits) -> SourceIndex:
    files: dict[str, SourceFile] = {}
    gaps: list[Gap] = []
    for package in packages:
        name, entries = read_distribution(package)
        python = [entry for entry in entries if isinstance(entry, Entry) and entry.path.endswith(".py")]
        reading = read_entries(python, limits)
        files.update(
            {
                f"site-packages/{p}": replace(f, path=f"site-packages/{p}", package=name)
                for p, f in reading.files.items()
            }
        )
        gaps += reading.gaps
    return SourceIndex(index.repository, {**index.files, **files}, (*index.read_gaps, *gaps))
