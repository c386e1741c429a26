"""`python -m benchmarks.standins --target DIR`: do stand-ins have the signatures of the real packages?

Both are read as text. What a stand-in defines must exist in the package, with the same parameters in the same order
and the same defaults; parameters that a stand-in leaves out are named, for a caller may give them.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

STANDINS = Path(__file__).resolve().parents[1] / "analyzer" / "evaluator" / "standins"
COMPARED = ("__init__", "forward")
Definition = ast.FunctionDef | ast.ClassDef
Parameter = tuple[str, str]


@dataclass(frozen=True)
class Difference:
    """A name of a stand-in that differs from the package's."""

    module: str
    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}: {self.what}"


def main() -> int:
    """Print what differs and fail where something does."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.standins", description=__doc__)
    parser.add_argument("--target", type=Path, required=True, metavar="DIR", help="where the real packages lie")
    parser.add_argument("--packages", nargs="*", default=(), metavar="NAME", help="stand-ins to compare; default: all")
    options = parser.parse_args()
    failed = False
    for directory in sorted(path for path in STANDINS.iterdir() if path.is_dir()):
        if options.packages and directory.name not in options.packages:
            continue
        if not (options.target / directory.name).is_dir():
            print(f"{directory.name}: not at hand")
            continue
        compared, differences = compare_package(directory, options.target / directory.name)
        print(f"{directory.name}: {compared} signatures compared, {len(differences)} differ")
        print("".join(f"  {difference}\n" for difference in differences), end="")
        failed = failed or bool(differences)
    return 1 if failed else 0


def compare_package(own: Path, real: Path) -> tuple[int, list[Difference]]:
    """How many signatures of a stand-in were compared, and those that differ."""
    known: dict[str, list[Definition]] = {}
    for file in sorted(real.rglob("*.py")):
        for name, definition in _definitions(file):
            known.setdefault(name, []).append(definition)
    compared, found = 0, []
    for file in sorted(own.rglob("*.py")):
        module = ".".join(file.relative_to(STANDINS).with_suffix("").parts).removesuffix(".__init__")
        for name, definition in _definitions(file):
            if name.startswith("_"):
                continue
            compared += 1
            found += _differences(module, definition, known.get(name, []))
    return compared, found


def _definitions(file: Path) -> Iterator[tuple[str, Definition]]:
    """Functions and classes at the top of a file, also below conditions."""
    pending: list[ast.stmt] = list(ast.parse(file.read_text(encoding="utf-8")).body)
    while pending:
        node = pending.pop(0)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, (ast.If, ast.Try)):
            pending += [*node.body, *node.orelse]


def _differences(module: str, own: Definition, real: list[Definition]) -> list[Difference]:
    if not real:
        return [Difference(module, own.name, "not in the package")]
    candidates = [_compare(module, own, definition) for definition in real]
    return min(candidates, key=len)


def _compare(module: str, own: Definition, real: Definition) -> list[Difference]:
    """A function may stand for a class that is called alike."""
    pairs = [(own.name, _callable(own), _callable(real))]
    if isinstance(own, ast.ClassDef) and isinstance(real, ast.ClassDef):
        pairs = [(f"{own.name}.{name}", _method(own, name), _method(real, name)) for name in COMPARED]
    found = []
    for name, ours, theirs in pairs:
        if ours is None or theirs is None:
            continue
        difference = _parameters_differ(ours, theirs)
        if difference:
            found.append(Difference(module, name, difference))
    return found


def _callable(definition: Definition) -> ast.FunctionDef | None:
    return _method(definition, "__init__") if isinstance(definition, ast.ClassDef) else definition


def _method(definition: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((node for node in definition.body if isinstance(node, ast.FunctionDef) and node.name == name), None)


def _parameters_differ(own: ast.FunctionDef, real: ast.FunctionDef) -> str:
    ours, theirs = _parameters(own), _parameters(real)
    if ours == theirs:
        return ""
    missing = [name for name, _ in theirs if name not in dict(ours)]
    added = [name for name, _ in ours if name not in dict(theirs)]
    changed = [f"{name}={dict(ours)[name]}, is {default}" for name, default in theirs
               if name in dict(ours) and dict(ours)[name] != default]  # fmt: skip
    parts = [f"{word} {', '.join(names)}" for word, names in (("lacks", missing), ("adds", added)) if names]
    return "; ".join([*parts, *changed]) or "order of parameters"


def _parameters(function: ast.FunctionDef) -> list[Parameter]:
    """Names in order with the text of their defaults; `self` apart."""
    given = function.args
    plain = [*given.posonlyargs, *given.args]
    defaults = ["", *[""] * len(plain)][: len(plain) - len(given.defaults)] + [_text(node) for node in given.defaults]
    found = [(arg.arg, default) for arg, default in zip(plain, defaults, strict=True)]
    found += [(f"*{given.vararg.arg}", "")] if given.vararg else []
    found += [(arg.arg, _text(node)) for arg, node in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    found += [("**", "")] if given.kwarg else []
    return [(name, default) for name, default in found if name != "self"]


def _text(node: ast.expr | None) -> str:
    """A default as text; numbers by their value, names by their last part."""
    if node is None:
        return ""
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return str(float(node.value))
    return ast.unparse(node).rpartition(".")[2]


if __name__ == "__main__":
    sys.exit(main())
