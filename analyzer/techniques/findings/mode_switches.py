"""In which mode each side runs the model: the lines that switch it there, and not those that an evaluation in the
middle of training needs for itself. What a library does is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzer.records.processes import Pipeline
from analyzer.records.source import Span
from analyzer.techniques.findings.searches import called_readings, mode_switches
from analyzer.techniques.program import Program

RESTORED = "mode_restored"
_TO_TRAINING = re.compile(r"\.train\((?!\s*(mode\s*=\s*)?False)")
_TO_EVALUATION = re.compile(r"\.eval\(|\.train\((?!\s*\))(?!\s*(mode\s*=\s*)?True)")
_RECEIVER = re.compile(r"([\w.\[\]]+)\.(?:eval|train)\(")
Said = tuple[tuple[Span, ...], str]


def switched_mode(program: Program, pipeline: Pipeline, most: int) -> Said | None:
    """Lines with what they say, or the id of a sentence; None where nothing that is called switches."""
    staged = tuple(stage.where for stage in pipeline.stages if stage.kind == "mode")
    found = _wanted(program, pipeline, _by_function(program, pipeline), staged)
    if found is None:
        return None
    spans, said = found
    return spans[:most], said or "; ".join(dict.fromkeys(_quoted(program, span) for span in spans[:most]))


def _by_function(program: Program, pipeline: Pipeline) -> list[tuple[Span, ...]]:
    readings = called_readings(program, pipeline)
    return [spans for reading in readings if (spans := mode_switches(program, (reading,)))]


def _wanted(
    program: Program, pipeline: Pipeline, functions: Sequence[tuple[Span, ...]], staged: tuple[Span, ...]
) -> Said | None:
    """Lines of stages before others; of the training those that undo no evaluation before those that do."""
    every = tuple(dict.fromkeys((*staged, *(span for spans in functions for span in spans))))
    if pipeline.kind != "training":
        spans = [span for span in staged or every if _TO_EVALUATION.search(_quoted(program, span))]
        return (tuple(spans), "") if spans else (every, "") if every else None
    to_training = [span for span in every if _TO_TRAINING.search(_quoted(program, span))]
    restoring = [span for span in to_training if any(_undoes(program, span, earlier) for earlier in every)]
    plain = [span for span in to_training if span not in restoring]
    if plain or restoring:
        return (tuple(plain), "") if plain else (tuple(restoring), RESTORED)
    return (every, "") if every else None


def _undoes(program: Program, span: Span, earlier: Span) -> bool:
    """A switch of the same module to evaluation stands before it in the same function."""
    if earlier.path != span.path or earlier.first_line >= span.first_line:
        return False
    texts = _quoted(program, earlier), _quoted(program, span)
    one, two = (_RECEIVER.search(text) for text in texts)
    alike = one is not None and two is not None and one[1] == two[1] and _TO_EVALUATION.search(texts[0])
    return bool(alike) and _function_at(program, earlier) == _function_at(program, span)


def _function_at(program: Program, span: Span) -> str:
    """The innermost function around a line; empty at the top of a file."""
    around = [
        (getattr(reading.node, "lineno", 0), reading.qualified_name)
        for reading in program.readings
        if reading.path == span.path
        and getattr(reading.node, "lineno", 0) <= span.first_line <= (getattr(reading.node, "end_lineno", 0) or 0)
    ]
    return max(around, default=(0, ""))[1]


def _quoted(program: Program, span: Span) -> str:
    return " ".join(program.index.quote(span.path, span.first_line, span.last_line).split())
