"""Schemas of operators that a package registers fakes for while the wheel here lacks the operators themselves."""

from __future__ import annotations

import torch

SCHEMAS = {
    "torchvision": (
        "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
        "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    ),
}
_declared: list[torch.library.Library] = []


def declare_missing_operators() -> None:
    """Let such packages be imported; a model that really calls one of these operators fails there."""
    for namespace, schemas in SCHEMAS.items():
        if _declared or hasattr(getattr(torch.ops, namespace), schemas[0].partition("(")[0]):
            continue
        library = torch.library.Library(namespace, "DEF")
        for schema in schemas:
            library.define(schema)
        _declared.append(library)
