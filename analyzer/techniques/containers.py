"""What an attribute, element or child of a container of modules stands for: `self.mlp.act`, `self.blocks[0]`,
`for block in self.blocks`.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from analyzer.techniques.terms import Term, choice, constant

CONTAINERS = frozenset(
    {"torch.nn.ModuleList", "torch.nn.Sequential", "builtins.list", "builtins.tuple", "list", "tuple"}
)
MOST_TURNS = 8
"""Longer loops are read once for all their turns."""
DICTS = frozenset({"torch.nn.ModuleDict", "builtins.dict", "collections.OrderedDict"})


def held(term: Term) -> Term:
    """The constructor or value that a name stands for."""
    return term.definition if term.definition is not None else term


def children(term: Term) -> list[Term]:
    """The elements of a list-like term in order; a comprehension counts as one, an unknown part as none."""
    inner = held(term)
    if inner.head == "tuple":
        return [child for arg in inner.args for child in (children(arg.args[0]) if arg.head == "star" else [arg])]
    if inner.head == "each":
        return [inner.args[0]]
    if inner.head == "choice":
        return max((children(arg) for arg in inner.args), key=len)
    if inner.head == "call" and inner.label in CONTAINERS | DICTS:
        if inner.label in DICTS or any(_is_named(child) for arg in inner.args for child in children(arg)):
            return [value for _, value in entries(inner)]
        parts = [a for arg in inner.args for a in ([arg.args[0]] if arg.head == "star" else [arg])]
        listed = [child for part in parts for child in (children(part) or [])]
        return listed if any(held(p).head in ("tuple", "each", "choice") for p in parts) else parts
    return []


def _is_named(term: Term) -> bool:
    return term.head == "tuple" and len(term.args) == 2 and isinstance(term.args[0].payload, str)


def is_complete(term: Term) -> bool:
    """Whether every element of a list-like term is known, so that a Sequential of it can be followed."""
    inner = held(term)
    if inner.head in ("tuple", "dict"):
        parts = (*inner.args, *(value for _, value in inner.keywords))
        return all(is_complete(arg.args[0]) if arg.head == "star" else True for arg in parts)
    if inner.head == "call" and inner.label in CONTAINERS | DICTS:
        stars = [arg.args[0] for arg in inner.args if arg.head == "star"]
        return all(held(star).head == "tuple" and is_complete(star) for star in stars)
    return False


def entries(term: Term) -> list[tuple[str, Term]]:
    """Named children of a dictionary of modules."""
    inner = held(term)
    if inner.head == "dict":
        return list(inner.keywords)
    if inner.head == "call":
        own = list(inner.keywords)
        return own + [entry for arg in inner.args for entry in entries(arg)]
    pairs = [child for child in children(inner) if _is_named(child)]
    return [(str(pair.args[0].payload), pair.args[1]) for pair in pairs]


def member(base: Term, name: str) -> Term | None:
    """The child called `name` of a dictionary of modules."""
    if base.definition is None and base.head != "call":
        return None
    found = dict(entries(base)).get(name)
    return held(found) if found is not None else None


def element(base: Term, place: Term, node: ast.AST, path: str) -> Term:
    """`base[place]`, with the child it stands for where the base is a known container."""
    known: Term | None = None
    if isinstance(place.payload, str):
        known = member(base, place.payload)
        if known is None and held(base).head == "dict":
            known = dict(held(base).keywords).get(place.payload)
    elif isinstance(place.payload, int) and base.head == "tuple" and -len(base.args) <= place.payload < len(base.args):
        return base.args[place.payload]
    elif isinstance(place.payload, int) and (listed := children(base)):
        known = held(listed[place.payload]) if -len(listed) <= place.payload < len(listed) else None
    elif held(base).head == "call" and place.head not in ("slice", "tuple"):
        known = _either(children(base), path, node)
    elif held(base).head == "call" and place.head == "slice" and held(base).label in CONTAINERS:
        known = held(base)
    return Term("index", (base, place), path=path, node=node, definition=known)


def any_element(source: Term, node: ast.AST, path: str) -> Term:
    """What a loop over `source` gives its variable."""
    inner = held(source)
    if source.head == "call" and source.label == "builtins.enumerate" and source.args:
        return Term(
            "tuple", (_index(source, node, path), any_element(source.args[0], node, path)), path=path, node=node
        )
    if source.head == "call" and source.label == "builtins.zip":
        parts = tuple(any_element(arg, node, path) for arg in source.args)
        return Term("tuple", parts, path=path, node=node)
    if source.head == "call" and source.label in ("builtins.range", "tqdm.tqdm", "builtins.reversed"):
        return _index(source, node, path)
    listed = children(inner)
    known = _either(listed, path, node) if listed else None
    if known is not None and known.head == "tuple" and inner.head != "call":
        return known
    return Term("element", (source,), path=path, node=node, definition=known)


def turns_of(source: Term, node: ast.AST, path: str) -> list[Term]:
    """What a loop over a tuple that is written out, or over one zipped with others, gives in each turn; none where
    their number is not written out.
    """
    if source.head == "tuple" and _known_length(source) == len(source.args) <= MOST_TURNS:
        return list(source.args)
    if source.head != "call" or source.label != "builtins.zip":
        return []
    written = [turns for arg in source.args if (turns := turns_of(arg, node, path))]
    numbers = [constant(number) for number in range(min(map(len, written)))] if written else []
    return [
        Term("tuple", tuple(element(arg, number, node, path) for arg in source.args), path=path, node=node)
        for number in numbers
    ]


def _index(source: Term, node: ast.AST, path: str) -> Term:
    return Term("loop_index", source.args, label=source.label, path=path, node=node)


def _either(terms: list[Term], path: str, node: ast.AST) -> Term | None:
    return choice([held(term) for term in terms], path, node) if terms else None


def item(value: Term, position: int, node: ast.AST, path: str) -> Term:
    """What unpacking gives the name at `position`."""
    if value.head == "tuple" and 0 <= position < _known_length(value):
        return value.args[position]
    if value.head == "call" and value.label in CONTAINERS and 0 <= position < len(listed := children(value)):
        return listed[position]
    if value.head == "choice":
        return choice([item(one, position, node, path) for one in value.args], path, node)
    definition = value.definition
    inner = item(definition, position, node, path) if definition is not None else None
    held = inner if inner is not None and inner.head != "item" else None
    return Term("item", (replace(value, definition=None),), label=str(position), path=path, node=node, definition=held)


def _known_length(sequence: Term) -> int:
    """How many elements of a tuple stand before the first starred one."""
    return next((i for i, arg in enumerate(sequence.args) if arg.head == "star"), len(sequence.args))
