"""Terms: the normal form in which source expressions are compared.

One head per operation however it is spelled (`x.pow(2)`, `x ** 2`, `torch.pow(x, 2)`), casts dropped, locals
replaced by what they were assigned. A term remembers the syntax it came from; what it means is not its matter.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

SHAPE_HEADS = frozenset({
    "view", "reshape", "flatten", "unflatten", "transpose", "permute", "unsqueeze", "squeeze", "expand", "repeat",
    "rearrange", "expand_as", "movedim", "einops_repeat",
})  # fmt: skip


NAMES = frozenset({"attr", "name", "item", "index", "element", "param"})
LABELLED = NAMES | {
    "method", "call", "external", "own", "compare", "invoke", "other", "const", "lambda", "loop_index", "einsum",
}  # fmt: skip
"""Heads whose label tells terms apart; that of an operation only says how it was spelled."""


@dataclass(frozen=True, eq=False)
class Term:
    """An operation on terms, or a leaf (`name`, `param`, `const`, `external`, `own`, `attr`).

    `definition` is the term that a name or attribute stands for (the constructor of a sub-module); `payload` the
    value of a constant or the closure of a lambda; `alias` the name under which the code at hand uses the term.
    """

    head: str
    args: tuple[Term, ...] = ()
    keywords: tuple[tuple[str, Term], ...] = ()
    label: str = ""
    path: str = ""
    node: ast.AST | None = field(default=None, repr=False)
    alias: ast.AST | None = field(default=None, repr=False)
    alias_path: str = field(default="", repr=False)
    definition: Term | None = field(default=None, repr=False)
    payload: object = field(default=None, repr=False)
    digest: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        label = self.label if self.head in LABELLED else ""
        parts = (self.head, label, self._layer(), tuple(a.digest for a in self.args))
        object.__setattr__(self, "digest", hash((*parts, *((k, v.digest) for k, v in self.keywords))))

    def _layer(self) -> tuple[str, int, int]:
        """Where the layer that this term applies is made: two layers of the same sizes are not the same map."""
        made = self.definition
        if made is None or self.head in NAMES or made.node is None:
            return ("", 0, 0)
        return (made.path, getattr(made.node, "lineno", 0), getattr(made.node, "col_offset", 0))

    def keyword(self, name: str) -> Term | None:
        """The option called `name`, None where the code leaves it out."""
        return dict(self.keywords).get(name)

    def named(self, alias: ast.AST, path: str) -> Term:
        """The same term under the name that the code at `alias` uses for it."""
        return replace(self, alias=alias, alias_path=path)

    def children(self) -> tuple[Term, ...]:
        return (*self.args, *(value for _, value in self.keywords))


def same(one: Term, other: Term) -> bool:
    """Equal in structure, wherever they stand."""
    return one.digest == other.digest


def constant(value: object, path: str = "", node: ast.AST | None = None) -> Term:
    return Term("const", label=repr(value), payload=value, path=path, node=node)


def number(term: Term | None) -> float | None:
    """The number that a term is, None where it is no literal number."""
    if term is None or term.head != "const" or isinstance(term.payload, bool):
        return None
    return float(term.payload) if isinstance(term.payload, (int, float)) else None


def walk(*roots: Term) -> Iterator[Term]:
    """Every term below the roots, each shared one once, outermost first."""
    seen: set[int] = set()
    stack = list(reversed(roots))
    while stack:
        term = stack.pop()
        if id(term) not in seen:
            seen.add(id(term))
            yield term
            stack.extend(reversed(term.children()))


def alternatives(term: Term) -> Iterator[Term]:
    """The term, or for a value that depends on a branch each of its possibilities."""
    if term.head == "choice":
        for arg in term.args:
            yield from alternatives(arg)
    else:
        yield term


def choice(terms: list[Term], path: str, node: ast.AST | None) -> Term:
    """One of several values, by branch; equal ones once."""
    distinct: dict[int, Term] = {}
    for term in terms:
        for one in alternatives(term):
            distinct.setdefault(one.digest, one)
    found = tuple(distinct.values())
    return found[0] if len(found) == 1 else Term("choice", found[:12], path=path, node=node)


def contains(term: Term, part: Term) -> bool:
    """Whether `part` occurs in `term` as a value; mere use of its shape, device or type does not count."""
    seen: set[int] = set()
    stack = [term]
    while stack:
        here = stack.pop()
        if same(here, part):
            return True
        if id(here) not in seen and not is_shape_only(here):
            seen.add(id(here))
            stack.extend(here.children())
    return False


def is_shape_only(term: Term) -> bool:
    """Reads only the shape, device or dtype of a tensor, not its values."""
    if term.head == "method":
        return term.label in ("new_full", "new_zeros", "new_ones", "new_empty", "new_tensor")
    return term.head in ("size", "len", "full_like", "zeros", "ones") or (
        term.head == "attr" and term.label in ("shape", "device", "dtype", "ndim", "is_cuda")
    )
