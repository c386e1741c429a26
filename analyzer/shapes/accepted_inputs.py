"""The inputs that a model accepts: the user's, the first derived ones with which its call finishes, or what its
layers demand of those that they refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from analyzer.records.evidence import Gap
from analyzer.shapes.demanded_inputs import demanded_plan
from analyzer.shapes.documented_calls import documented_plans
from analyzer.shapes.draft import Draft, arguments_of_method, first_call
from analyzer.shapes.image_room import has_example_sides, is_used_up
from analyzer.shapes.inputs import InputPlanner, Plan, PlannedInput
from analyzer.shapes.runs import RawTrace

MAXIMUM_PLANS = 12
MOST_LARGER = 1
"""Further sizes that are tried: the usual one, of which a model that takes any makes several places."""


def accepted_plan(draft: Draft, planner: InputPlanner) -> tuple[Plan, RawTrace] | None:
    """The user's inputs, or the first derived ones with which the call finishes; with that call."""
    request = draft.request
    if request.inputs is not None:
        plan = tuple(PlannedInput(spec, "user") for spec in request.inputs)
        return (plan, first_call(draft, plan, request.training)) if plan else None
    refused: list[tuple[Plan, RawTrace]] = []
    plans = islice(_plans(draft, planner), MAXIMUM_PLANS)
    for plan in plans:
        raw = first_call(draft, plan, False)
        if raw.stopped is None:
            return _with_room(draft, plans, plan, raw)
        refused.append((plan, raw))
    if not refused:
        draft.gaps.append(Gap(str(request.where), "no_input_found", (("method", request.method),)))
        return None
    optional = planner.optional(arguments_of_method(draft, planner), request.method)
    return demanded_plan(refused, optional, lambda plan: first_call(draft, plan, False)) or refused[0]


def _with_room(draft: Draft, further: Iterator[Plan], plan: Plan, raw: RawTrace) -> tuple[Plan, RawTrace]:
    """The same with a larger image, where the model leaves one place of this one and takes a larger one."""
    if not has_example_sides(plan) or not is_used_up(draft.model, raw):
        return plan, raw
    for larger in islice(further, MOST_LARGER):
        found = first_call(draft, larger, False)
        if found.stopped is None and not is_used_up(draft.model, found):
            return larger, found
    return plan, raw


def _plans(draft: Draft, planner: InputPlanner) -> Iterator[Plan]:
    """What the documents call the model with; then what its own code says of its arguments."""
    request, arguments = draft.request, arguments_of_method(draft, planner)
    owner = draft.index.symbols.definition(request.qualified_name)
    if owner is not None and request.method == "forward":
        names = [argument.name for argument in arguments]
        yield from documented_plans(draft.index, draft.source.interpreter, planner, owner, names)
    yield from planner.plans(arguments, request.method)
