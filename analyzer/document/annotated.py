"""The target's model code with a verified shape comment at the end of each line that binds a tensor."""

from __future__ import annotations

from analyzer.document.context import Context
from analyzer.records.document import ReportFile


def annotated_files(context: Context) -> tuple[ReportFile, ...]:
    return ()
