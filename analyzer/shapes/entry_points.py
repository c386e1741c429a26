"""Which expressions build a model: its constructor's defaults, presets and factories, documents, call sites.

Gives candidates in order of preference with the lines they rest on; which of them works is found by building.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from analyzer.evaluator.handing import parameters_of
from analyzer.facts.documented_code import (
    PythonExample,
    definition_named,
    docstring_examples,
    document_examples,
    imported_names,
)
from analyzer.index import Definition, SourceIndex
from analyzer.records.bundles import Facts
from analyzer.records.source import Span
from analyzer.records.tensors import UnstatedSize
from analyzer.shapes.statements import needed_statements

Origin = Literal["user", "preset", "factory", "training_script", "inference_script", "defaults", "example_sizes"]
CONFIG_WORDS = ("config", "cfg", "args", "params", "hparams", "opt", "options")


@dataclass(frozen=True)
class BuildPlan:
    """An expression (or statements ending in one) in the scope of a file, and where it was taken from."""

    path: str
    expression: str
    origin: Origin
    where: Span
    name: str = ""
    unstated: tuple[UnstatedSize, ...] = ()
    """Sizes of the expression that the repository does not state."""
    captured: str = ""
    """The class whose first instance is the model, where the expression leads to its construction."""


def find_builds(index: SourceIndex, facts: Facts | None, owner: Definition) -> tuple[BuildPlan, ...]:
    """Ways to build the class `owner`, best first, each expression once."""
    found: dict[tuple[str, str], BuildPlan] = {}
    for plan in (
        *_from_defaults(index, owner),
        *find_presets(facts, owner),
        *_from_configuration(index, owner),
        *_from_documents(index, owner),
        *_from_call_sites(index, owner),
    ):
        found.setdefault((plan.path, plan.expression), plan)
    return tuple(found.values())


def find_presets(facts: Facts | None, owner: Definition) -> tuple[BuildPlan, ...]:
    """Named sizes of the class: factories and registries of factories."""
    if facts is None:
        return ()
    class_name = owner.name.rpartition(".")[2]
    presets = (p for p in facts.configuration.presets if p.build and p.table == class_name)
    return tuple(BuildPlan(p.where.path, p.build or "", "factory", p.where, p.name) for p in presets)


def _from_defaults(index: SourceIndex, owner: Definition) -> Iterator[BuildPlan]:
    """`Net()` where every argument has a default."""
    node = constructor_of(index, owner)
    if node is None:
        yield BuildPlan(owner.path, f"{owner.name}()", "defaults", index.span(owner.path, owner.node))
    elif not _required(node[1]) and _says_sizes(node[1]):
        yield BuildPlan(owner.path, f"{owner.name}()", "defaults", index.span(node[0], node[1].lineno))


def _says_sizes(node: ast.FunctionDef) -> bool:
    """A constructor whose only defaults are `None` leaves its sizes to its callers."""
    defaults = [*node.args.defaults, *(default for default in node.args.kw_defaults if default is not None)]
    return not defaults or any(not (isinstance(d, ast.Constant) and d.value is None) for d in defaults)


def _from_configuration(index: SourceIndex, owner: Definition) -> Iterator[BuildPlan]:
    """`GPT(GPTConfig())` where the one required argument is a configuration that can be made from defaults."""
    found = constructor_of(index, owner)
    if found is None:
        return
    arguments = [a for a in (*found[1].args.posonlyargs, *found[1].args.args)][1:]
    required = _required(found[1])
    if len(required) > 1 or not arguments or (required and required[0] != arguments[0].arg):
        return
    for config in configuration_classes(index, owner, arguments[0]):
        if not _has_defaults(index, config):
            continue
        prefix = "" if index.symbols.resolve(owner.path, config.name) == config else import_of(config)
        expression = f"{prefix}{owner.name}({config.name}())"
        yield BuildPlan(owner.path, expression, "defaults", index.span(config.path, config.node))


def configuration_classes(index: SourceIndex, owner: Definition, argument: ast.arg) -> Iterator[Definition]:
    """Classes that the argument's annotation, a class attribute or the file itself offers as configuration."""
    names = [ast.unparse(argument.annotation).strip("'\"")] if argument.annotation else []
    assert isinstance(owner.node, ast.ClassDef)
    for statement in owner.node.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "config_class":
            names.append(ast.unparse(statement.value))
    for name in names:
        found = index.symbols.resolve(owner.path, name.split("|")[0].strip()) if name else None
        if isinstance(found, Definition) and isinstance(found.node, ast.ClassDef):
            yield found
    if argument.arg.lower().strip("_") in CONFIG_WORDS or argument.arg.lower().endswith(CONFIG_WORDS):
        yield from (d for d in _own_classes(index, owner.path) if _is_configuration(d))


def _own_classes(index: SourceIndex, path: str) -> list[Definition]:
    table = index.symbols.definitions.get(path, {})
    return [d for d in table.values() if isinstance(d.node, ast.ClassDef)]


