"""deepdive: reads the repository of a neural-network model and writes its deep-dive article.

Names resolve lazily (PEP 562) so that `deepdive --help` does not pay for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from analyzer.records.version import VERSION as __version__

if TYPE_CHECKING:
    from analyzer.analyze import AnalyzeOptions, analyze
    from analyzer.records.bundles import Analysis, Facts, Findings, Shapes
    from analyzer.records.evidence import Known, Unknown
    from analyzer.records.source import Span

__all__ = [
    "Analysis",
    "AnalyzeOptions",
    "Facts",
    "Findings",
    "Known",
    "Shapes",
    "Span",
    "Unknown",
    "__version__",
    "analyze",
]

_HOMES = {
    "Analysis": "analyzer.records.bundles",
    "AnalyzeOptions": "analyzer.analyze",
    "Facts": "analyzer.records.bundles",
    "Findings": "analyzer.records.bundles",
    "Known": "analyzer.records.evidence",
    "Shapes": "analyzer.records.bundles",
    "Span": "analyzer.records.source",
    "Unknown": "analyzer.records.evidence",
    "analyze": "analyzer.analyze",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'analyzer' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
