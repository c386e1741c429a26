"""What one sample or batch consists of, as the code that builds it says: names, expressions, dtypes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from analyzer.facts.flow import Function, Instance
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.program import DATA_BASES, Program
from analyzer.facts.tensor_makers import default_dtype_of, shape_of
from analyzer.records.processes import DataItem, Stage
from analyzer.records.source import Span

MOVES = ("to", "cuda", "cpu", "pin_memory", "contiguous")
DTYPE = re.compile(
    r"(?:torch|np|numpy)\.((?:u?int|float|bfloat|complex)\d+|int|float|bool_?|long|half|double|short)\b|"
    r"\.(long|float|bool|int|half)\(\)"
)


def find_data(program: Program, stages: Sequence[tuple[Stage, Occurrence]]) -> tuple[DataItem, ...]:
    """Items that the samples or batches of a program consist of."""
    found: dict[tuple[str, object], DataItem] = {}
    names = _received(program, stages)
    for scope in builders(program, stages):
        items = list(_returned(program, scope))
        given = names.get(scope.key, ())
        if len(given) == len(items):
            items = [replace(i, name=n) if not i.name.isidentifier() else i for i, n in zip(items, given, strict=True)]
        for item in items:
            found.setdefault((item.name, item.where), replace(item, level=_level(program, scope)))
    return tuple(found.values())


def _level(program: Program, scope: CodeScope) -> Literal["", "sample", "batch"]:
    """A data set's `__getitem__` gives samples, a loader's `collate_fn` batches."""
    if scope.dotted.endswith(".__getitem__"):
        return "sample"
    return "batch" if any(scope is made for made in _collating(program)) else ""


def _collating(program: Program) -> Iterator[CodeScope]:
    """Functions that loaders and trainers are given to make a batch of samples."""
    inference = program.flow.inference
    for occurrence in program.occurrences:
        for keyword in occurrence.call.keywords if occurrence.call is not None else ():
            if keyword.arg in ("collate_fn", "data_collator"):
                for found in sorted(inference.types(keyword.value, occurrence.step.scope), key=repr):
                    function = inference.calls.called_function(found)
                    if function is not None and function.name in inference.scopes.by_key:
                        yield inference.scopes.by_key[function.name]


def _received(program: Program, stages: Sequence[tuple[Stage, Occurrence]]) -> dict[str, tuple[str, ...]]:
    """Names that a batch stage binds the parts of a function's result to: `x, y = batch()`."""
    found: dict[str, tuple[str, ...]] = {}
    for stage, occurrence in stages:
        statement = occurrence.step.statement
        if (
            stage.kind != "batch"
            or not isinstance(statement, ast.Assign)
            or statement.value is not occurrence.step.node
        ):
            continue
        target = statement.targets[0]
        parts = target.elts if isinstance(target, ast.Tuple) else [target]
        if all(isinstance(part, ast.Name) for part in parts):
            for scope in _builders_of(program, occurrence):
                found.setdefault(scope.key, tuple(ast.unparse(part) for part in parts))
    return found


def find_shift(program: Program, stages: Sequence[tuple[Stage, Occurrence]]) -> Span | None:
    """The statement of a sample's or batch's function that takes the targets one place after the inputs."""
    for scope in builders(program, stages):
        made = [(s, s.value) for s in scope.nodes if isinstance(s, (ast.Assign, ast.Return)) and s.value is not None]
        parts = [(s, part) for s, value in made for part in (value.elts if isinstance(value, ast.Tuple) else [value])]
        slices = [(s, part, n) for s, part in parts for n in ast.walk(part) if _is_slice(n)]
        for _, first, left in slices:
            for second, other, right in slices:
                if first is not other and _is_one_later(left, right):
                    return program.flow.index.span(scope.path, second)
    return None


def _is_slice(node: ast.AST) -> bool:
    return isinstance(node, ast.Subscript) and isinstance(_last_slice(node), ast.Slice)


