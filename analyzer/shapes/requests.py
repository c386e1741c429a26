"""What a worker is asked: which model, how it may be built, what is called. Plain records, no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzer.records.source import Span
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.input_spec import InputSpec


@dataclass(frozen=True)
class ModelRequest:
    """Which model, how it may be built, and what is asked of it."""

    class_name: str
    qualified_name: str
    where: Span
    builds: tuple[BuildPlan, ...]
    main: bool = False
    inputs: tuple[InputSpec, ...] | None = None
    """Given by the user; None: derived; empty: built and counted only."""
    method: str = "forward"
    training: bool = False
    effort: Effort = "full"
    absent_files: bool = False
    """Whether files that the repository does not hold are taken as not there, as in a fresh checkout."""


Effort = Literal["full", "brief", "numeric", "count"]
"""All modes and every repair of probes; one mode and few probes; one mode, sizes without names; built and counted."""
