"""Calls to terms: library functions and tensor methods by the vocabulary, modules by their class, the
repository's own functions by opening them.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from analyzer.index.symbols import dotted_name
from analyzer.techniques.algebra import canonical
from analyzer.techniques.containers import children, entries, held, is_complete, item, member
from analyzer.techniques.frame import Frame
from analyzer.techniques.protocols import Arguments, Reads
from analyzer.techniques.terms import Term, choice
from analyzer.techniques.vocabulary import (
    CASTS,
    CONSTRUCTORS,
    FUNCTIONS,
    METHODS,
    MODULES,
    Operation,
)

BUILTINS = frozenset({
    "abs", "dict", "enumerate", "float", "int", "len", "list", "map", "max", "min", "open", "print", "range",
    "reversed", "round", "set", "sorted", "sum", "super", "tuple", "zip", "getattr", "setattr", "hasattr", "isinstance",
})  # fmt: skip
_MOVED = (
    ("torch.nn.modules.", "torch.nn."), ("torch.functional.", "torch."), ("torch.optim.adamw.", "torch.optim."),
    ("torch.nn.parallel.distributed.", "torch.nn.parallel."), ("torch.utils.data.dataloader.", "torch.utils.data."),
    ("apex.normalization.fused_layer_norm.", "apex.normalization."),
)  # fmt: skip
_TRANSPARENT = frozenset(
    {"builtins.float", "builtins.int", "torch.as_tensor", "torch.from_numpy", "builtins.list", "builtins.tuple"}
)


def public_name(dotted: str) -> str:
    """The usual address of a name that a library also exports deeper down."""
    for old, new in _MOVED:
        if dotted.startswith(old):
            tail = dotted[len(old) :].split(".")
            return new + tail[-1]
    return dotted


def read_arguments(reader: Reads, nodes: Sequence[ast.expr], frame: Frame) -> tuple[Term, ...]:
    """Positional arguments; a starred tuple that is known is spread."""
    found: list[Term] = []
    for node in nodes:
        term = reader.read(node, frame)
        spread = term.head == "star" and term.args[0].head == "tuple"
        found.extend(term.args[0].args if spread else (term,))
    return tuple(found)


def read_call(reader: Reads, node: ast.Call, frame: Frame) -> Term:
    """Term of a call."""
    args = read_arguments(reader, node.args, frame)
    keywords = tuple((k.arg or "**", reader.read(k.value, frame)) for k in node.keywords)
    if isinstance(node.func, ast.Attribute) and _is_method(reader, node.func, frame):
        return _method(reader, node, node.func, (args, keywords), frame)
    callee = reader.read(node.func, frame)
    return call(reader, callee, (args, keywords), node, frame)


def _is_method(reader: Reads, func: ast.Attribute, frame: Frame) -> bool:
    """Whether `a.b(...)` calls a method of a value and not a function of a module."""
    dotted = dotted_name(func)
    if dotted is None or dotted.split(".")[0] in frame.names:
        return True
    return reader.program.index.symbols.resolve(frame.path, dotted, frame.scope) is None


def call(reader: Reads, callee: Term, arguments: Arguments, node: ast.AST, frame: Frame) -> Term:
    """Calling the value `callee`."""
    if callee.head == "choice":
        options = [one for one in callee.args if one.head != "const"] or list(callee.args)
        return choice([call(reader, one, arguments, node, frame) for one in options], frame.path, node)
    if callee.head == "external":
        return external_call(reader, callee.label, arguments, node, frame)
    if callee.head == "own":
        return _own_call(reader, callee.label, arguments, node, frame)
    if callee.head == "lambda":
        return reader.program.apply_lambda(callee, arguments[0], frame)
    target = held(callee)
    if target is not callee and target.head in ("external", "own", "lambda", "choice"):
        return call(reader, target, arguments, node, frame)
    if target.head == "call":
        return invoke(reader, target, arguments, node, frame)
    return Term("apply", (callee, *arguments[0]), arguments[1], path=frame.path, node=node)


def external_call(reader: Reads, dotted: str, arguments: Arguments, node: ast.AST, frame: Frame) -> Term:
    """Calling a library's function or class by its name."""
    args, keywords = arguments
    if dotted in FUNCTIONS:
        return _operation(FUNCTIONS[dotted], dotted, arguments, node, frame)
    if dotted in _TRANSPARENT and len(args) == 1:
        return args[0]
    if dotted == "builtins.map" and len(args) == 2:
        return _map(reader, args[0], args[1], node, frame)
    if dotted == "builtins.dict":
        spread = tuple(pair for arg in args for pair in entries(arg))
        return Term("dict", (), spread + keywords, path=frame.path, node=node)
    if dotted in CONSTRUCTORS:
        names = CONSTRUCTORS[dotted]
        keywords = tuple(zip(names, args, strict=False)) + keywords
        args = args[len(names) :]
    return Term("call", args, keywords, label=dotted, path=frame.path, node=node)


