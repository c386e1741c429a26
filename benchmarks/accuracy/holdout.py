"""Are the names that a model's sizes go by right at values that took no part in choosing them?

The printed expressions are evaluated at fresh random values of every name and laid beside a fresh run of the model
there. Fresh values are drawn without regard to how the analyzer draws its probes; a value that the source rejects
is drawn again. As a program: one request on standard input, one answer on standard output.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import random
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from types import CodeType
from typing import Any

from analyzer.evaluator import CannotEvaluate, Interpreter, TargetRaised
from analyzer.evaluator.recorder import TensorShape
from analyzer.index import open_repository
from analyzer.records.tensors import Dim, ModelShapes, ShapeTarget, TensorSpec, Trace
from analyzer.shapes.derivation import find_model
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.input_spec import InputSpec, parse_input_spec, sizes_of
from analyzer.shapes.model import derive_model
from analyzer.shapes.requests import ModelRequest
from analyzer.shapes.runs import BuiltModel, LineSite, ModelSource, RawTrace

FRESH_VALUES = 3
ATTEMPTS = 14
"""Draws for one name before it counts as one that the source lets nobody change."""
QUOTIENTS = ((1, 2), (3, 2), (3, 4), (5, 4), (2, 1), (3, 1), (5, 3), (7, 4), (7, 1), (11, 8))
Values = Mapping[str, int]


@dataclass
class HoldOut:
    """What became of the names of one model."""

    expressions: int = 0
    """Different expressions that are printed."""
    dims: int = 0
    """Places where they are printed."""
    numbers: int = 0
    """Sizes greater than one that stay a number."""
    fresh: dict[str, int] = field(default_factory=dict)
    """Different values at which each name was tried."""
    runs: int = 0
    verified: int = 0
    """Comparisons of a printed expression with a fresh run that agree."""
    wrong: list[str] = field(default_factory=list)

    @property
    def untried(self) -> list[str]:
        return [name for name, count in self.fresh.items() if count < FRESH_VALUES]


class FreshRuns:
    """Runs of one model at values that the source accepts, in the mode of its first trace."""

    def __init__(self, interpreter: Interpreter, model: ModelShapes, path: str) -> None:
        self._source = ModelSource(interpreter, path, model.build_expression)
        self._base = self._source.build()
        self._paths = [name for name, _ in self._base.model.named_modules()]
        self._trace = model.traces[0]
        self._inputs = [_spec(name, str(value)) for name, value in inputs_of(self._trace, dict(model.variables))]
        self.base: dict[str, int] = {**self._base.names, **sizes_of(self._inputs)}

    def run(self, values: Values) -> tuple[dict[str, int], RawTrace] | None:
        """The values that counted and what was seen there; None where the source does not accept them."""
        built = self._built({**self.base, **values})
        if built is None or [name for name, _ in built.model.named_modules()] != self._paths:
            return None
        actual = {name: built.names.get(name, value) for name, value in {**self.base, **values}.items()}
        training = self._trace.mode == "training"
        try:
            raw = self._source.call(built.model, self._inputs, actual, self._trace.method, training=training)
        except (CannotEvaluate, TargetRaised):
            return None
        return (actual, raw) if raw.stopped is None and _empties(raw) <= self._empties else None

    @cached_property
    def _empties(self) -> int:
        """How many tensors have no element where all names have their own values."""
        raw = self._source.call(
            self._base.model, self._inputs, self.base, self._trace.method, training=self._trace.mode == "training"
        )
        return _empties(raw)

    def _built(self, values: Values) -> BuiltModel | None:
        given = {name: value for name, value in values.items() if name in self._base.names}
        if given == self._base.names:
            return self._base
        try:
            return self._source.build(self._base.names, given)
        except (CannotEvaluate, TargetRaised):
            return None


def _empties(raw: RawTrace) -> int:
    """Tensors without elements: where more of them come up than before, the values make no model that anybody would
    build (no head for a group of keys), though torch computes with them.
    """
    lines = (tensor for seen in raw.lines.values() for tensors, _ in seen for tensor in tensors)
    return sum(0 in tensor.shape for tensor in lines)


def _spec(name: str, value: str) -> InputSpec:
    return parse_input_spec(f"{name}: {value}")


def inputs_of(trace: Trace, values: Values) -> Iterator[tuple[str, str]]:
    """Inputs as text with names and numbers: `float32[B=2, 3, H=32, W=32]`."""
    for given in trace.inputs:
        if isinstance(given.value, TensorSpec):
            dims = (f"{d.expression}={d.value}" if d.expression else str(d.value) for d in given.value.shape)
            yield given.name, f"{given.value.dtype}[{', '.join(dims)}]"
        else:
            yield given.name, given.value


def main() -> None:
    """Answer the request of standard input."""
    json.dump(answer(json.loads(sys.stdin.read())), sys.stdout)


def answer(request: Mapping[str, Any]) -> dict[str, object]:
    """What becomes of the names of one model; `failed` where there is no call."""
    index = open_repository(request["root"])
    owner = find_model(index, request["file"])
    where = index.span(owner.path, owner.node)
    build = BuildPlan(owner.path, request["build"], "user", where)
    inputs = tuple(parse_input_spec(text) for text in request["inputs"])
    wanted = ModelRequest(
        owner.name, owner.qualified_name, where, (build,), True, inputs, request["method"], request["training"]
    )
    interpreter = Interpreter(index)
    model = derive_model(interpreter, wanted)
    if not model.traces or not model.traces[0].output:
        gaps = (*(model.traces[0].gaps if model.traces else ()), *model.gaps)
        return {"failed": f"{gaps[0].reason} {gaps[0].arguments}"[:160] if gaps else "no trace"}
    result = hold_out(interpreter, model, owner.path)
    return {**dataclasses.asdict(result), "untried": result.untried}


def hold_out(interpreter: Interpreter, model: ModelShapes, path: str, seed: int = 0) -> HoldOut:
    """Every printed name of the first trace, at fresh values of each of its names and of all together."""
    result = HoldOut()
    if not model.traces:
        return result
    trace = model.traces[0]
    _count_printed(result, trace)
    runs = FreshRuns(interpreter, model, path)
    chance = random.Random(seed)
    accepted: dict[str, list[dict[str, int]]] = {}
    for name in dict(model.variables):
        accepted[name] = list(itertools.islice(_accepted(runs, name, chance, result, trace), FRESH_VALUES))
        result.fresh[name] = len({actual[name] for actual in accepted[name]})
    for _ in range(FRESH_VALUES):
        _try_together(runs, accepted, chance, result, trace)
    return result


def _accepted(
    runs: FreshRuns, name: str, chance: random.Random, result: HoldOut, trace: Trace
) -> Iterator[dict[str, int]]:
    """Runs in which a name has another value than before, each compared with what is printed."""
    seen = {runs.base[name]}
    for values in itertools.islice(_draws(runs.base, name, chance), ATTEMPTS):
        if values[name] in seen:
            continue
        found = runs.run(values)
        if found is not None and found[0][name] not in seen:
            seen.add(found[0][name])
            compare(result, trace, *found)
            yield {**values, name: found[0][name]}


def _draws(base: Values, name: str, chance: random.Random) -> Iterator[dict[str, int]]:
    """Other values of one name: alone, at random and as a multiple; with its multiples; with its equals."""
    value = base[name]
    equal = [other for other in base if base[other] == value]
    family = [other for other in base if other == name or (value > 1 and base[other] % value == 0)]
    for turn in itertools.count():
        above, below = chance.choice(QUOTIENTS)
        group = ([name], [name], family, equal)[turn % 4]
        if turn % 4 == 0:
            yield {name: chance.randint(1, 2 * value + 3)}
        elif all(base[other] * above % below == 0 for other in group):
            yield {other: base[other] * above // below for other in group}
        else:
            yield {name: value + chance.choice((-2, -1, 1, 2, 3)) if value > 3 else value + chance.randint(1, 9)}


def _try_together(
    runs: FreshRuns,
    accepted: Mapping[str, Sequence[Values]],
    chance: random.Random,
    result: HoldOut,
    trace: Trace,
) -> None:
    """Several names at once: changes that were accepted alone, fewer of them where they do not go together."""
    chosen = [chance.choice(list(found)) for found in accepted.values() if found]
    for size in (len(chosen), (len(chosen) + 1) // 2, 2):
        values: dict[str, int] = {}
        for change in chance.sample(chosen, min(size, len(chosen))):
            values.update(change)
        found = runs.run(values) if values else None
        if found is not None:
            compare(result, trace, *found)
            return


def _count_printed(result: HoldOut, trace: Trace) -> None:
    dims = [dim for tensor in _printed(trace) for dim in tensor.shape]
    result.dims = sum(dim.expression is not None for dim in dims)
    result.expressions = len({dim.expression for dim in dims if dim.expression is not None})
    result.numbers = sum(dim.expression is None and (dim.value or 0) > 1 for dim in dims)


def _printed(trace: Trace) -> Iterator[TensorSpec]:
    for row in trace.rows:
        for target in row.targets:
            yield from target.tensors
    for record in trace.modules:
        for call in record.calls:
            yield from (*call.inputs, *call.outputs)
    yield from trace.output


def compare(result: HoldOut, trace: Trace, values: Values, raw: RawTrace) -> None:
    """Every printed size against a run at these values."""
    result.runs += 1
    for record in trace.modules:
        calls = raw.calls.get(record.path, [])
        if len(calls) == len(record.calls):
            for said, (inputs, outputs) in zip(record.calls, calls, strict=True):
                _compare_tensors(result, record.path or "(root)", (said.inputs, inputs), values)
                _compare_tensors(result, record.path or "(root)", (said.outputs, outputs or ()), values)
    _compare_tensors(result, "output", (trace.output, raw.output), values)
    for site, targets in _targets_by_site(trace).items():
        _compare_line(result, site, targets, _lines_of(raw).get(site, []), values)


Site = tuple[str, int, str, str, str]


def _targets_by_site(trace: Trace) -> dict[Site, list[ShapeTarget]]:
    """What is printed for one target of one line in one module, in the order of its variants."""
    found: dict[Site, list[ShapeTarget]] = {}
    for row in trace.rows:
        for module in row.modules:
            for target in row.targets:
                site = (row.where.path, row.where.first_line, module, row.function, target.name)
                found.setdefault(site, []).append(target)
    return found


def _lines_of(raw: RawTrace) -> dict[Site, list[tuple[TensorShape, ...]]]:
    def site(line: LineSite) -> Site:
        return line.path, line.line, line.module, line.function, line.target

    found: dict[Site, list[tuple[TensorShape, ...]]] = {}
    for line, seen in raw.lines.items():
        found.setdefault(site(line), []).extend(tensors for tensors, _ in seen)
    return found


def _compare_line(
    result: HoldOut, site: Site, targets: Sequence[ShapeTarget], seen: Sequence[tuple[TensorShape, ...]], values: Values
) -> None:
    """Variants in order where there are as many, else each among those seen."""
    where = f"{site[0]}:{site[1]} {site[4]}"
    if len(seen) == len(targets):
        for target, tensors in zip(targets, seen, strict=True):
            _compare_tensors(result, where, (target.tensors, tensors), values)
        return
    for target in targets:
        fits = any(not _differences(target.tensors, tensors, values) for tensors in seen)
        if seen and not fits and _has_names(target.tensors):
            result.wrong.append(f"{where}: {' '.join(map(str, target.tensors))} is none of {len(seen)} at {values}")


def _has_names(tensors: Iterable[TensorSpec]) -> bool:
    return any(dim.expression for tensor in tensors for dim in tensor.shape)


def _compare_tensors(
    result: HoldOut, where: str, pair: tuple[Sequence[TensorSpec], Sequence[TensorShape]], values: Values
) -> None:
    said, seen = pair
    if len(said) != len(seen):
        return
    wrong = _differences(said, seen, values)
    result.verified += sum(bool(dim.expression) for tensor in said for dim in tensor.shape) - len(wrong)
    result.wrong += [f"{where}: {text} at {_shown(values)}" for text in wrong]


def _differences(said: Sequence[TensorSpec], seen: Sequence[TensorShape], values: Values) -> list[str]:
    found = []
    for ours, real in zip(said, seen, strict=False):
        if len(ours.shape) != len(real.shape):
            return ["other number of axes"]
        for dim, size in zip(ours.shape, real.shape, strict=True):
            if dim.expression is not None and (value := value_of(dim, values)) != size:
                found.append(f"{dim.expression} = {value}, really {size}")
    return found


def value_of(dim: Dim, values: Values) -> float | None:
    """What the printed text means at these values, as Python reads it."""
    assert dim.expression is not None
    try:
        found: float = eval(_code(dim.expression), {"__builtins__": {}, "int": int, "min": min, "max": max}, {**values})
    except (NameError, ArithmeticError):
        return None
    return found


@cache
def _code(text: str) -> CodeType:
    return compile(text, "<dim>", "eval")


def _shown(values: Values) -> str:
    return " ".join(f"{name}={value}" for name, value in values.items())


if __name__ == "__main__":
    main()
