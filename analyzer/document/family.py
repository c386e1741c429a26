"""What sort of model this is, so that the chapters speak its language: derived from inputs, outputs and techniques.

It reads ranks, dtypes and names of sizes of the traced call, the techniques that were found, and the packages that
the code imports; names of files and classes play no part.
"""

from __future__ import annotations

import re
from typing import Literal

from analyzer.records.bundles import Analysis
from analyzer.records.evidence import Known
from analyzer.records.shown_model import main_model, shown_model
from analyzer.records.tensors import Dim, ModelShapes, TensorSpec, Trace

Family = Literal[
    "language_model", "text_model", "diffusion", "image_classifier", "image_encoder", "image_to_image",
    "image_generator", "speech",
    "audio", "image_text", "sequence", "vector", "unknown",
]  # fmt: skip
INTEGER_TYPES = {"int64", "int32", "int16", "uint8", "long"}
READERS_OF_SOUND = {"torchaudio", "librosa", "soundfile", "audioread", "julius", "sounddevice", "pyworld"}
FRAMEWORKS = {"torch", "torchvision", "lightning", "pytorch_lightning", "transformers", "timm", "accelerate", "fairseq"}
VOCABULARY = re.compile(r"vocab", re.IGNORECASE)
LEFT_TO_RIGHT = {
    "causal_mask", "kv_cache", "greedy_decoding", "beam_search", "top_k", "top_p", "temperature", "min_p",
    "repetition_penalty", "speculative_decoding",
}  # fmt: skip
"""Techniques of models that tell the next token from those before it."""
CLASSES = re.compile(r"class|label", re.IGNORECASE)


def derive_family(analysis: Analysis) -> Family:
    """The family of the main model, or of the largest part of it that could be called; else `unknown`."""
    model = main_model(analysis.shapes.models)
    if model is not None and not any(trace.output for trace in model.traces):
        model = _part_of(model, shown_model(analysis.shapes.models))
    trace = model.traces[0] if model and model.traces else None
    if trace is None or not trace.output:
        return "unknown"
    inputs = [item.value for item in trace.inputs if isinstance(item.value, TensorSpec)]
    ranks = {len(spec.shape) for spec in inputs if not is_integer(spec)}
    tokens = any(is_integer(spec) and len(spec.shape) == 2 for spec in inputs)
    if 4 in ranks:
        return _of_images(analysis, trace, tokens)
    if tokens and 3 in ranks:
        return "speech" if hears(analysis) else "sequence"
    if tokens:
        return "language_model" if _scores_next_tokens(analysis, model, trace.output[0]) else "text_model"
    if hears(analysis):
        return "audio"
    if 3 not in ranks and _is_image(trace.output[0]):
        return "image_generator"
    return "sequence" if 3 in ranks else "vector"


def _is_image(spec: TensorSpec) -> bool:
    """Grey, coloured or transparent: one, three or four channels before height and width."""
    return not is_integer(spec) and len(spec.shape) == 4 and spec.shape[1].value in (1, 3, 4)


def _part_of(whole: ModelShapes, shown: ModelShapes | None) -> ModelShapes | None:
    """The model that the article tells instead, where the whole is made of it; anything else says nothing of it."""
    waiting = [whole.tree] if whole.tree else []
    while waiting and shown is not None:
        node = waiting.pop()
        if node.defined_at == shown.where:
            return shown
        waiting += node.children
    return None


def _of_images(analysis: Analysis, trace: Trace, tokens: bool) -> Family:
    """Families of models that read tensors of rank four."""
    if "diffusion_schedule" in _used(analysis):
        return "diffusion"
    if tokens:
        return "image_text"
    if not trace.output or len(trace.output[0].shape) != 2:
        return "image_to_image"
    return "image_classifier" if _scores_classes(analysis, trace.output[0].shape[-1]) else "image_encoder"


def _scores_next_tokens(analysis: Analysis, model: ModelShapes | None, output: TensorSpec) -> bool:
    """Whether the output has one entry per entry of the vocabulary, and the code looks back only, or decodes."""
    entries = embedding_size(model) if model else None
    size = output.shape[-1] if output.shape else Dim(None)
    scores = entries is not None and size.value == entries[0]
    return (scores or VOCABULARY.search(size.expression or "") is not None) and bool(LEFT_TO_RIGHT & _used(analysis))


def _scores_classes(analysis: Analysis, size: Dim) -> bool:
    """Whether the source calls the entries of the output classes: the size or a setting of its value is named so, or
    a cross-entropy is taken.
    """
    if CLASSES.search(size.expression or "") or "cross_entropy_loss" in _used(analysis):
        return True
    values = (item for table in analysis.facts.configuration.tables for item in table.values)
    named = (item.value for item in values if CLASSES.search(item.name))
    return any(isinstance(found, Known) and type(found.value) is int and found.value == size.value for found in named)


def _used(analysis: Analysis) -> set[str]:
    return {found.sheet_id for found in analysis.findings.techniques if found.in_use}


def hears(analysis: Analysis) -> bool:
    """Whether the code reads sound: it imports a package for that, or computes features of raw signals."""
    structure = analysis.facts.structure
    imported = {item.name for item in structure.dependencies if item.imported_at}
    rules = {evidence.rule for role in structure.roles for evidence in role.evidence}
    return bool(imported & READERS_OF_SOUND) or "extracts_features" in rules


def spoken_family(analysis: Analysis, family: Family) -> str:
    """The family as it is said; code of which no model is known is no PyTorch project where it imports none of it."""
    imported = {item.name for item in analysis.facts.structure.dependencies if item.imported_at}
    return "python" if family == "unknown" and imported and not imported & FRAMEWORKS else family


def is_integer(spec: TensorSpec) -> bool:
    return spec.dtype in INTEGER_TYPES


def embedding_size(model: ModelShapes) -> tuple[int, int] | None:
    """(entries, width) of the embedding that reads the model's integer input."""
    for module in model.modules:
        if module.class_name == "Embedding" and module.detail:
            numbers = [part.strip() for part in module.detail.split(",")[:2]]
            if all(part.isdigit() for part in numbers):
                return int(numbers[0]), int(numbers[1])
    return None