def _map(reader: Reads, function: Term, source: Term, node: ast.AST, frame: Frame) -> Term:
    """`map(f, values)` over a known tuple, else over any element: unpacking applies `f` to each item."""
    if source.head == "tuple":
        parts = tuple(call(reader, function, ((arg,), ()), node, frame) for arg in source.args)
        return Term("tuple", parts, path=frame.path, node=node)
    parts = tuple(
        call(reader, function, ((item(source, i, node, frame.path),), ()), node, frame) for i in range(_MAPPED)
    )
    return Term("tuple", parts, path=frame.path, node=node)


_MAPPED = 4
"""How many items of an unknown sequence a mapped function is applied to; no code unpacks more of them."""


def _operation(operation: Operation, label: str, arguments: Arguments, node: ast.AST, frame: Frame) -> Term:
    args, keywords = arguments
    names = operation.parameters
    bound = dict(zip(names, args, strict=False))
    bound |= {k if _ALIASES.get(k) in bound else _ALIASES.get(k, k): v for k, v in keywords}
    operands = tuple(bound.pop(name) for name in names[: operation.operands] if name in bound)
    rest = args[len(names) :]
    term = Term(operation.head, operands + rest, tuple(sorted(bound.items())), label=label, path=frame.path, node=node)
    return canonical(term)


_ALIASES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "axes": "dims"}


def _own_call(reader: Reads, qualified: str, arguments: Arguments, node: ast.AST, frame: Frame) -> Term:
    opened = reader.program.open_function(qualified, arguments, frame)
    if opened is not None:
        return _called_here(opened, node, frame)
    return Term("call", arguments[0], arguments[1], label=qualified, path=frame.path, node=node)


def _called_here(returned: Term, node: ast.AST, frame: Frame) -> Term:
    """What an opened function returns, under the text of its call."""
    if returned.head == "choice":
        return choice([one.named(node, frame.path) for one in returned.args], frame.path, node)
    return returned.named(node, frame.path)


def _method(reader: Reads, node: ast.Call, func: ast.Attribute, arguments: Arguments, frame: Frame) -> Term:
    """`value.name(...)`."""
    name = func.attr
    base = reader.read(func.value, frame)
    if base.head == "self" or (base.head == "call" and base.label == "builtins.super"):
        return _self_method(reader, node, func, base, arguments, frame)
    owned = member(base, name)
    if owned is not None:
        return call(reader, owned, arguments, node, frame)
    if name == "forward" and held(base).head == "call":
        return invoke(reader, held(base), arguments, node, frame)
    if name in CASTS:
        return base
    if name in METHODS:
        args = (base, *arguments[0])
        return _operation(METHODS[name], f"Tensor.{name}", (args, arguments[1]), node, frame)
    return Term("method", (base, *arguments[0]), arguments[1], label=name, path=frame.path, node=node)


def _self_method(
    reader: Reads, node: ast.Call, func: ast.Attribute, base: Term, arguments: Arguments, frame: Frame
) -> Term:
    name = func.attr
    if base.head == "self" and name in frame.attributes:
        return call(reader, reader.read(func, frame), arguments, node, frame)
    if frame.owner is not None:
        above = base.head != "self"
        opened = reader.program.open_method(frame.owner, name, arguments, frame, above=above)
        if opened is not None:
            return _called_here(opened, node, frame)
        library = reader.program.library_base(frame.owner)
        if name == "forward" and above and library in MODULES:
            operation = MODULES[library]
            return _operation(operation, library, (arguments[0][: operation.operands], ()), node, frame)
    return Term("method", (base, *arguments[0]), arguments[1], label=name, path=frame.path, node=node)


def invoke(reader: Reads, made: Term, arguments: Arguments, node: ast.AST, frame: Frame) -> Term:
    """Calling an object made by the constructor call `made`."""
    args, keywords = arguments
    if made.label == "torch.nn.Sequential" and args and is_complete(made):
        return _sequence(reader, children(made), args[0], node, frame)
    if made.label == "functools.partial" and made.args:
        merged = (made.args[1:] + args, made.keywords + keywords)
        return call(reader, made.args[0], merged, node, frame)
    library = made.label if made.label in MODULES else reader.program.library_base(made.label)
    if library in MODULES:
        operation = MODULES[library]
        operands = args[: operation.operands]
        term = Term(
            operation.head, operands, made.keywords, label=made.label, path=frame.path, node=node, definition=made
        )
        return replace(term, args=(*term.args, *made.args)) if operation.head in ("rearrange",) else term
    return Term("invoke", args, keywords, label=made.label, path=frame.path, node=node, definition=made)


def _sequence(reader: Reads, modules: list[Term], value: Term, node: ast.AST, frame: Frame) -> Term:
    for module in modules:
        value = call(reader, module, ((value,), ()), module.node or node, _at(frame, module))
    return value.named(node, frame.path) if modules else value


def _at(frame: Frame, module: Term) -> Frame:
    """A module of a Sequential is quoted where it is created."""
    if module.path in ("", frame.path):
        return frame
    moved = frame.closure()
    moved.path = module.path
    return moved
