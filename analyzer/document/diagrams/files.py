"""Which file of the repository uses which: imports inside it, between files that play a role."""

from __future__ import annotations

from analyzer.records.bundles import Analysis
from analyzer.records.diagrams import Arrow, Box, BoxStyle, Diagram
from analyzer.records.structure import FileRelation, Role
from analyzer.records.techniques import Text

MOST_FILES = 20
MOST_NAMES = 2
MOST_LABELS = 10
MOST_ARROWS = 20
STYLES: dict[Role, BoxStyle] = {
    "model": "core", "training": "loss", "inference": "attention", "data": "io", "preprocess": "io",
    "config": "feature",
}  # fmt: skip


def build(analysis: Analysis) -> tuple[Diagram, ...]:
    structure = analysis.facts.structure
    roles: dict[str, list[Role]] = {}
    for item in structure.roles:
        if item.role not in roles.setdefault(item.path, []):
            roles[item.path].append(item.role)
    linked = {path for one in structure.relations for path in (one.path, *(to for to, _ in one.imports)) if one.imports}
    shown = [one for one in structure.relations if one.path in roles and one.path in linked]
    shown = sorted(shown, key=lambda one: -len(one.used_by) - len(one.imports))[:MOST_FILES]
    pairs = _uses(shown)
    while len(pairs) > MOST_ARROWS:
        shown = shown[:-1]
        pairs = _uses(shown)
    paths = {one.path for one in shown}
    labelled = len(pairs) <= MOST_LABELS
    arrows = tuple(Arrow(path, target, _names(names) if labelled else "") for path, target, names in pairs)
    if not arrows:
        return ()
    boxes = tuple(_box(one, roles[one.path]) for one in structure.relations if one.path in paths)
    title = Text("Which file uses which", "文件之间的引用关系")
    return (Diagram("file_relations", title, "flow", boxes, arrows, direction="right"),)


def _uses(shown: list[FileRelation]) -> list[tuple[str, str, tuple[str, ...]]]:
    paths = {one.path for one in shown}
    return [(one.path, target, names) for one in shown for target, names in one.imports if target in paths]


def _box(relation: FileRelation, roles: list[Role]) -> Box:
    style: BoxStyle = next((STYLES[role] for role in roles if role in STYLES), "plain")
    return Box(relation.path, relation.path, (", ".join(roles),), style)


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    return f"{shown}, …" if len(names) > MOST_NAMES else shown
