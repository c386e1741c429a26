"""Shape and dtype of tensors that torch makes from sizes: `torch.zeros(n, 8, dtype=torch.long)`, as the code says."""

from __future__ import annotations

import ast

from analyzer.index import SourceIndex

OF_SIZES = frozenset(f"torch.{name}" for name in ("zeros", "ones", "rand", "randn", "empty"))
SIZE_PLACE = {"torch.full": 0}
FLOATS = frozenset({"torch.zeros", "torch.ones", "torch.rand", "torch.randn", "torch.empty"})
"""Without a dtype they have torch's default, which is float32 unless a program changes it."""


def made_by(index: SourceIndex, path: str, node: ast.expr) -> str:
    """Dotted name of the foreign function that an expression calls, empty for all others."""
    return (index.symbols.external_name(path, node.func) if isinstance(node, ast.Call) else None) or ""


def shape_of(index: SourceIndex, path: str, node: ast.expr) -> str | None:
    """The sizes as written, in brackets; None where the call does not give them."""
    maker = made_by(index, path, node)
    if not isinstance(node, ast.Call) or any(isinstance(a, ast.Starred) for a in node.args):
        return None
    sizes = _sizes(maker, node)
    if sizes is None or not sizes:
        return None
    texts = [ast.unparse(size) for size in sizes]
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"


def default_dtype_of(index: SourceIndex, path: str, node: ast.expr) -> str | None:
    """The default type of numbers of a maker that is given none."""
    if not isinstance(node, ast.Call) or any(k.arg == "dtype" for k in node.keywords):
        return None
    maker = made_by(index, path, node)
    if maker in FLOATS:
        return "float32"
    return "int64" if maker == "torch.randint" else None


def _sizes(maker: str, node: ast.Call) -> list[ast.expr] | None:
    if maker in OF_SIZES:
        only = node.args[0] if len(node.args) == 1 else None
        return list(only.elts) if isinstance(only, (ast.Tuple, ast.List)) else _numbers(node.args)
    place = len(node.args) - 1 if maker == "torch.randint" else SIZE_PLACE.get(maker)
    size = next((k.value for k in node.keywords if k.arg == "size"), None)
    if size is None and place is not None and 0 <= place < len(node.args):
        size = node.args[place]
    return list(size.elts) if isinstance(size, (ast.Tuple, ast.List)) and place is not None else None


def _numbers(nodes: list[ast.expr]) -> list[ast.expr] | None:
    """One name alone may be a whole shape."""
    return None if len(nodes) == 1 and not isinstance(nodes[0], ast.Constant) else nodes
