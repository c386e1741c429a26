"""The documents beside the article, in the order in which the index lists them."""

from __future__ import annotations

from analyzer.document.context import Context
from analyzer.records.document import Document


def build_companions(context: Context) -> tuple[Document, ...]:
    """Every companion in the language of the context."""
    return ()
