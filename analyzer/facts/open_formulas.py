"""What is left of an expression when all is known of it but what the machine says: `256 // world_size`.

It fills in values and says nothing of its own about the open name.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from analyzer.facts.literal import is_plain

MACHINE, FORMULA = "depends_on_machine", "machine_formula"
LONGEST = 120
ARITHMETIC = (ast.BinOp, ast.UnaryOp, ast.Call)
PLAIN_CALLS = frozenset({"int", "round", "float", "max", "min", "abs", "len"})


@dataclass(frozen=True)
class OpenPart:
    """A name or call of which only the machine knows the value; `formula` where it is itself an expression."""

    call: str
    formula: str = ""


def open_part(reason: str, arguments: tuple[tuple[str, str], ...]) -> OpenPart | None:
    """The part that the machine leaves open, if that is the reason of an unknown value."""
    given = dict(arguments)
    return OpenPart(given.get("call", ""), given.get("formula", "")) if reason in (MACHINE, FORMULA) else None


def open_reason(
    node: ast.expr, known: Mapping[str, object], parts: Mapping[str, OpenPart], call: str
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Reason with arguments of an expression with open parts: its formula where that says more than the call does."""
    if isinstance(node, (ast.Name, ast.Attribute)):
        part = parts.get(ast.unparse(node), OpenPart(call))
        found = part.formula
    else:
        found = _formula(node, known, parts)
    told = (("call", call),)
    return (FORMULA, (*told, ("formula", found))) if found and len(found) <= LONGEST else (MACHINE, told)


def _formula(node: ast.expr, known: Mapping[str, object], parts: Mapping[str, OpenPart]) -> str:
    """The arithmetic with its known values; empty where it is none, or where nothing in it is known."""
    is_sum = any(isinstance(inner, ast.BinOp) for inner in ast.walk(node))
    named = {name: value for name, value in known.items() if is_plain(value) and isinstance(value, (int, float))}
    has_number = bool(named) or any(isinstance(n, ast.Constant) and type(n.value) is int for n in ast.walk(node))
    if not is_sum or not has_number or not _is_arithmetic(node):
        return ""
    texts = {name: repr(value) for name, value in named.items()}
    texts |= {name: f"({part.formula})" for name, part in parts.items() if part.formula}
    return ast.unparse(_Filled(texts).visit(ast.parse(ast.unparse(node), mode="eval").body))


def _is_arithmetic(node: ast.expr) -> bool:
    """Sums, products and calls around them; no comparison, choice or text."""
    if isinstance(node, ast.BinOp):
        return _is_arithmetic(node.left) and _is_arithmetic(node.right)
    if isinstance(node, ast.UnaryOp):
        return _is_arithmetic(node.operand)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PLAIN_CALLS:
        return all(map(_is_arithmetic, node.args))
    is_number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    return is_number or isinstance(node, (ast.Name, ast.Attribute)) or (isinstance(node, ast.Call) and not node.args)


class _Filled(ast.NodeTransformer):
    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (ast.Name, ast.Attribute)) and ast.unparse(node) in self._texts:
            return ast.parse(self._texts[ast.unparse(node)], mode="eval").body
        found: ast.AST = super().visit(node)
        return found
