"""Pitfalls of modules: dropout that is never off, parameters that the module does not know, values that do nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.index import Definition, SourceIndex
from analyzer.techniques.findings.moved_axes import fails_to_view
from analyzer.techniques.findings.syntax_rules import (
    Found,
    constant,
    foreign,
    functions,
    is_open,
    keyword,
    method_of,
    module_classes,
    own_attribute,
    parameter_names,
)

FUNCTIONAL_DROPOUT = frozenset(
    f"torch.nn.functional.{name}" for name in ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout")
)
TRAINING_PLACE = 2
ATTENTION = "torch.nn.functional.scaled_dot_product_attention"
LAYERS = (
    "Linear", "Conv", "LSTM", "GRU", "Embedding", "BatchNorm", "LayerNorm", "GroupNorm", "Multihead", "Transformer",
)  # fmt: skip
"""How the names of torch's layers with parameters begin."""


def dropout_never_off(index: SourceIndex) -> Iterator[Found]:
    """`F.dropout(x, p)` in a module's method without `training`: it drops in evaluation too."""
    for owner, method in _methods(index):
        for node in ast.walk(method):
            if isinstance(node, ast.Call) and foreign(index, owner.path, node, owner.name) in FUNCTIONAL_DROPOUT:
                given = keyword(node, "training") is not None or len(node.args) > TRAINING_PLACE
                rate = keyword(node, "p") or (node.args[1] if len(node.args) > 1 else None)
                if not given and not is_open(node) and constant(rate) not in (0, 0.0) and not _asks_mode(method):
                    yield ((owner.path, node),), ()


def attention_dropout_never_off(index: SourceIndex) -> Iterator[Found]:
    """`scaled_dot_product_attention(…, dropout_p=self.dropout)`: the function does not know the module's mode."""
    for owner, method in _methods(index):
        for node in ast.walk(method):
            if isinstance(node, ast.Call) and foreign(index, owner.path, node, owner.name) == ATTENTION:
                rate = keyword(node, "dropout_p") or (node.args[4] if len(node.args) > 4 else None)
                is_stored = rate is not None and bool(own_attribute(rate))
                if is_stored and rate is not None and not _asks_mode(method) and not _follows_mode(owner, rate):
                    yield ((owner.path, node),), (("rate", ast.unparse(rate)),)


def _methods(index: SourceIndex) -> Iterator[tuple[Definition, ast.FunctionDef]]:
    for owner in module_classes(index):
        for item in owner.node.body if isinstance(owner.node, ast.ClassDef) else ():
            if isinstance(item, ast.FunctionDef):
                yield owner, item


def _asks_mode(method: ast.FunctionDef) -> bool:
    """The method looks at `training` anywhere: the call may stand under that test."""
    names = {n.attr if isinstance(n, ast.Attribute) else getattr(n, "id", "") for n in ast.walk(method)}
    return "training" in names


def _follows_mode(owner: Definition, rate: ast.expr) -> bool:
    """A property, or an attribute that some method sets by the mode."""
    name = own_attribute(rate)
    body = owner.node.body if isinstance(owner.node, ast.ClassDef) else []
    is_property = any(isinstance(item, ast.FunctionDef) and item.name == name for item in body)
    stores = [
        inner
        for item in body
        if isinstance(item, ast.FunctionDef) and item.name != "__init__"
        for inner in ast.walk(item)
        if isinstance(inner, ast.Attribute) and inner.attr == name and isinstance(inner.ctx, ast.Store)
    ]
    return is_property or bool(stores)


def modules_in_plain_list(index: SourceIndex) -> Iterator[Found]:
    """`self.layers = [nn.Linear(…) for …]`: neither `parameters()` nor `to()` reach them."""
    for owner in module_classes(index):
        constructor = method_of(owner, "__init__")
        for node in ast.walk(constructor) if constructor is not None else ():
            if not isinstance(node, ast.Assign) or not own_attribute(node.targets[0]):
                continue
            name = own_attribute(node.targets[0])
            if _holds_layers(index, owner, node.value) and not _is_wrapped(owner, name):
                yield ((owner.path, node),), (("name", name),)


def _holds_layers(index: SourceIndex, owner: Definition, node: ast.expr) -> bool:
    elements = node.elts if isinstance(node, ast.List) else [node.elt] if isinstance(node, ast.ListComp) else []
    return bool(elements) and all(_is_layer(index, owner, element) for element in elements)


def _is_layer(index: SourceIndex, owner: Definition, node: ast.expr) -> bool:
    """A call of one of torch's layer classes that have parameters."""
    dotted = foreign(index, owner.path, node, owner.name) if isinstance(node, ast.Call) else ""
    last = dotted.rpartition(".")[2]
    return dotted.startswith("torch.nn.") and dotted.count(".") == 2 and last.startswith(
        LAYERS
    )  # fmt: skip


