"""Reads of environment variables as a run with an empty environment sees them: their defaults, or nothing."""

from __future__ import annotations

import ast

from analyzer.index import SourceIndex

READERS = ("os.environ.get", "os.getenv")


def without_environment(index: SourceIndex, path: str, node: ast.expr) -> ast.expr:
    """The expression with its environment variables unset; the very same node where it reads none."""
    if not any(_reads(index, path, inner) for inner in ast.walk(node)):
        return node
    changed = _Unset(index, path).visit(ast.parse(ast.unparse(node), mode="eval").body)
    return ast.fix_missing_locations(changed) if isinstance(changed, ast.expr) else node


class _Unset(ast.NodeTransformer):
    def __init__(self, index: SourceIndex, path: str) -> None:
        self._index = index
        self._path = path

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if _is(self._index, self._path, node.func, READERS):
            defaults = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "default")]
            return defaults[0] if defaults else ast.Constant(None)
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        if isinstance(node.ops[0], (ast.In, ast.NotIn)) and _is(
            self._index, self._path, node.comparators[0], ("os.environ",)
        ):
            return ast.Constant(isinstance(node.ops[0], ast.NotIn))
        return self.generic_visit(node)


def _reads(index: SourceIndex, path: str, node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return _is(index, path, node.func, READERS)
    return isinstance(node, ast.Compare) and _is(index, path, node.comparators[0], ("os.environ",))


def _is(index: SourceIndex, path: str, node: ast.expr, names: tuple[str, ...]) -> bool:
    return index.symbols.external_name(path, node) in names
