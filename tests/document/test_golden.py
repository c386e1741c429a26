"""The whole text of the hand-made analysis, as it was last read and approved.

`pytest tests/document/test_golden.py --bless` writes the files anew; read the difference before committing.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from document_plain import document_text
from document_sample import sample_analysis

from analyzer.document.outline import build_report

GOLDEN = Path(__file__).parent / "golden"
CHOSEN = ("article", "docs/call_flow", "docs/study_guide", "docs/math/derivations", "docs/modules/model.Block")


@pytest.mark.parametrize("path", CHOSEN)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_document_reads_as_approved(path: str, language: str, request: pytest.FixtureRequest) -> None:
    documents = build_report(sample_analysis(), (), (language,)).documents
    text = document_text(next(item for item in documents if item.path == path))
    file = GOLDEN / f"{path.replace('/', '.')}.{language}.txt"
    if request.config.getoption("--bless"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