def _is_wrapped(owner: Definition, name: str) -> bool:
    """The attribute is handed to anything else: a container, `add_module`, `setattr`."""
    used = [n for n in ast.walk(owner.node) if own_attribute(n) == name]
    inside = [
        inner
        for call in ast.walk(owner.node)
        if isinstance(call, ast.Call)
        for argument in (*call.args, *(k.value for k in call.keywords))
        for inner in ast.walk(argument)
    ]
    words = {getattr(n, "attr", getattr(n, "id", "")) for n in ast.walk(owner.node)}
    return any(any(one is other for other in inside) for one in used) or bool(words & {"add_module", "setattr"})


def constant_beside_argument(index: SourceIndex) -> Iterator[Found]:
    """The constructor takes `eps` and gives a layer a literal for its own `eps`."""
    for owner in module_classes(index):
        constructor = method_of(owner, "__init__")
        if constructor is None:
            continue
        names = set(parameter_names(constructor)[1:])
        used = {n.id for n in ast.walk(constructor) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        for node in ast.walk(constructor):
            if isinstance(node, ast.Call) and foreign(index, owner.path, node, owner.name).startswith("torch.nn."):
                for given in node.keywords:
                    is_number = isinstance(constant(given.value), (int, float))
                    if given.arg in names - used and is_number and not isinstance(constant(given.value), bool):
                        value = ast.unparse(given.value)
                        yield ((owner.path, node),), (("name", given.arg or ""), ("value", value))


def overwritten_in_constructor(index: SourceIndex) -> Iterator[Found]:
    """`self.x` is set twice in the body of a constructor, and nothing can have looked at the first value."""
    for owner in module_classes(index):
        constructor = method_of(owner, "__init__")
        body = constructor.body if constructor is not None else []
        for place, statement in enumerate(body):
            is_plain = isinstance(statement, ast.Assign) and len(statement.targets) == 1
            name = own_attribute(statement.targets[0]) if is_plain and isinstance(statement, ast.Assign) else ""
            later = _next_store(body[place + 1 :], name) if name else None
            is_call = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
            if later is not None and is_call:
                yield ((owner.path, statement), (owner.path, later)), (("name", name),)


def _next_store(statements: Sequence[ast.stmt], name: str) -> ast.stmt | None:
    """The next unconditional store, where no statement in between reads it or calls a method of the object."""
    for statement in statements:
        inner = list(ast.walk(statement))
        reads = any(
            own_attribute(n) == name and isinstance(n.ctx, ast.Load) for n in inner if isinstance(n, ast.Attribute)
        )
        calls = any(isinstance(n, ast.Call) and own_attribute(n.func) for n in inner)
        hands_on = any(
            isinstance(a, ast.Name) and a.id == "self" for n in inner if isinstance(n, ast.Call) for a in n.args
        )
        if reads or hands_on:
            return None
        if isinstance(statement, ast.Assign) and own_attribute(statement.targets[0]) == name:
            return statement
        if calls or not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Expr)):
            return None
    return None


def view_of_transposed_name(index: SourceIndex) -> Iterator[Found]:
    """`y = x.transpose(1, 2)` and, before anything binds `y` again, `y.view(…)`."""
    for definition in functions(index):
        blocks = [getattr(n, "body", []) for n in ast.walk(definition.node) if hasattr(n, "body")]
        for block in blocks:
            yield from _views(definition, block) if isinstance(block, list) else ()


def _views(definition: Definition, block: Sequence[ast.stmt]) -> Iterator[Found]:
    transposed: dict[str, ast.Assign] = {}
    for statement in block:
        for node in ast.walk(statement):
            called = node.func if isinstance(node, ast.Call) else None
            is_view = isinstance(called, ast.Attribute) and called.attr == "view" and isinstance(called.value, ast.Name)
            if is_view and isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
                made = transposed.get(called.value.id)
                made = made if made is not None and fails_to_view(made.value, node) else None
                is_dtype = (
                    isinstance(node, ast.Call) and len(node.args) == 1 and isinstance(node.args[0], ast.Attribute)
                )
                if made is not None and not is_dtype:
                    yield ((definition.path, node), (definition.path, made)), (("name", called.value.id),)
        bound = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        transposed = {name: made for name, made in transposed.items() if name not in bound}
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            transposed[statement.targets[0].id] = statement


RULES = {
    rule.__name__: rule
    for rule in (
        attention_dropout_never_off, constant_beside_argument, dropout_never_off, modules_in_plain_list,
        overwritten_in_constructor, view_of_transposed_name,
    )
}  # fmt: skip
