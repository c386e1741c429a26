"""The documents beside the article, in the order in which the index lists them."""

from __future__ import annotations

from analyzer.document.companions import (
    architecture,
    call_flow,
    configuration,
    gallery,
    mathematics,
    module_documents,
    pictures,
    study_guide,
)
from analyzer.document.context import Context
from analyzer.records.document import Document


def build_companions(context: Context) -> tuple[Document, ...]:
    """Every companion in the language of the context."""
    return (
        architecture.build(context),
        call_flow.build(context),
        *configuration.build(context),
        *module_documents.build(context),
        mathematics.formulas_document(context),
        mathematics.derivations_document(context),
        pictures.overview_document(context),
        pictures.shapes_document(context),
        gallery.build(context),
        study_guide.build(context),
    )
