"""Equal spellings of an operation brought to one: `x * x` to a power, `a / sqrt(b)` to `a * rsqrt(b)`, `a - b`
to `a + (-b)`, sums and products flattened. Every rewriting here is an identity of real numbers.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace

from analyzer.techniques.terms import Term, constant, number, same

INVERSE = "inverse"
"""Payload of a factor whose source text is the divisor."""
SQUARED = "squared"
"""Payload of a factor that the code applies to both sides of a product."""


def canonical(term: Term) -> Term:
    """The term in its one spelling; its arguments are canonical already."""
    rewrite = _REWRITES.get(term.head)
    return rewrite(term) if rewrite else term


def _with(term: Term, head: str, *args: Term) -> Term:
    return Term(head, args, path=term.path, node=term.node, alias=term.alias, alias_path=term.alias_path)


def _square(term: Term) -> Term:
    return _with(term, "pow", term.args[0], constant(2))


def _pow(term: Term) -> Term:
    if len(term.args) != 2:
        return term
    exponent = number(term.args[1])
    if exponent == 0.5:
        return _with(term, "sqrt", term.args[0])
    if exponent == -0.5:
        return _with(term, "rsqrt", term.args[0])
    return _with(term, "pow", term.args[0], constant(2)) if exponent == 2 else term


def _flat(term: Term, head: str) -> list[Term]:
    """Operands of nested sums or products in order. A sum that the code gives a name stays one operand: it is
    the stream of a residual block.
    """
    opened = [arg.head == head and not arg.keywords and (head == "mul" or arg.alias is None) for arg in term.args]
    return [leaf for arg, open_ in zip(term.args, opened, strict=True) for leaf in (arg.args if open_ else (arg,))]


def _mul(term: Term) -> Term:
    parts = _flat(term, "mul")
    if len(parts) == 2 and same(parts[0], parts[1]):
        return _with(term, "pow", parts[0], constant(2))
    for gate, value in ((0, 1), (1, 0)) if len(parts) == 2 else ():
        if parts[gate].head == "sigmoid" and same(parts[gate].args[0], parts[value]):
            return _with(term, "silu", parts[value])
    if any(number(part) == -1 for part in parts) and len(parts) == 2:
        return _neg(_with(term, "neg", *[part for part in parts if number(part) != -1]))
    inverse = next((p for p in parts if p.head == "div" and number(p.args[0]) == 1), None)
    if inverse is not None:
        rest = [p for p in parts if p is not inverse]
        return _with(term, "div", rest[0] if len(rest) == 1 else _with(term, "mul", *rest), inverse.args[1])
    kept = [part for part in parts if number(part) != 1] or parts[:1]
    return _with(term, "mul", *kept) if len(kept) > 1 else kept[0]


def _add(term: Term) -> Term:
    alpha = term.keyword("alpha")
    if alpha is not None and len(term.args) == 2:
        term = _with(term, "add", term.args[0], _mul(_with(term, "mul", term.args[1], alpha)))
    return _with(term, "add", *_flat(term, "add"))


def _sub(term: Term) -> Term:
    if len(term.args) != 2:
        return term
    right = term.args[1]
    alpha = term.keyword("alpha")
    right = _mul(_with(right, "mul", right, alpha)) if alpha is not None else right
    negated = _neg(
        Term("neg", (right,), path=right.path, node=right.node, alias=right.alias, alias_path=right.alias_path)
    )
    return _add(_with(term, "add", term.args[0], negated))


def _neg(term: Term) -> Term:
    inner = term.args[0]
    if inner.head == "neg":
        return inner.args[0]
    value = number(inner)
    if value is not None:
        return constant(-inner.payload, term.path, term.node)  # type: ignore[operator]
    return term


def _div(term: Term) -> Term:
    if len(term.args) != 2:
        return term
    top, bottom = term.args
    if bottom.head == "sqrt":
        if number(top) == 1:
            return _with(term, "rsqrt", *bottom.args)
        root = Term(
            "rsqrt",
            bottom.args,
            path=bottom.path,
            node=bottom.node,
            alias=bottom.alias,
            alias_path=bottom.alias_path,
            payload=INVERSE,
        )
        return _mul(_with(term, "mul", top, root))
    if bottom.head == "pow" and bottom.args[1].head == "neg":
        return _mul(_with(term, "mul", top, _with(bottom, "pow", bottom.args[0], bottom.args[1].args[0])))
    return term


def _reciprocal(term: Term) -> Term:
    return _div(_with(term, "div", constant(1), *term.args))


def _transpose(term: Term) -> Term:
    dims = {number(term.keyword("dim0")), number(term.keyword("dim1"))}
    return _with(term, "mT", term.args[0]) if dims == {-1, -2} else term


def _permute(term: Term) -> Term:
    order = [number(arg) for arg in _spread(term.args[1:])] or [number(a) for a in _spread(_options(term))]
    if None in order or len(order) < 3:
        return term
    swapped = [*range(len(order) - 2), len(order) - 1, len(order) - 2]
    return _with(term, "mT", term.args[0]) if order == swapped else term


def _options(term: Term) -> tuple[Term, ...]:
    return tuple(value for _, value in term.keywords)


def _spread(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    return terms[0].args if len(terms) == 1 and terms[0].head == "tuple" else terms


def _einsum(term: Term) -> Term:
    """An equation of two operands that sums over one shared index is a matrix product."""
    equation, *operands = term.args
    text = equation.payload if isinstance(equation.payload, str) else next(
        (o.payload for o in reversed(operands) if isinstance(o.payload, str)), ""
    )  # fmt: skip
    tensors = [o for o in term.args if not isinstance(o.payload, str)]
    assert isinstance(text, str)
    if len(tensors) != 2 or "->" not in text:
        return replace(term, args=tuple(tensors), label=text)
    inputs, output = text.split("->")
    left, right = (set(_letters(side)) for side in [*inputs.split(","), ""][:2])
    summed = (left | right) - set(_letters(output))
    if not summed and left.isdisjoint(right):
        return _with(term, "outer", *tensors)
    head = "matmul" if len(summed) == 1 and summed <= (left & right) else "einsum"
    return Term(head, tuple(tensors), path=term.path, node=term.node, label=text)


def _letters(text: str) -> list[str]:
    words = text.replace("...", " ").split()
    return words if len(words) > 1 else list("".join(words))


def _minimum(term: Term) -> Term:
    """`x.min(dim)` reduces, `torch.min(a, b)` compares: without two tensors it is no minimum of two."""
    return term if len(term.args) == 2 and number(term.args[1]) is None else replace(term, head="reduce")


_REWRITES: dict[str, Callable[[Term], Term]] = {
    "square": _square, "pow": _pow, "mul": _mul, "add": _add, "sub": _sub, "neg": _neg, "div": _div,
    "reciprocal": _reciprocal, "transpose": _transpose, "permute": _permute, "einsum": _einsum,
    "minimum": _minimum, "maximum": _minimum,
}  # fmt: skip

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.MatMult: "matmul",
    ast.FloorDiv: "floordiv", ast.Mod: "mod", ast.BitAnd: "bitand", ast.BitOr: "bitor", ast.BitXor: "bitxor",
    ast.LShift: "lshift", ast.RShift: "rshift",
}  # fmt: skip
