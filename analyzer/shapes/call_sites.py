"""What the repository hands to a model where it calls it: arguments that are drawn as integers are integers.

Looks at functions of files that import the model's file: a variable that is drawn there and given to a module, or
together with a module to something that calls it under the argument's own name. Nothing is run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.index import SourceIndex
from analyzer.records.source import Span

INTEGER_DRAWS = frozenset({"randint", "randint_like", "randperm", "multinomial", "argmax", "bincount"})
INTEGER_DTYPES = ("torch.long", "torch.int64", "th.long", "th.int64")
MODULE_METHODS = frozenset({"parameters", "train", "eval", "state_dict", "load_state_dict"})
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def integer_draw(index: SourceIndex, path: str, argument: str, position: int) -> Span | None:
    """Where a variable that becomes this argument of a model of the file is drawn as integers."""
    for file, tree in sorted(index.trees().items()):
        if file != path and not _imports_file(index, file, path):
            continue
        modules = set(_module_names(tree))
        for scope in (tree, *(node for node in ast.walk(tree) if isinstance(node, FunctionNode))):
            for name, node in _integer_draws(scope):
                if any(_gives(call, name, argument, position, modules) for call in _calls(scope)):
                    return index.span(file, node)
    return None


def _imports_file(index: SourceIndex, file: str, path: str) -> bool:
    definitions = index.symbols.definitions.get(path, {})
    tree = index.trees()[file]
    names = [a.asname or a.name for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) for a in n.names]
    resolved = (index.symbols.resolve(file, name) for name in names)
    own = set(definitions.values())
    return any(found in own for found in resolved) or any(
        _is_table(index, file, path, node) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    )


def _is_table(index: SourceIndex, file: str, path: str, node: ast.ImportFrom) -> bool:
    """`from models import DiT_models`: a name of the model's file that is no class or function."""
    stem = path.removesuffix(".py").replace("/", ".")
    return bool(node.module) and not node.level and (stem == node.module or stem.endswith(f".{node.module}"))


def _module_names(tree: ast.AST) -> Iterator[str]:
    """Variables on which methods are called that modules have."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in MODULE_METHODS and isinstance(node.value, ast.Name):
            yield node.value.id


def _integer_draws(scope: ast.AST) -> Iterator[tuple[str, ast.Assign]]:
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _is_integer(node.value):
            yield node.targets[0].id, node


def _is_integer(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute) and node.func.attr == "long":
        return True
    name = ast.unparse(node.func).rpartition(".")[2]
    dtypes = [ast.unparse(keyword.value) for keyword in node.keywords if keyword.arg == "dtype"]
    return (name in INTEGER_DRAWS and not dtypes) or any(dtype in INTEGER_DTYPES for dtype in dtypes)


def _calls(scope: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(scope) if isinstance(node, ast.Call))


def _gives(call: ast.Call, name: str, argument: str, position: int, modules: set[str]) -> bool:
    """Whether a call hands the variable to a module as that argument, or beside a module under the same name."""
    if isinstance(call.func, ast.Name) and call.func.id in modules:
        places: Sequence[ast.expr] = call.args[position : position + 1]
        keywords = [keyword.value for keyword in call.keywords if keyword.arg == argument]
        return any(isinstance(value, ast.Name) and value.id == name for value in (*places, *keywords))
    given = {value.id for value in (*call.args, *(k.value for k in call.keywords)) if isinstance(value, ast.Name)}
    return name == argument and name in given and bool(given & modules)
