"""Pitfalls of runs: samplers that repeat their order, files that nobody writes, padding that counts, names gone."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.project_metadata import find_requirements
from analyzer.index import SourceIndex
from analyzer.techniques.findings.removed_names import REMOVED
from analyzer.techniques.findings.syntax_rules import (
    Found,
    constant,
    foreign,
    functions,
    is_open,
    is_test,
    keyword,
)

SAMPLERS = frozenset({"torch.utils.data.DistributedSampler", "torch.utils.data.distributed.DistributedSampler"})
PADDING = "torch.nn.utils.rnn.pad_sequence"
IGNORED = -100
LOSSES = frozenset({"torch.nn.functional.cross_entropy", "torch.nn.functional.nll_loss"})
FETCHING = ("http://", "https://", "hf_hub_download", "snapshot_download", "gdown", "wget ", "curl ")


def sampler_without_epoch(index: SourceIndex) -> Iterator[Found]:
    """A shuffling `DistributedSampler`, and no `set_epoch` anywhere: every epoch has the same order."""
    if any("set_epoch" in index.text(path) for path in index.trees()):
        return
    for path, node in _calls(index):
        shuffles = constant(keyword(node, "shuffle")) is not False and not is_open(node)
        if shuffles and foreign(index, path, node) in SAMPLERS and not _is_of_library(index):
            yield ((path, node),), ()


def _is_of_library(index: SourceIndex) -> bool:
    """Trainers of these libraries call `set_epoch` themselves."""
    return any(word in index.text(path) for path in index.trees() for word in ("lightning", "accelerate"))


def checkpoint_never_written(index: SourceIndex) -> Iterator[Found]:
    """`torch.load` of a file name that no `torch.save` of the repository writes, though all of them name their file."""
    saved = [_file_name(_argument(node, 1, "f")) for _, node in _calls_of(index, "torch.save")]
    if not saved or not all(saved) or _fetches(index):
        return
    for path, node in _calls_of(index, "torch.load"):
        name = _file_name(_argument(node, 0, "f"))
        if name and name not in saved and not any(name == path.rpartition("/")[2] for path in index.files):
            yield ((path, node),), (("file", name), ("written", ", ".join(sorted({s for s in saved if s}))))


def _fetches(index: SourceIndex) -> bool:
    """Code or a script that fetches files may bring it."""
    kinds = ("python", "shell")
    return any(f.kind in kinds and any(word in f.text for word in FETCHING[2:]) for f in index.files.values())


def _argument(node: ast.Call, place: int, name: str) -> ast.expr | None:
    return keyword(node, name) or (node.args[place] if place < len(node.args) else None)


def _file_name(node: ast.expr | None) -> str:
    """The literal name of the file at the end of a path, else empty."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.rpartition("/")[2]
    is_join = isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("join", "joinpath", "Path")
    if is_join and isinstance(node, ast.Call) and node.args:
        return _file_name(node.args[-1])
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.Add)):
        return _file_name(node.right)
    if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[-1], ast.Constant):
        last = str(node.values[-1].value)
        return last.rpartition("/")[2] if "/" in last else ""
    return ""


def loss_over_padding(index: SourceIndex) -> Iterator[Found]:
    """Targets of `pad_sequence` go into a mean cross-entropy that ignores no index."""
    for definition in functions(index):
        padded = {
            target.id: node
            for node in ast.walk(definition.node)
            if isinstance(node, ast.Assign) and _pads(index, definition.path, node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(definition.node) if padded else ():
            if isinstance(node, ast.Call) and foreign(index, definition.path, node) in LOSSES and len(node.args) > 1:
                names = {n.id for n in ast.walk(node.args[1]) if isinstance(n, ast.Name)} & set(padded)
                plain = keyword(node, "ignore_index") is None and keyword(node, "reduction") is None
                if names and plain and not is_open(node):
                    name = min(names)
                    yield ((definition.path, node), (definition.path, padded[name])), (("name", name),)


def _pads(index: SourceIndex, path: str, node: ast.expr) -> bool:
    """Padding with a value that the loss does not leave out by itself."""
    if not isinstance(node, ast.Call) or foreign(index, path, node) != PADDING:
        return False
    value = keyword(node, "padding_value") or (node.args[2] if len(node.args) > 2 else None)
    return value is None or isinstance(constant(value), (int, float))


def hub_code_runs(index: SourceIndex) -> Iterator[Found]:
    """`torch.hub.load("owner/name", …)` runs the code of that repository, unless its source is local."""
    for path, node in _calls_of(index, "torch.hub.load"):
        repository = _argument(node, 0, "repo_or_dir")
        if constant(keyword(node, "source")) != "local" and not is_open(node) and repository is not None:
            yield ((path, node),), (("repository", ast.unparse(repository)),)


def name_removed(index: SourceIndex) -> Iterator[Found]:
    """A name that the library's newer versions no longer have, where nothing declared keeps an older one."""
    bounds = {r.distribution.lower(): r.version or "" for r in find_requirements(index)}
    for path, tree in index.trees().items():
        if is_test(path):
            continue
        guarded = {id(n) for t in ast.walk(tree) if isinstance(t, (ast.Try, ast.If)) for n in ast.walk(t)}
        seen: set[str] = set()
        for node in ast.walk(tree):
            name = foreign(index, path, node) if isinstance(node, (ast.Attribute, ast.Name)) else ""
            removed = REMOVED.get(name)
            if removed is not None and name not in seen and id(node) not in guarded:
                seen.add(name)
                library, version = removed
                if not _keeps_older(bounds.get(library, ""), version):
                    yield ((path, node),), (("name", name), ("library", library), ("version", version))


def _keeps_older(declared: str, version: str) -> bool:
    """The declaration pins, or bounds from above, below the version that dropped the name."""
    for part in declared.replace(" ", "").split(","):
        for operator in ("===", "==", "<=", "<", "~="):
            if part.startswith(operator):
                bound = _numbers(part.removeprefix(operator))
                limit = _numbers(version)
                return bound <= limit if operator == "<" else bound < limit
    return False


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.replace("*", "0").split(".") if part.isdigit())


def _calls(index: SourceIndex) -> Iterator[tuple[str, ast.Call]]:
    for path, tree in index.trees().items():
        if not is_test(path):
            yield from ((path, node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def _calls_of(index: SourceIndex, dotted: str) -> Iterator[tuple[str, ast.Call]]:
    last = dotted.rpartition(".")[2]
    for path, node in _calls(index):
        if getattr(node.func, "attr", getattr(node.func, "id", "")) == last and foreign(index, path, node) == dotted:
            yield path, node


RULES = {
    rule.__name__: rule
    for rule in (checkpoint_never_written, hub_code_runs, loss_over_padding, name_removed, sampler_without_epoch)
}  # fmt: skip
