"""The analyzer's claim about a model laid beside the truth: right, wrong or unknown, each with its reason."""

from __future__ import annotations

import ast
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]


@dataclass
class Outcome:
    """One row of the table. `unmeasured` says why there is no truth; `totals_equal` is None if no total is claimed."""

    group: str
    name: str
    unmeasured: str = ""
    built: bool = False
    totals_equal: bool | None = None
    right: int = 0
    wrong: int = 0
    unknown: int = 0
    names_right: int = 0
    names_wrong: int = 0
    seconds: float = 0.0
    peak_mib: int = 0
    errors: list[str] = field(default_factory=list)
    """Every wrong claim: what, ours, truth."""
    reason: str = ""
    """Why something is unknown: the first reason that the analyzer gives."""

    @property
    def is_complete(self) -> bool:
        """Everything was said, and all of it is right."""
        return bool(self.built and self.totals_equal) and not (self.unknown or self.errors or self.unmeasured)


def compare(outcome: Outcome, claim: Json, truth: Json) -> Outcome:
    """Fill the row of one model."""
    if "failed" in truth:
        outcome.unmeasured = truth["failed"]
        return outcome
    outcome.seconds, outcome.peak_mib = claim.get("seconds", 0.0), claim.get("peak_mib", 0)
    outcome.reason = claim.get("failed") or first_reason(claim)
    outcome.built = claim.get("parameters") is not None
    _compare_totals(outcome, claim, truth)
    if "call_failed" in truth:
        outcome.unmeasured = f"call: {truth['call_failed']}"
    else:
        _compare_calls(outcome, claim, truth["calls"])
    return outcome


def first_reason(claim: Json) -> str:
    """The first thing that the analyzer says it does not know."""
    gaps = claim.get("unknown") or ()
    return str(gaps[0]["reason"]) if gaps else ""


def _compare_totals(outcome: Outcome, claim: Json, truth: Json) -> None:
    if not outcome.built:
        return
    said = {**claim["parameters"], "buffers": claim["buffers"]}
    for what in ("total", "trainable", "buffers"):
        if said[what] != truth[what]:
            outcome.errors.append(f"{what}: {said[what]}, truth {truth[what]}")
    ours = [[m["path"], m["class"], m["parameters"]] for m in claim["modules"]]
    if ours != truth["modules"]:
        pairs = [(a, b) for a, b in zip(ours, truth["modules"], strict=False) if a != b]
        first = pairs[0] if pairs else (len(ours), len(truth["modules"]))
        outcome.errors.append(f"module tree: {first[0]}, truth {first[1]}")
    outcome.totals_equal = not outcome.errors


def _compare_calls(outcome: Outcome, claim: Json, truth: Sequence[Any]) -> None:
    """Calls of each module in order; what the analyzer leaves open or did not reach is unknown, not wrong."""
    said = {module["path"]: module["calls"] for module in claim.get("modules", ())}
    incomplete = bool(outcome.reason) or not outcome.built
    real: dict[str, list[Any]] = {}
    for path, inputs, outputs in truth:
        real.setdefault(path, []).append((inputs, outputs))
    for path, calls in real.items():
        ours = said.get(path, [])
        for number, call in enumerate(calls):
            verdict = _verdict(ours[number] if number < len(ours) else None, call, incomplete)
            _count(outcome, verdict, path, number, (ours[number] if number < len(ours) else "no call", call))
    for path, calls in said.items():
        for number in range(len(real.get(path, ())), len(calls)):
            if calls[number].get("under"):
                continue  # it is said to happen under a condition only
            _count(outcome, "wrong", path, number, (calls[number], "no call"))


def _count(outcome: Outcome, verdict: str, path: str, number: int, pair: tuple[Any, Any]) -> None:
    setattr(outcome, verdict, getattr(outcome, verdict) + 1)
    if verdict == "wrong":
        ours = pair[0] if isinstance(pair[0], str) else numbers(pair[0])
        outcome.errors.append(f"call {number} of {path or '(root)'}: {ours}, truth {pair[1]}")


def _verdict(ours: Any, truth: Any, incomplete: bool) -> str:
    missing = "unknown" if incomplete else "wrong"
    if ours is None:
        return missing
    if ours.get("takes_unknown"):
        missing = "unknown"
    verdicts = {_tensors(said, real, missing) for said, real in zip(numbers(ours), truth, strict=True)}
    return next(verdict for verdict in ("wrong", "unknown", "right") if verdict in verdicts)


def _tensors(ours: Sequence[Any], truth: Sequence[Any], missing: str) -> str:
    if len(ours) != len(truth):
        return missing if len(ours) < len(truth) else "wrong"
    verdict = "right"
    for said, real in zip(ours, truth, strict=True):
        if len(said) != len(real) or any(s not in (r, None) for s, r in zip(said, real, strict=True)):
            return "wrong"
        if None in said:
            verdict = "unknown"
    return verdict


def numbers(call: Json) -> tuple[list[list[int | None]], list[list[int | None]]]:
    """Inputs and outputs of a claimed call as plain sizes."""
    inputs, outputs = ([[_value(dim) for dim in shape] for shape in call[side] or ()] for side in ("inputs", "outputs"))
    return inputs, outputs


def _value(dim: int | Json | None) -> int | None:
    return int(dim["value"]) if isinstance(dim, Mapping) else dim


def compare_names(outcome: Outcome, claim: Json, values: Mapping[str, int], truth: Json) -> None:
    """Do the expressions of one instance give the true sizes of another? `values` are the names' values there."""
    real: dict[str, list[Any]] = {}
    for path, inputs, outputs in truth.get("calls", ()):
        real.setdefault(path, []).append((inputs, outputs))
    for module in claim["modules"]:
        calls = real.get(module["path"], [])
        if len(calls) != len(module["calls"]):
            continue
        for said, (inputs, outputs) in zip(module["calls"], calls, strict=True):
            for ours, true in ((said["inputs"], inputs), (said["outputs"] or (), outputs)):
                _compare_expressions(outcome, module["path"], ours, true, values)


def _compare_expressions(
    outcome: Outcome, path: str, ours: Sequence[Any], truth: Sequence[Any], values: Mapping[str, int]
) -> None:
    for said, real in zip(ours, truth, strict=False):
        for dim, size in zip(said, real, strict=False):
            if not isinstance(dim, Mapping):
                continue
            found = evaluate(dim["expr"], values)
            if found is None:
                continue
            if found == size:
                outcome.names_right += 1
            else:
                outcome.names_wrong += 1
                outcome.errors.append(f"name in {path or '(root)'}: {dim['expr']} is {found}, truth {size}")


OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
             ast.Mod: operator.mod, ast.Pow: operator.pow}  # fmt: skip


def evaluate(expression: str, values: Mapping[str, int]) -> int | None:
    """The expression's value; None where a name has no value."""

    def value_of(node: ast.expr) -> int:
        match node:
            case ast.Constant(value=int(number)):
                return number
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -value_of(inner)
            case ast.BinOp(left=left, op=op, right=right):
                return int(OPERATORS[type(op)](value_of(left), value_of(right)))
        return values[ast.unparse(node)]

    try:
        return value_of(ast.parse(expression, mode="eval").body)
    except KeyError:
        return None
