"""Which classes and functions the main model and the main pipelines reach, by the names that their code uses.

An upper bound: a name that is mentioned counts as reached, whether or not its branch runs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from analyzer.index import Definition, External
from analyzer.index.symbols import dotted_name
from analyzer.records.bundles import Facts
from analyzer.records.processes import Pipeline
from analyzer.techniques.program import Program


def reached_definitions(program: Program, facts: Facts) -> frozenset[str]:
    """Qualified names reached from the main model's class and the entries of the main pipelines; empty where
    neither is known.
    """
    return closure(program, list(_roots(program, facts)))


def closure(program: Program, roots: list[str]) -> frozenset[str]:
    """Everything that the roots mention, directly or through others."""
    reached: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(mentioned(program, name))
    return frozenset(reached)


def _roots(program: Program, facts: Facts) -> Iterator[str]:
    yield from (model.qualified_name for model in facts.structure.models if model.main)
    for pipeline in (*facts.processes.training, *facts.processes.inference):
        if pipeline.main:
            yield from pipeline_roots(pipeline)


def pipeline_roots(pipeline: Pipeline) -> Iterator[str]:
    """Where a pipeline begins, and every function that one of its stages stands in."""
    yield f"{pipeline.entry.path}:"
    for name in (pipeline.entry_name, *(stage.function for stage in pipeline.stages)):
        yield name if ":" in name else f"{name}:"


@lru_cache(maxsize=16384)
def mentioned(program: Program, qualified: str) -> tuple[str, ...]:
    """What the body of a class, function or file (`path:`) mentions by name."""
    path, _, name = qualified.rpartition(":")
    nodes = list(_nodes(program, path, name))
    found: set[str] = set()
    for node in nodes:
        dotted = dotted_name(node) if isinstance(node, (ast.Name, ast.Attribute)) else None
        target = program.index.symbols.resolve(path, dotted, name) if dotted else None
        if isinstance(target, External) and dotted is not None:
            target = program.index.symbols.definition(f"{path}:{dotted}")  # what stands in where the import fails
        if isinstance(target, Definition):
            found.add(target.qualified_name)
            found.update(_value_names(program, target))
    found |= _outer_classes(program, path, name)
    return tuple(sorted(found - {qualified}))


def _nodes(program: Program, path: str, name: str) -> Iterator[ast.AST]:
    tree = program.index.trees().get(path)
    if tree is None:
        return
    if name:
        found = program.index.symbols.definition(f"{path}:{name}")
        if found is not None:
            yield from ast.walk(found.node)
        return
    for statement in tree.body:
        if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from ast.walk(statement)


def _value_names(program: Program, target: Definition) -> Iterator[str]:
    """A module-level registry (`MODELS = {...}`) reaches what stands in it."""
    if not isinstance(target.node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        for node in ast.walk(target.node):
            dotted = dotted_name(node) if isinstance(node, (ast.Name, ast.Attribute)) else None
            inner = program.index.symbols.resolve(target.path, dotted, "") if dotted else None
            if isinstance(inner, Definition) and inner.qualified_name != target.qualified_name:
                yield inner.qualified_name


def _outer_classes(program: Program, path: str, name: str) -> set[str]:
    """A method reaches its class, a class its bases and methods."""
    outer = name.rpartition(".")[0]
    found = {f"{path}:{outer}"} if outer else set()
    found.update(program.ancestry(f"{path}:{name}"))
    return found
