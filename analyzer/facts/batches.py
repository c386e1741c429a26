"""How many samples one step of the optimizer sees: the loaders with their arguments, and their product with the
accumulation, for one process. Where several loaders could be the one that trains, nothing is multiplied.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from analyzer.facts.batch_samplers import sampled_size
from analyzer.facts.drawn_batches import drawn_batch
from analyzer.facts.flow.trace import Occurrence
from analyzer.facts.framework_settings import given_settings
from analyzer.facts.interfaces import stage_of
from analyzer.facts.open_formulas import FORMULA
from analyzer.facts.optimization import named_arguments
from analyzer.facts.program import Program, is_unresolved_backward
from analyzer.records.configuration import DerivedQuantity
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Feature
from analyzer.records.source import Span

LOADER = re.compile(r"torch\.utils\.data\.(\w+\.)*DataLoader|torchdata\.(\w+\.)*StatefulDataLoader")
ORDER = ("dataset", "batch_size", "shuffle", "sampler", "batch_sampler", "num_workers", "collate_fn")
SHOWN = ("batch_size", "shuffle", "num_workers", "drop_last", "pin_memory")
PER_DEVICE = "per_device_train_batch_size"
NAME, TOKENS = "samples_per_update_per_process", "tokens_per_update_per_process"

Term = tuple[str, Known[object] | Unknown, Span]
"""Expression, value, place."""


def loader_features(program: Program) -> Iterator[Feature]:
    """Loaders of batches with the arguments that shape a batch."""
    for occurrence, call in loaders(program):
        index, scope = program.flow.index, occurrence.step.scope
        given = {
            key: program.flow.values.value(node, scope, occurrence.stack)
            for key, node in _loader_arguments(program, occurrence, call).items()
            if key in SHOWN
        }
        condition = occurrence.around.conditions
        yield Feature(
            "data_loader",
            index.span(scope.path, call),
            index.segment(scope.path, call),
            tuple((name, given[name]) for name in SHOWN if name in given),
            condition[-1] if condition else None,
        )


def loaders(program: Program) -> Iterator[tuple[Occurrence, ast.Call]]:
    """Calls that construct a loader of torch."""
    for occurrence in program.occurrences:
        if occurrence.call is not None and any(LOADER.fullmatch(dotted) for dotted in occurrence.dotted):
            yield occurrence, occurrence.call


def effective_batch(program: Program, features: Sequence[Feature]) -> tuple[DerivedQuantity, ...]:
    """Samples per step of the optimizer and process, and tokens where a sample is a window of them, as products of
    what the code gives.
    """
    size, length = _given_size(program) or _loader_size(program), None
    drawn = drawn_batch(program) if size is None and not any(True for _ in loaders(program)) else None
    if drawn is not None:
        size, length = drawn
    if size is None or _divides_batches(program, features):
        return ()
    text, value, where = size
    terms = [(text, value)] + [pair for feature in _accumulations(features) for pair in feature.values]
    found = _product(NAME, terms, where)
    whole = _product(TOKENS, [*terms, (length.text, length.value)], where) if length is not None else ()
    return (*_changed(program, [name for name, _ in terms]), *found, *whole)


def _changed(program: Program, names: Sequence[str]) -> Iterator[DerivedQuantity]:
    """Statements that change a factor under a condition, as where processes share the accumulation."""
    scope, index = program.body.scope, program.flow.index
    for node in scope.nodes:
        if isinstance(node, ast.AugAssign) and ast.unparse(node.target) in names:
            outer = [n for n in scope.nodes if isinstance(n, ast.If) and any(s is node for s in n.body)]
            change = ast.unparse(ast.BinOp(node.target, node.op, node.value))
            formula = f"{change} if {ast.unparse(outer[-1].test)}" if outer else change
            where = index.span(scope.path, node)
            unknown = Unknown("updated_in_place", (), where)
            if outer and program.flow.values.truth(outer[-1].test, scope) is not True:
                yield DerivedQuantity(ast.unparse(node.target), formula, unknown, where)


def _product(
    name: str, terms: Sequence[tuple[str, Known[object] | Unknown]], where: Span
) -> tuple[DerivedQuantity, ...]:
    """The product as formula and number; nothing where a factor is no known whole number."""
    product = 1
    open_one = [value for _, value in terms if isinstance(value, Unknown)]
    if len(open_one) == len(terms) == 1 and open_one[0].reason == FORMULA:
        return (DerivedQuantity(name, terms[0][0], open_one[0], where),)
    for _, value in terms:
        if not isinstance(value, Known) or not isinstance(value.value, int) or isinstance(value.value, bool):
            return ()
        product *= value.value
    formula = " * ".join(text for text, _ in terms)
    return (DerivedQuantity(name, formula, Known(product, (where,), "evaluated"), where),)


def _divides_batches(program: Program, features: Sequence[Feature]) -> bool:
    """Gradients are taken in a loop inside the loop over the loader, as over mini-batches of what was collected."""
    batches = {
        (o.step.scope.path, o.step.node.lineno)
        for o in program.occurrences
        if isinstance(o.step.node, ast.For) and program.loader_of(o.step.node.iter, o.step)
    }
    accumulating = {feature.code for feature in features if feature.id == "gradient_accumulation"}
    for occurrence in program.occurrences:
        known = any(stage_of(dotted) == "backward" for dotted in occurrence.dotted)
        if known or is_unresolved_backward(occurrence.step):
            places = [(loop.path, loop.line) in batches for loop in occurrence.around.loops]
            inner = occurrence.around.loops[places.index(True) + 1 :] if True in places else ()
            if any(loop.header not in accumulating for loop in inner):
                return True
    return False


def _accumulations(features: Sequence[Feature]) -> list[Feature]:
    """The accumulation where there is one; several places with the same value say the same."""
    found = [f for f in features if f.id == "gradient_accumulation" and len(f.values) == 1]
    values = {repr(v.value) if isinstance(v, Known) else "?" for f in found for _, v in f.values}
    return found[:1] if len(values) == 1 else found


def _given_size(program: Program) -> Term | None:
    for given in given_settings(program):
        if given.name == PER_DEVICE:
            return PER_DEVICE, given.value, program.flow.index.span(given.path, given.node)
    return None


def _loader_size(program: Program) -> Term | None:
    """The batch size of the loader that trains: the only one, the only one that shuffles, or all give the same."""
    found = []
    for occurrence, call in loaders(program):
        if program.in_evaluation(occurrence):
            continue
        given = _loader_arguments(program, occurrence, call)
        node = given.get("batch_size")
        if node is None:
            return None
        shuffles = "sampler" in given or _is_true(program, occurrence, given.get("shuffle"))
        text = program.flow.index.segment(occurrence.step.scope.path, node)
        value = program.flow.values.value(node, occurrence.step.scope, occurrence.stack)
        found.append((shuffles, (text, value, program.flow.index.span(occurrence.step.scope.path, node))))
    chosen = [term for shuffles, term in found if shuffles] or [term for _, term in found]
    values = {repr(value.value) if isinstance(value, Known) else "?" for _, value, _ in chosen}
    return chosen[0] if len(values) == 1 else None


def _loader_arguments(program: Program, occurrence: Occurrence, call: ast.Call) -> dict[str, ast.expr]:
    """Arguments by name; a batch sampler's size stands for the loader's own, which is not given beside it."""
    given = dict(named_arguments(call, ORDER))
    sampler = given.get("batch_sampler")
    size = sampled_size(program.flow.inference, sampler, occurrence.step.scope) if sampler is not None else None
    return {**given, "batch_size": size} if size is not None else given


def _is_true(program: Program, occurrence: Occurrence, node: ast.expr | None) -> bool:
    if node is None:
        return False
    value = program.flow.values.value(node, occurrence.step.scope, occurrence.stack)
    return isinstance(value, Known) and value.value is True
