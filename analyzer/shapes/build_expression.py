"""Is a `--build` expression one that its file could mean at all? Checked before anything is evaluated."""

from __future__ import annotations

import ast
import builtins

from analyzer.index import SourceIndex
from analyzer.records.errors import UserError


def check_build(index: SourceIndex, path: str, text: str) -> None:
    """UserError where `text` does not parse, ends in no expression, or names what `path` has not."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UserError("--build does not parse", text, str(getattr(error, "msg", error))) from error
    if not tree.body or not isinstance(tree.body[-1], ast.Expr):
        raise UserError("--build must end in an expression", text)
    missing = sorted(_free_names(tree) - _names_of(index, path))
    if missing and not _has_star_import(index, path):
        raise UserError(f"--build names {missing[0]!r}", text, f"{path} neither defines nor imports it")


def _free_names(tree: ast.Module) -> set[str]:
    """Names that the expression reads and does not bind itself."""
    nodes = list(ast.walk(tree))
    read = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return read - _bound_names(nodes) - set(dir(builtins))


def _names_of(index: SourceIndex, path: str) -> set[str]:
    tree = index.tree(path)
    if not isinstance(tree, ast.Module):
        return set()
    return _bound_names(list(ast.walk(tree))) | index.symbols.definitions.get(path, {}).keys()


def _bound_names(nodes: list[ast.AST]) -> set[str]:
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {n.name for n in nodes if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    imported = [alias for n in nodes if isinstance(n, (ast.Import, ast.ImportFrom)) for alias in n.names]
    return bound | {alias.asname or alias.name.split(".")[0] for alias in imported}


def _has_star_import(index: SourceIndex, path: str) -> bool:
    """What a foreign `import *` binds cannot be known: then nothing is refused."""
    tree = index.tree(path)
    nodes = ast.walk(tree) if isinstance(tree, ast.Module) else ()
    return any(alias.name == "*" for n in nodes if isinstance(n, ast.ImportFrom) for alias in n.names)
