"""The imports of `analyzer/` run downwards only, and each library enters by its own door."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ["records", "index", "evaluator", "facts", "shapes", "techniques", "document", "render", "top", "cli", "entry"]
TOP = {"analyze": "top", "check": "top", "cli": "cli", "__main__": "entry", "__init__": "entry"}
DOORS = {
    "torchinfo": {"shapes/tracer.py"},
    "torch": {"evaluator", "shapes"},
    "einops": {"evaluator"},
    "numpy": {"evaluator"},
    "libcst": {"index", "facts", "techniques", "document/annotated.py"},
    "jinja2": {"render", "document/wording.py"},
    "markdown": {"render"},
    "latex2mathml": {"render"},
    "pygments": {"render"},
    "pathspec": {"index", "facts"},
    "ruamel": {"index", "facts"},
    "pypdf": {"techniques/paper/pages.py"},
    "pdfplumber": {"techniques/paper/pages.py"},
    "rich": {"cli"},
    "typer": {"cli"},
    "matplotlib": set(),
    "reference_model": {"shapes/tracer.py", "shapes/executed_run.py"},
}
MODULES = sorted(p for p in (ROOT / "analyzer").rglob("*.py") if "standins" not in p.parts)


def imports_of(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} relative import"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def layer_of(place: Path) -> str:
    first = place.parts[0] if len(place.parts) > 1 else place.stem
    return first if first in LAYERS[:8] else TOP[first]


def has_door(library: str, place: Path) -> bool:
    return any(place.as_posix() == door or place.parts[0].removesuffix(".py") == door for door in DOORS[library])


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_imports_run_downwards_and_libraries_enter_by_their_door(path: Path) -> None:
    place = path.relative_to(ROOT / "analyzer")
    here = layer_of(place)
    for name in imports_of(path):
        parts = name.split(".")
        if parts[0] in DOORS:
            assert has_door(parts[0], place), f"{place} imports {parts[0]} by the wrong door"
        if parts[0] != "analyzer" or len(parts) < 2 or here == "entry":
            continue
        target = parts[1] if parts[1] in LAYERS else TOP.get(parts[1], "entry")
        if parts[1].startswith("__version__"):
            continue
        assert LAYERS.index(target) <= LAYERS.index(here), f"{place} imports upwards: {name}"
        if here in ("document", "render"):
            assert target in ("records", here), f"{place} sees more than records: {name}"


def test_reference_model_knows_nothing_of_analyzer() -> None:
    for path in sorted((ROOT / "reference_model").rglob("*.py")):
        assert not [name for name in imports_of(path) if name.split(".")[0] == "analyzer"], path
