"""What a repository without a training program defines for one: losses of its classes, optimizers, schedules."""

from __future__ import annotations

from analyzer.document.blocks import heading, table
from analyzer.document.context import Context
from analyzer.document.inline import code, codes, join, ref, refs
from analyzer.records.document import Block, Code, Line, Plain
from analyzer.records.structure import ClassInfo
from analyzer.records.techniques import TechniqueFinding

OPTIMIZERS = {
    "Optimizer",
    "SGD",
    "Adam",
    "AdamW",
    "RMSprop",
    "Adagrad",
    "Adadelta",
    "Adamax",
    "NAdam",
    "RAdam",
    "LBFGS",
}
SCHEDULERS = {
    "LRScheduler",
    "_LRScheduler",
    "LambdaLR",
    "ReduceLROnPlateau",
    "CosineAnnealingLR",
    "StepLR",
    "OneCycleLR",
}
MOST_LOSSES = 24


def training_parts(context: Context) -> tuple[Block, ...]:
    """Tables of what there is; nothing where there is nothing."""
    return (
        *_losses(context),
        *_classes(context, OPTIMIZERS, "optimizers"),
        *_classes(context, SCHEDULERS, "schedulers"),
    )


def _losses(context: Context) -> tuple[Block, ...]:
    """Losses in the classes of modules, the main model's first."""
    modules = {item.qualified_name for item in context.classes.values() if item.is_module}
    losses = [
        item
        for item in context.analysis.findings.techniques
        if item.sheet_id in context.sheets
        and context.sheets[item.sheet_id].category == "loss"
        and modules & set(item.models)
    ]
    ranked = sorted(losses, key=lambda item: not item.in_use)
    rows = [_loss_row(context, item) for item in ranked[:MOST_LOSSES]]
    found = table(context.words, "losses_of_classes", "class loss ignore_index where", rows)
    return (heading(context.words, "training.losses_of_classes", "losses-of-classes"), *found) if found else ()


def _loss_row(context: Context, item: TechniqueFinding) -> tuple[Line, ...]:
    ignored = [binding.code for binding in item.bindings if binding.hole == "ignore"]
    owners = codes(name.rpartition(":")[2] for name in item.models)
    left = context.words.line("training.ignore_default") if item.sheet_id == "cross_entropy_loss" else ()
    index = codes(ignored) if ignored else left
    return (owners, (Plain(context.technique_name(item.sheet_id)),), index, refs(item.where, 2))


def _classes(context: Context, bases: set[str], key: str) -> tuple[Block, ...]:
    """Classes over torch's, with the arguments of their constructor and the defaults as written."""
    found = [
        item for _, item in sorted(context.classes.items()) if bases & {base.rpartition(".")[2] for base in item.bases}
    ]
    rows = [(code(item.name), codes(item.bases), _arguments(item), ref(item.where)) for item in found]
    shown = table(context.words, f"defined_{key}", "class base arguments where", rows)
    return (heading(context.words, f"training.defined_{key}", f"defined-{key}"), *shown) if shown else ()


def _arguments(item: ClassInfo) -> Line:
    """`lr=required, b1=0.9`: without the receiver and the parameters."""
    made = next((method for method in item.methods if method.name == "__init__"), None)
    given = [one for one in made.arguments[1:] if one.kind in ("positional", "keyword")] if made else []
    shown = [Code(f"{one.name}={one.default}" if one.default is not None else one.name) for one in given]
    return join([(part,) for part in shown])
