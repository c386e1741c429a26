"""What the trainers of a framework keep of what their constructors are given, and hand to methods of a subclass:
the model, above all.
"""

from __future__ import annotations

import ast

from analyzer.facts.flow.frameworks import TRAINER_CLASS
from analyzer.facts.flow.objects import NOTHING, Instance, Types
from analyzer.facts.flow.questions import Questions
from analyzer.facts.flow.scopes import CodeScope
from analyzer.index import Definition

ORDER = ("model", "args", "data_collator", "train_dataset", "eval_dataset")
TAKING_MODEL = ("compute_loss", "training_step", "prediction_step")
"""Methods whose first argument is the model."""


def is_trainer(dotted: str) -> bool:
    """True for the constructor of a trainer, also as `super().__init__`."""
    return TRAINER_CLASS.fullmatch(dotted.removesuffix("().__init__")) is not None


def model_given(inference: Questions, node: ast.Call, scope: CodeScope) -> Types:
    """The model that a trainer is constructed with."""
    named = next((k.value for k in node.keywords if k.arg == "model"), None)
    first = node.args[0] if node.args and not isinstance(node.args[0], ast.Starred) else None
    return inference.types(named or first, scope) if named is not None or first is not None else NOTHING


def keep_given(inference: Questions, owner: Instance, node: ast.Call, scope: CodeScope) -> None:
    """Bind what the constructor of a foreign trainer gets to the attributes and methods of its subclass."""
    definition = inference.index.symbols.definition(owner.owner)
    if definition is None or not any(map(is_trainer, inference.hierarchy.foreign_bases(definition))):
        return
    given = {name: value for name, value in zip(ORDER, node.args, strict=False) if not isinstance(value, ast.Starred)}
    given |= {k.arg: k.value for k in node.keywords if k.arg is not None}
    for name, value in given.items():
        inference.add(inference.slots, (owner.owner, name), inference.types(value, scope))
    _hand_to_methods(inference, definition, model_given(inference, node, scope))


def _hand_to_methods(inference: Questions, definition: Definition, model: Types) -> None:
    for name in TAKING_MODEL:
        method = inference.hierarchy.method(definition, name)
        arguments = getattr(method.node, "args", None) if method is not None else None
        if method is not None and isinstance(arguments, ast.arguments) and len(arguments.args) > 1:
            inference.add(inference.names, (method.qualified_name, arguments.args[1].arg), model)
