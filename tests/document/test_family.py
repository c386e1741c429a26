"""The family follows from ranks, dtypes and techniques of the traced call, never from names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from document_sample import empty_analysis, sample_analysis

from analyzer.document.context import Context
from analyzer.document.family import derive_family, embedding_size, spoken_family
from analyzer.document.knowledge import field_of
from analyzer.document.wording import Words
from analyzer.records.bundles import Analysis
from analyzer.records.source import Span
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
        ([spec("float32", 2)], spec("float32", 4), (), "image_generator"),
        ([spec("float32", 2)], TensorSpec((Dim(2), Dim(64), Dim(8), Dim(8)), "float32"), (), "vector"),
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


def part_and_whole(node_at: str) -> Analysis:
    """A generator that was called, and a whole that was only counted; `node_at` is the class in the whole's tree."""
    analysis = analysis_with([spec("float32", 2)], spec("float32", 4))
    part = analysis.shapes.models[0]
    assert part.tree is not None
    place = part.where if node_at == "part" else replace(part.where, first_line=1)
    child = replace(part.tree, path="G", name="G", defined_at=place, children=())
    tree = replace(part.tree, defined_at=None, children=(child,))
    whole = replace(part, class_name="Whole", traces=(), tree=tree)
    return replace(analysis, shapes=replace(analysis.shapes, models=(whole, replace(part, main=False))))


@pytest.mark.parametrize(("node_at", "family"), [("part", "image_generator"), ("other", "unknown")])
def test_a_whole_that_cannot_be_called_is_what_its_part_is(node_at: str, family: str) -> None:
    assert derive_family(part_and_whole(node_at)) == family


@pytest.mark.parametrize(("techniques", "source"), [((), None), (("hinge_loss",), "Generative Adversarial Networks")])
def test_a_history_is_that_of_the_family_or_none(techniques: tuple[str, ...], source: str | None) -> None:
    context = Context(analysis_with([spec("float32", 2)], spec("float32", 4)), Words("en"))
    context.__dict__["used_techniques"] = tuple(TechniqueFinding(name, (), "") for name in techniques)
    context.__dict__["sheets"] = {}
    field = field_of(context)
    assert (field.citation.title if field.citation else None) == source
    assert (field.background is None) == (source is None)


def test_an_encoder_of_text_has_the_history_of_encoders() -> None:
    context = Context(analysis_with([spec("int64", 2)], SCORES), Words("en"))
    field = field_of(context)
    assert context.family == "text_model"
    assert field.citation is not None and field.citation.title.startswith("BERT")


@pytest.mark.parametrize(
    ("names", "said"), [(("numpy", "scipy"), "python"), (("numpy", "torch"), "unknown"), ((), "unknown")]
)
def test_code_that_imports_no_torch_is_no_pytorch_project(names: tuple[str, ...], said: str) -> None:
    analysis, where = empty_analysis(), Span("a.py", 1, 1)
    packages = tuple(Dependency(name, name, (where,)) for name in names)
    structure = replace(analysis.facts.structure, dependencies=packages)
    analysis = replace(analysis, facts=replace(analysis.facts, structure=structure))
    assert spoken_family(analysis, derive_family(analysis)) == said
