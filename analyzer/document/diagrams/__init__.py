"""The drawings of a report, each derived from the analysis; one that has nothing to show is left out."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.document.diagrams import (
    architecture,
    curves,
    details,
    files,
    interiors,
    modes,
    overrides,
    pipelines,
    shares,
)
from analyzer.document.diagrams.describe import without_examples
from analyzer.document.diagrams.layout import lay_out
from analyzer.records.bundles import Analysis
from analyzer.records.diagrams import Diagram

BUILDERS: tuple[Callable[[Analysis], tuple[Diagram, ...]], ...] = (
    architecture.build,
    files.build,
    interiors.build,
    details.build,
    shares.build,
    overrides.build,
    pipelines.build,
    curves.learning_rate,
    modes.build,
    curves.cache_growth,
)


def build_diagrams(analysis: Analysis) -> tuple[Diagram, ...]:
    """All drawings with their coordinates, in the order of the chapters."""
    open_sizes = {size.value for model in analysis.shapes.models[:1] for size in model.unstated}
    named = {path: times for model in analysis.shapes.models[:1] for path, times in model.repetitions}
    drawn = (diagram for build in BUILDERS for diagram in build(analysis))
    return tuple(lay_out(without_examples(diagram, open_sizes, named) if open_sizes else diagram) for diagram in drawn)


__all__ = ["build_diagrams", "lay_out"]
