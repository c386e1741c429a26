"""The family follows from ranks, dtypes and techniques of the traced call, never from names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_sample import empty_analysis, sample_analysis

from analyzer.document.family import derive_family, embedding_size
from analyzer.records.bundles import Analysis
from analyzer.records.structure import Dependency
from analyzer.records.techniques import TechniqueFinding
from analyzer.records.tensors import Dim, ModelInput, TensorSpec


def spec(dtype: str, rank: int) -> TensorSpec:
    return TensorSpec(tuple(Dim(size + 2) for size in range(rank)), dtype)


SCORES = TensorSpec((Dim(2, "B"), Dim(3, "T"), Dim(50)), "float32")
NAMED_SCORES = TensorSpec((Dim(2, "B"), Dim(3, "T"), Dim(None, "vocab_size")), "float32")


def analysis_with(inputs: list[TensorSpec], output: TensorSpec, techniques: tuple[str, ...] = ()) -> Analysis:
    sample = sample_analysis()
    model = sample.shapes.models[0]
    arguments = tuple(ModelInput(f"x{at}", value, "user") for at, value in enumerate(inputs))
    trace = replace(model.traces[0], inputs=arguments, output=(output,))
    shapes = replace(sample.shapes, models=(replace(model, traces=(trace,)),))
    findings = replace(sample.findings, techniques=tuple(TechniqueFinding(name, (), "") for name in techniques))
    return replace(sample, shapes=shapes, findings=findings)


@pytest.mark.parametrize(
    ("inputs", "output", "techniques", "family"),
    [
        ([spec("int64", 2)], SCORES, ("causal_mask",), "language_model"),
        ([spec("int64", 2)], SCORES, ("top_k",), "language_model"),
        ([spec("int64", 2)], SCORES, (), "text_model"),
        ([spec("int64", 2)], NAMED_SCORES, ("causal_mask",), "language_model"),
        ([spec("int64", 2)], spec("float32", 3), ("causal_mask",), "text_model"),
        ([spec("float32", 4)], spec("float32", 2), ("cross_entropy_loss",), "image_classifier"),
        ([spec("float32", 4)], spec("float32", 2), (), "image_encoder"),
        ([spec("float32", 4)], spec("float32", 4), (), "image_to_image"),
        ([spec("float32", 4), spec("float32", 1)], spec("float32", 4), ("diffusion_schedule",), "diffusion"),
        ([spec("float32", 3), spec("int64", 2)], spec("float32", 3), (), "sequence"),
        ([spec("float32", 4), spec("int64", 2)], spec("float32", 2), (), "image_text"),
        ([spec("float32", 3)], spec("float32", 3), (), "sequence"),
        ([spec("float32", 2)], spec("float32", 2), (), "vector"),
    ],
)
def test_family_of_a_call(
    inputs: list[TensorSpec], output: TensorSpec, techniques: tuple[str, ...], family: str
) -> None:
    assert derive_family(analysis_with(inputs, output, techniques)) == family


@pytest.mark.parametrize(
    ("inputs", "family"),
    [
        ([spec("float32", 3), spec("int64", 2)], "speech"),
        ([spec("float32", 3)], "audio"),
        ([spec("float32", 2)], "audio"),
        ([spec("int64", 2)], "text_model"),
    ],
)
def test_a_repository_that_reads_sound_is_told_as_one(inputs: list[TensorSpec], family: str) -> None:
    analysis = analysis_with(inputs, spec("float32", 3))
    package = Dependency("torchaudio", "torchaudio", (analysis.shapes.models[0].where,))
    structure = replace(analysis.facts.structure, dependencies=(package,))
    assert derive_family(replace(analysis, facts=replace(analysis.facts, structure=structure))) == family


@pytest.mark.parametrize(("size", "family"), [(Dim(7, "n_classes"), "image_classifier"), (Dim(7), "image_encoder")])
def test_an_output_is_class_scores_where_its_size_is_named_so(size: Dim, family: str) -> None:
    output = TensorSpec((Dim(2, "B"), size), "float32")
    assert derive_family(analysis_with([spec("float32", 4)], output)) == family


def test_without_a_trace_the_family_is_unknown() -> None:
    assert derive_family(empty_analysis()) == "unknown"


def test_embedding_size_is_read_from_the_module_that_embeds() -> None:
    assert embedding_size(sample_analysis().shapes.models[0]) == (50, 8)
