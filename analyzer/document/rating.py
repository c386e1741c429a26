"""Stars from facts: each criterion measures one ratio or count and compares it with the thresholds of `ratings.toml`.

A criterion with fewer than two lines of evidence is not rated; of several measures the weakest counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from analyzer.document.context import Context
from analyzer.document.inline import number
from analyzer.document.wording import read_template
from analyzer.records.document import Line
from analyzer.records.source import Span

FEWEST_EVIDENCE = 2
BEYOND_SOURCE = frozenset({"measured", "of_data", "arithmetic"})
"""Reasons of statements that no source could bear out: they say nothing for or against the documents."""
MOST_COUNTED = {"seeds": 2, "pinned": 4, "presets": 4}
"""Of each kind of line that pins a run, how many count."""
Measure = tuple[float, tuple[Span, ...], dict[str, int]]


@dataclass(frozen=True)
class Rating:
    """One row: `stars` is nought where there is not enough evidence."""

    id: str
    stars: int
    measured: Line
    thresholds: tuple[tuple[float, ...], ...]
    """Of each measure in turn."""
    evidence: tuple[Span, ...]


def ratings(context: Context) -> tuple[Rating, ...]:
    """Every criterion of the table, in its order."""
    return tuple(_rate(context, name, row) for name, row in read_template("", "ratings").items())


def _rate(context: Context, name: str, row: dict[str, list[float]]) -> Rating:
    amount, evidence, figures = MEASURES[name](context)
    amounts = {"thresholds": amount, **(FURTHER[name](context) if name in FURTHER else {})}
    reached = min(sum(amounts[key] >= step for step in steps) for key, steps in row.items())
    stars = 1 + reached if len(set(evidence)) >= FEWEST_EVIDENCE else 0
    measured = context.words.line(f"ratings.{name}_measured", **{key: number(item) for key, item in figures.items()})
    return Rating(name, stars, measured, tuple(tuple(steps) for steps in row.values()), evidence)


def _documentation(context: Context) -> Measure:
    """Share of module classes and their forwards with a docstring."""
    classes = [item for item in context.analysis.facts.structure.classes if item.is_module]
    documented = [item.where for item in classes if item.docstring]
    evidence = (*documented, *(item.where for item in classes if not item.docstring))
    return _share(len(documented), len(classes)), evidence, {"part": len(documented), "whole": len(classes)}


def _typing(context: Context) -> Measure:
    """Share of the arguments of forward methods that carry an annotation."""
    forwards = [item.forward for item in context.analysis.facts.structure.classes if item.is_module and item.forward]
    arguments = [
        (argument, forward) for forward in forwards for argument in forward.arguments if argument.name != "self"
    ]
    typed = [forward.where for argument, forward in arguments if argument.annotation]
    evidence = tuple(dict.fromkeys(typed)) or tuple(forward.where for forward in forwards)
    return _share(len(typed), len(arguments)), evidence, {"part": len(typed), "whole": len(arguments)}


def _configurability(context: Context) -> Measure:
    """Number of hyper-parameters that are named and read by some line."""
    values = [item for owner in context.analysis.facts.configuration.tables for item in owner.values if item.used_at]
    return float(len(values)), tuple(item.where for item in values), {"part": len(values)}


def _training(context: Context) -> Measure:
    """Number of distinct things that the training loop does beside forward, backward and step."""
    features = {
        item.id: item.where for pipeline in context.analysis.facts.processes.training for item in pipeline.features
    }
    return float(len(features)), tuple(features.values()), {"part": len(features)}


def _inference(context: Context) -> Measure:
    processes = context.analysis.facts.processes
    trained = {(item.id, item.where) for pipeline in processes.training for item in pipeline.features}
    features = {  # what training does at the same line is none of inference's
        item.id: item.where
        for pipeline in processes.inference
        for item in pipeline.features
        if (item.id, item.where) not in trained
    }
    return float(len(features)), tuple(features.values()), {"part": len(features)}


def _reproducibility(context: Context) -> Measure:
    """Seeds, declared dependency versions, presets: how much of a run is pinned by the source."""
    training = context.analysis.facts.processes.training
    uncertain = {span for pipeline in training for span, _ in pipeline.seed_conditions}
    seeds = [span for pipeline in training for span in pipeline.seeds if span not in uncertain]
    pinned = [
        item.declared_at[0]
        for item in context.analysis.facts.structure.dependencies
        if item.version and item.declared_at
    ]
    presets = [item.where for item in context.analysis.facts.configuration.presets if item.layer != "command_line"]
    found = {"seeds": seeds, "pinned": pinned, "presets": presets}
    distinct = {name: tuple(dict.fromkeys(places)) for name, places in found.items()}
    evidence = tuple(span for name, places in distinct.items() for span in places[: MOST_COUNTED[name]])
    figures = {name: len(places) for name, places in distinct.items()} | {"points": len(evidence)}
    figures |= {f"most_{name}": most for name, most in MOST_COUNTED.items()}
    return float(len(evidence)), evidence, figures


def _truthfulness(context: Context) -> Measure:
    """Share of checked statements that agree with the code."""
    claims = context.analysis.findings.claims
    decided = [item for item in claims if item.verdict != "unknown"]
    agree = [item for item in decided if item.verdict == "agree"]
    return (
        _share(len(agree), len(decided)),
        tuple(item.where for item in decided),
        {"part": len(agree), "whole": len(decided), "stated": len(claims)},
    )


def _checked(context: Context) -> dict[str, float]:
    """How many statements were checked, and their share of those that a source could bear out at all."""
    claims = context.analysis.findings.claims
    decided = sum(item.verdict != "unknown" for item in claims)
    beyond = sum(item.reason in BEYOND_SOURCE for item in claims)
    return {"checked": float(decided), "coverage": _share(decided, len(claims) - beyond)}


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


MEASURES: dict[str, Callable[[Context], Measure]] = {
    "configurability": _configurability,
    "training": _training,
    "inference": _inference,
    "documentation": _documentation,
    "typing": _typing,
    "reproducibility": _reproducibility,
    "truthfulness": _truthfulness,
}
FURTHER: dict[str, Callable[[Context], dict[str, float]]] = {"truthfulness": _checked}
"""Measures beside the first, by the name of their thresholds."""
