"""What the names of a configuration mean to the code that receives them under other names.

`AudioEncoder(dims.n_audio_head)` hands `n_audio_head` to a parameter `n_head` that a width is divided by: so
`n_audio_head` divides too. Followed by the last part of names, over any number of calls.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from analyzer.evaluator.probes import DIVISIONS, Relations, find_relations, last_name, repeated_names


def find_all_relations(trees: Sequence[ast.AST], names: Iterable[str]) -> Relations:
    """What the source demands of `names` under their own names and under those that they are handed on by."""
    own, handed = find_relations(trees, names), handed_relations(trees, names)
    counts = own.counts | handed.counts
    return replace(own, divisors=(own.divisors | handed.divisors) - counts, counts=counts)


def handed_relations(trees: Sequence[ast.AST], names: Iterable[str]) -> Relations:
    """Which of `names` say how often something is repeated and which divide whole numbers, by what receives them."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    handed = _handed_on(nodes, sorted(set(names)))
    repeated, dividing = set(repeated_names(nodes)), set(_dividing(nodes))
    counts = frozenset(name for name, received in handed.items() if received & repeated)
    divisors = frozenset(name for name, received in handed.items() if received & dividing)
    return Relations(divisors - counts, counts)


def parameters_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    """Arguments of a method without `self`, each with its default."""
    positional = [*node.args.posonlyargs, *node.args.args]
    missing = len(positional) - len(node.args.defaults)
    yield from list(zip(positional, [*[None] * missing, *node.args.defaults], strict=True))[1:]
    yield from zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)


DIVIDING_LAYERS = {
    "MultiheadAttention": (1, "num_heads"),
    "TransformerEncoderLayer": (1, "nhead"),
    "TransformerDecoderLayer": (1, "nhead"),
    "GroupNorm": (0, "num_groups"),
}
"""Layers of torch that divide their width by an argument: its position and name."""


def _dividing(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names that the code divides by, itself or in a layer of torch."""
    for node in nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.FloorDiv, ast.Mod)):
            yield last_name(node.right)
        elif isinstance(node, ast.Call) and last_name(node.func) in DIVIDING_LAYERS:
            position, keyword = DIVIDING_LAYERS[last_name(node.func)]
            yield from map(last_name, node.args[position : position + 1])
            yield from (last_name(given.value) for given in node.keywords if given.arg == keyword)


def divided_names(trees: Sequence[ast.AST], names: Iterable[str]) -> frozenset[str]:
    """Which of `names` the code divides by something, under their own names or those that they are handed on by."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    divided = set(_divided(nodes))
    return frozenset(name for name, received in _handed_on(nodes, sorted(set(names))).items() if received & divided)


def _divided(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names that the code divides by other names, itself or in a layer of torch."""
    for node in nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, DIVISIONS) and last_name(node.right):
            yield from (last_name(part) for part in ast.walk(node.left) if isinstance(part, (ast.Name, ast.Attribute)))
        elif isinstance(node, ast.Call) and last_name(node.func) in DIVIDING_LAYERS:
            yield from (last_name(part) for part in (*node.args, *(given.value for given in node.keywords)))


def _handed_on(nodes: Sequence[ast.AST], names: Sequence[str]) -> Mapping[str, set[str]]:
    """For each name itself and the parameters of classes and functions that receive it."""
    receivers = _receivers(nodes)
    steps: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, ast.Call):
            for given, parameter in _bound(node, receivers):
                steps.setdefault(given, set()).add(parameter)
    return {name: _reachable(name, steps) for name in names}


def _receivers(nodes: Iterable[ast.AST]) -> dict[str, list[str]]:
    """Parameter names of functions, and of classes by their constructors."""
    found: dict[str, list[str]] = {}
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and part.name == "__init__":
                    found[node.name] = [argument.arg for argument, _ in parameters_of(part)]
        elif isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, [argument.arg for argument in node.args.args])
    return found


def _bound(call: ast.Call, receivers: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    parameters = receivers.get(last_name(call.func), [])
    for value, parameter in zip(call.args, parameters, strict=False):
        yield last_name(value), parameter
    for keyword in call.keywords:
        if keyword.arg:
            yield last_name(keyword.value), keyword.arg


def _reachable(name: str, steps: Mapping[str, set[str]]) -> set[str]:
    found, waiting = {name}, [name]
    while waiting:
        fresh = steps.get(waiting.pop(), set()) - found
        found |= fresh
        waiting += sorted(fresh)
    return found
