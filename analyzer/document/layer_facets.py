"""Which layers and activation functions a model consists of, counted and located; no shape and no cost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from analyzer.document.context import Context, walk
from analyzer.document.inline import NOTHING, join
from analyzer.records.document import Code, Line, Plain
from analyzer.records.source import Span
from analyzer.records.tensors import ModuleNode

CONTAINERS = {"ModuleList", "Sequential", "ModuleDict"}
WEIGHTED = re.compile(
    r"(?:Lazy)?(?:Conv(?:Transpose)?[123]d|Linear|Bilinear|Embedding(?:Bag)?|LSTM|GRU|RNN|MultiheadAttention)$"
)
FUNCTIONS = {
    "relu": "ReLU", "relu_": "ReLU", "relu6": "ReLU6", "leaky_relu": "LeakyReLU", "prelu": "PReLU", "elu": "ELU",
    "selu": "SELU", "celu": "CELU", "gelu": "GELU", "silu": "SiLU", "mish": "Mish", "softplus": "Softplus",
    "hardswish": "Hardswish", "hardtanh": "Hardtanh", "glu": "GLU", "tanh": "Tanh", "sigmoid": "Sigmoid",
}  # fmt: skip
CALL = re.compile(rf"\b(?:F|functional|torch)\.({'|'.join(sorted(FUNCTIONS, key=len, reverse=True))})\(")
WRITTEN = (
    (re.compile(r"\berf\("), "GELU"), (re.compile(r"\b0?\.044715\b"), "GELU (tanh)"),
    (re.compile(r"sigmoid\(\s*1\.702\s*\*"), "QuickGELU"),
    (re.compile(r"\b(\w+)\s*\*\s*(?:\w+\.)*(?:sigmoid\(\s*\1\s*\)|\1\.sigmoid\()"), "SiLU"),
    (re.compile(r"sigmoid\(\s*(\w+)\s*\)\s*\*\s*\1\b(?!\s*[\[(.])"), "SiLU"),
    (re.compile(r"\b(\w+)\s*\*\s*(?:\w+\.)*tanh\(\s*(?:\w+\.)*softplus\(\s*\1\s*\)"), "Mish"),
)  # fmt: skip
"""Activations that code writes out, by a function or a constant that no other one has, or by what is multiplied."""
MOST_PLACES = 3


def layers(context: Context) -> Line:
    """`49 × Conv2d, 1 × Linear`: the library's layers with weights, each module once."""
    modules = context.model.modules if context.model else ()
    if context.examples:
        return NOTHING
    found = Counter(item.class_name for item in modules if item.own_parameters and WEIGHTED.match(item.class_name))
    ranked = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    return join([(Plain(f"{count:,} × "), Code(name)) for name, count in ranked]) if ranked else NOTHING


def activations(context: Context) -> tuple[Line, tuple[Span, ...]]:
    """Activation functions that ran, as modules or as calls of torch, with their lines. What a class of the repository
    computes is told by its lines, whatever its name.
    """
    places: dict[str, list[Span]] = {}
    for item in context.records.values():
        if item.calls and item.class_name in FUNCTIONS.values() and context.class_at(item.defined_at) is None:
            places.setdefault(item.class_name, []).extend([item.created_at] if item.created_at else [])
    for row in context.trace.rows if context.trace else ():
        written = [name for pattern, name in WRITTEN if pattern.search(row.code)]
        for name in written or [FUNCTIONS[found] for found in CALL.findall(row.code)]:
            places.setdefault(name, []).append(row.where)
    spans = tuple(span for found in places.values() for span in dict.fromkeys(found[:MOST_PLACES]))
    return join([(Code(name),) for name in sorted(places)]) if places else NOTHING, spans


def block_name(context: Context, node: ModuleNode) -> Line:
    """The class of a repeated node; a container of the library is told by what it holds."""
    if node.class_name not in CONTAINERS:
        return (Code(node.class_name),)
    held = list(dict.fromkeys(_held(context, node)))
    return (
        (Plain("("), *join([(Code(name),) for name in held[:3]], " + "), Plain(")"))
        if held
        else (Code(node.class_name),)
    )


def _held(context: Context, node: ModuleNode) -> Iterable[str]:
    """The repository's own classes in a container, from the top down; else whatever stands in it."""
    own = [item.class_name for child in node.children for item in walk(child) if context.class_at(item.defined_at)]
    outermost = [child.class_name for child in node.children if context.class_at(child.defined_at)]
    return outermost or own or [child.class_name for child in node.children]