def _last_slice(node: ast.Subscript) -> ast.expr:
    """The slice of the last dimension where the ones before are taken whole: `x[:, :-1]`."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else []
    is_whole = bool(parts) and all(isinstance(p, ast.Slice) and ast.unparse(p) == ":" for p in parts[:-1])
    return parts[-1] if is_whole else node.slice


def _is_one_later(left: ast.AST, right: ast.AST) -> bool:
    """`x[i:n]` and `x[i + 1:n + 1]`, or `x[:-1]` and `x[1:]`."""
    if not isinstance(left, ast.Subscript) or not isinstance(right, ast.Subscript):
        return False
    first, second = _last_slice(left), _last_slice(right)
    dimensions = [len(s.slice.elts) if isinstance(s.slice, ast.Tuple) else 1 for s in (left, right)]
    if ast.unparse(left.value) != ast.unparse(right.value) or dimensions[0] != dimensions[1]:
        return False
    if not isinstance(first, ast.Slice) or not isinstance(second, ast.Slice) or second.lower is None:
        return False
    if ast.unparse(first) == ":-1" and ast.unparse(second) == "1:":
        return True
    return first.lower is not None and ast.unparse(second.lower) == f"{ast.unparse(first.lower)} + 1"


def builders(program: Program, stages: Sequence[tuple[Stage, Occurrence]]) -> Iterator[CodeScope]:
    """Functions that make samples: `__getitem__` of own data sets, functions that return batches."""
    seen: set[str] = set()
    for stage, occurrence in stages:
        if stage.kind not in ("data", "batch"):
            continue
        for scope in _builders_of(program, occurrence):
            if scope.key not in seen:
                seen.add(scope.key)
                yield scope
    for scope in _collating(program):
        if scope.key not in seen:
            seen.add(scope.key)
            yield scope


def _builders_of(program: Program, occurrence: Occurrence) -> Iterator[CodeScope]:
    inference = program.flow.inference
    for target in occurrence.step.targets:
        owner = getattr(target.type, "owner", None)
        if owner is not None and program.is_own_class(Instance(owner), DATA_BASES):
            definition = program.flow.index.symbols.definition(owner)
            method = inference.hierarchy.method(definition, "__getitem__") if definition else None
            if method is not None:
                yield inference.scopes.by_key[method.qualified_name]
        elif isinstance(target.type, Function) and target.body is not None:
            yield target.body.scope


def _returned(program: Program, scope: CodeScope) -> Iterator[DataItem]:
    returns = [n.value for n in scope.nodes if isinstance(n, ast.Return) and n.value is not None]
    for value in returns[-1:]:
        value = _dictionary(value, scope)  # noqa: PLW2901
        if isinstance(value, ast.Dict):
            pairs = zip(value.keys, value.values, strict=True)
            named = [(k.value, v) for k, v in pairs if isinstance(k, ast.Constant) and isinstance(k.value, str)]
        else:
            parts = value.elts if isinstance(value, ast.Tuple) else [value]
            named = [(ast.unparse(part), part) for part in parts]
        for name, part in named:
            yield _item(program, scope, name, part)


def _dictionary(node: ast.expr, scope: CodeScope) -> ast.expr:
    """A dictionary behind its name, and `{key: f(value) for key, value in items.items()}` entry by entry."""
    if isinstance(node, ast.Name):
        bound = _made_by(node, scope)
        return bound if isinstance(bound, (ast.Dict, ast.DictComp)) and not _is_extended(node.id, scope) else node
    if not isinstance(node, ast.DictComp) or len(node.generators) != 1 or node.generators[0].ifs:
        return node
    target, source = node.generators[0].target, node.generators[0].iter
    names = [part.id for part in target.elts if isinstance(part, ast.Name)] if isinstance(target, ast.Tuple) else []
    is_items = isinstance(source, ast.Call) and isinstance(source.func, ast.Attribute) and source.func.attr == "items"
    base = source.func.value if isinstance(source, ast.Call) and isinstance(source.func, ast.Attribute) else None
    given = _made_by(base, scope) if isinstance(base, ast.Name) and not _is_extended(base.id, scope) else base
    keeps_keys = isinstance(node.key, ast.Name) and names[:1] == [node.key.id]
    if not is_items or not isinstance(given, ast.Dict) or len(names) != 2 or not keeps_keys:
        return node
    filled = [_with_value(node.value, names[1], value) for value in given.values]
    return ast.copy_location(ast.Dict(list(given.keys), filled), node)


def _is_extended(name: str, scope: CodeScope) -> bool:
    """Items are stored into it, or a method changes it."""
    for node in scope.nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == name:
            return True
        is_change = isinstance(node, ast.Attribute) and node.attr in ("update", "pop", "setdefault", "clear")
        if isinstance(node, ast.Attribute) and is_change and ast.unparse(node.value) == name:
            return True
    return False


def _with_value(node: ast.expr, name: str, value: ast.expr) -> ast.expr:
    """The expression with another one in place of a name; it stands where that one does."""

    class Filled(ast.NodeTransformer):
        def visit_Name(self, inner: ast.Name) -> ast.expr:
            return value if inner.id == name else inner

    made = Filled().visit(ast.parse(ast.unparse(node), mode="eval").body)
    for part in ast.walk(made):
        ast.copy_location(part, value)
    found: ast.expr = made
    return found


def _item(program: Program, scope: CodeScope, name: str, node: ast.expr) -> DataItem:
    made = _made_by(node, scope)
    index = program.flow.index
    expression = index.segment(scope.path, made)  # as written, where a comprehension puts more around it
    dtype = _dtype(made, scope, 0) or default_dtype_of(index, scope.path, made)
    return DataItem(name, expression, shape_of(index, scope.path, made), dtype, index.span(scope.path, made))


def _made_by(node: ast.expr, scope: CodeScope) -> ast.expr:
    """The expression that a returned name was first given; moving it to a device or copying it says nothing."""
    if not isinstance(node, ast.Name):
        return node
    bound = [
        value
        for statement in scope.nodes
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        for part, value in _pairs(target, statement.value)
        if isinstance(part, ast.Name) and part.id == node.id
    ]
    own = [value for value in bound if not _is_move(value, node.id)]
    return own[-1] if own else node


def _is_move(value: ast.expr, name: str) -> bool:
    """`x.to(device)`, `x.pin_memory().cuda()`: the same value elsewhere."""
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in MOVES:
        value = value.func.value
        if isinstance(value, ast.Name) and value.id == name:
            return True
    return False


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        return list(zip(target.elts, value.elts, strict=True))
    return [(target, value)]


def _dtype(node: ast.expr, scope: CodeScope, depth: int) -> str | None:
    match = DTYPE.search(ast.unparse(node))
    if match is not None:
        return match.group(1) or match.group(2)
    copied = (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("clone", "to", "copy")
    )
    if copied and depth < 3 and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _dtype(_made_by(node.func.value, scope), scope, depth + 1)
    return None
