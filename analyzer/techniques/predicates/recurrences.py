"""Recurrences over a sequence: a state that decays and takes up the next input, step by step."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.techniques.frame import Step
from analyzer.techniques.patterns import Match
from analyzer.techniques.predicates.basics import is_parameter, peeled, walk_definitions
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, walk


def is_linear_recurrence(program: Program, reading: Reading) -> Iterator[Match]:
    """`h = a * h + u` over the steps of a sequence, the decay not discretised from the input."""
    for step, decay, taken in _recurrences(reading):
        if not _is_discretised(decay):
            yield Match(step.term, (("a", decay), ("u", taken)), (step.term,), "state_in_loop")


def is_selective_scan(program: Program, reading: Reading) -> Iterator[Match]:
    """The decay is `exp(delta * A)` with a step size that depends on the input: in a loop over the sequence, or made
    for a parallel scan.
    """
    for step, decay, taken in _recurrences(reading):
        if _is_discretised(decay):
            yield Match(step.term, (("a", decay), ("b", taken)), (step.term,), "scan_in_loop")
    for term in reading.walked:
        if term.head == "exp" and term.args and _is_step_times_negative_parameter(term.args[0]):
            yield Match(term, (("a", term),), (term,), "discretised_decay")


def _recurrences(reading: Reading) -> Iterator[tuple[Step, Term, Term]]:
    """(step, decay, what is taken up) of every update of a state by a slice of a sequence."""
    for step in reading.steps:
        name = _updated_name(step)
        if step.kind != "value" or not step.loops or name is None or step.term.head != "add":
            continue
        for part in step.term.args if len(step.term.args) == 2 else ():
            factors = _factors(part)
            state = next((one for one in factors if _is_name(one, name)), None)
            others = [one for one in factors if one is not state]
            taken = next(one for one in step.term.args if one is not part)
            uses = any(_is_time_slice(reading, one) for one in walk(*others, taken))
            if state is not None and len(others) == 1 and uses and not any(_is_name(one, name) for one in walk(taken)):
                yield step, others[0], taken
                break


def _factors(part: Term) -> tuple[Term, ...]:
    return part.args if part.head == "mul" and len(part.args) == 2 else ()


def _updated_name(step: Step) -> str | None:
    node = step.node
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    return target.id if isinstance(target, ast.Name) else None


def _is_name(term: Term, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in (term.alias, term.node))


def _is_time_slice(reading: Reading, term: Term) -> bool:
    """`x[:, t]`: one step of a longer axis, by the loop's own counter."""
    if term.head != "index" or len(term.args) != 2 or term.args[1].head != "tuple":
        return False
    whole = any(part.head in ("slice", "other") or part.payload is Ellipsis for part in term.args[1].args)
    return whole and any(one.head in ("loop_index", "element") for one in walk(term.args[1]))


def _is_discretised(decay: Term) -> bool:
    """The exponential of a product, which holds the step size and the state matrix."""
    powers = [one.args[0] for one in walk_definitions(decay) if one.head == "exp" and one.args]
    products = ("mul", "einsum", "matmul", "outer")
    return any(t.head in products for power in powers for t in peeled(power, SHAPE_HEADS | {"neg"}))


def _is_step_times_negative_parameter(product: Term) -> bool:
    """`delta * -exp(A_log)`, with the step size computed and the matrix a parameter."""
    for one in (product, *(product.args if product.head == "neg" else ())):
        if one.head in ("mul", "einsum", "outer") and len(one.args) == 2:
            for matrix, step in (one.args, one.args[::-1]):
                negative = product.head == "neg" or any(t.head == "neg" for t in walk(matrix))
                learned = any(t.head == "exp" and any(is_parameter(p) for p in walk(t)) for t in walk(matrix))
                computed = not any(is_parameter(t) for t in (step,)) and step.head not in ("const", "attr")
                if negative and learned and computed:
                    return True
    return False