def _is_configuration(definition: Definition) -> bool:
    words = ("config", "args", "arguments", "params", "dimensions", "hparams")
    return definition.name.lower().rstrip("s").endswith(tuple(word.rstrip("s") for word in words))


def _has_defaults(index: SourceIndex, definition: Definition) -> bool:
    """A class that is made from defaults alone: a dataclass or a constructor with a default for everything."""
    node = constructor_of(index, definition)
    if node is not None:
        return not _required(node[1])
    assert isinstance(definition.node, ast.ClassDef)
    fields = [s for s in definition.node.body if isinstance(s, ast.AnnAssign)]
    return bool(fields) and all(field.value is not None for field in fields)


def _from_documents(index: SourceIndex, owner: Definition) -> Iterator[BuildPlan]:
    """Examples that build the class in documents and in docstrings of its file, as the statements up to that line."""
    for example in examples_for(index, owner):
        body, call = _building_statements(example.tree, owner.name)
        if call is not None:
            first = example.first_line - 1
            where = index.span(example.path, first + call.lineno, first + (call.end_lineno or call.lineno))
            expression = "\n".join(ast.unparse(node) for node in body if not imports_name(node, owner.name))
            yield BuildPlan(owner.path, expression, "inference_script", where)


def examples_for(index: SourceIndex, owner: Definition) -> Iterator[PythonExample]:
    """Examples in which the class may be used: those of all documents, then those of its own file's docstrings."""
    for example in (*document_examples(index), *docstring_examples(index, owner.path)):
        if not _imports_another(index, example, owner):
            yield example


def _imports_another(index: SourceIndex, example: PythonExample, owner: Definition) -> bool:
    """The example takes a class of the same name from elsewhere."""
    dotted = imported_names(example.tree).get(owner.name)
    found = definition_named(index, example, dotted) if dotted is not None else None
    return found is not None and found != owner


@lru_cache(maxsize=4096)
def _called_in(tree: ast.Module) -> frozenset[str]:
    """Last parts of all that it calls."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return frozenset(ast.unparse(call.func).rpartition(".")[2] for call in calls)


def _building_statements(tree: ast.Module, class_name: str) -> tuple[list[ast.stmt], ast.Call | None]:
    """The statements that the first construction of the class needs, ending in the construction."""
    for position, statement in enumerate(tree.body if class_name in _called_in(tree) else ()):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == class_name:
                return [*needed_statements(tree.body[:position], node), ast.copy_location(ast.Expr(node), node)], node
    return [], None


def imports_name(node: ast.stmt, name: str) -> bool:
    """An import of the class itself: the expression is evaluated in the file that defines it."""
    return isinstance(node, ast.ImportFrom) and [alias.name for alias in node.names] == [name]


def _from_call_sites(index: SourceIndex, owner: Definition) -> Iterator[BuildPlan]:
    """Constructions elsewhere in the repository whose arguments are literals."""
    for path, node in _calls_by_name(index).get(owner.name, ()):
        if is_literal_call(node) and index.symbols.resolve(path, ast.unparse(node.func)) == owner:
            yield BuildPlan(path, ast.unparse(node), "training_script", index.span(path, node))


@lru_cache(maxsize=2)
def _calls_by_name(index: SourceIndex) -> Mapping[str, Sequence[tuple[str, ast.Call]]]:
    """All calls of the repository by the last part of what they call; read once for all of its classes."""
    found: dict[str, list[tuple[str, ast.Call]]] = {}
    for path, tree in index.trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                found.setdefault(name, []).append((path, node))
    return found


def is_literal_call(node: ast.Call) -> bool:
    """A call with arguments, all of them literals."""
    values = [*node.args, *(keyword.value for keyword in node.keywords)]
    return bool(values) and all(_is_literal(value) for value in values)


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return False
    return True


def constructor_of(index: SourceIndex, owner: Definition, depth: int = 0) -> tuple[str, ast.FunctionDef] | None:
    """Path and node of the `__init__` that a class has or inherits from a class of the repository."""
    own = index.symbols.definitions[owner.path].get(f"{owner.name}.__init__")
    if own is not None and isinstance(own.node, ast.FunctionDef):
        return own.path, own.node
    if depth > 10 or not isinstance(owner.node, ast.ClassDef):
        return None
    for base in owner.node.bases:
        found = index.symbols.resolve(owner.path, ast.unparse(base))
        if isinstance(found, Definition) and isinstance(found.node, ast.ClassDef) and found != owner:
            inherited = constructor_of(index, found, depth + 1)
            if inherited is not None:
                return inherited
    return None


def _required(node: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument, default in parameters_of(node) if default is None]


def import_of(config: Definition) -> str:
    """The import that a file needs which does not know the class."""
    module = config.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return f"from {module} import {config.name}\n"
