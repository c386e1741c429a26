"""Knowledge from outside the source: the history of a field and other models' sizes, each row with its citation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from analyzer.document.context import Context
from analyzer.document.family import Family, hears
from analyzer.document.wording import read_template
from analyzer.records.document import Line, Link, Plain
from analyzer.records.techniques import Citation, Text

FIELD_OF: dict[Family, str] = {
    "language_model": "language", "text_model": "encoder", "diffusion": "diffusion", "image_classifier": "vision",
    "image_encoder": "vision",
    "image_to_image": "dense", "speech": "speech", "audio": "audio", "image_text": "multimodal",
    "sequence": "sequence",
}  # fmt: skip
MARKS = {
    "adversarial": {"gradient_penalty", "hinge_loss", "relativistic_loss", "differentiable_augmentation"},
    "diffusion": {"diffusion_schedule", "classifier_free_guidance"},
    "multimodal": {"contrastive_loss"},
    "vision": {"patch_embedding", "class_token", "window_attention"},
    "language": {"causal_mask", "kv_cache", "rotary_position_embedding"},
}
"""Techniques that only one field uses, for models that could not be traced."""


@dataclass(frozen=True)
class Milestone:
    """A step in the history of a field; `techniques` are the ids that carry it into code."""

    year: int
    name: Text
    mark: Text
    citation: Citation
    techniques: tuple[str, ...]


@dataclass(frozen=True)
class PublishedModel:
    """A model with its size as its paper prints it; `parameters` is nought where the paper prints none."""

    name: Text
    parameters: int
    open: bool
    citation: Citation
    mark: Text


@dataclass(frozen=True)
class Field:
    """The history of a field; without a background where none of ours is that of the analysed model, and then its
    milestones are the sources of the techniques that were found.
    """

    background: Text | None
    citation: Citation | None
    milestones: tuple[Milestone, ...]
    models: tuple[PublishedModel, ...]


def field_of(context: Context) -> Field:
    """The history that belongs to the family of the analysed model."""
    name = _field_name(context)
    if name is None:
        return Field(None, None, _own_milestones(context), ())
    data = read_template("knowledge", name)
    sources = read_template("knowledge", "sources")
    return Field(
        _text(data["background"]),
        source(sources, data["background"]["source"]),
        tuple(_milestone(row, sources) for row in data["milestones"]),
        tuple(_model(row, sources) for row in data["models"]),
    )


def _field_name(context: Context) -> str | None:
    """The field of the family, or the one that techniques mark; none rather than one that may be another's."""
    if context.family in FIELD_OF:
        return FIELD_OF[context.family]
    found = {item.sheet_id for item in context.used_techniques}
    marked = next((field for field, marks in MARKS.items() if found & marks), None)
    if marked is not None:
        return marked
    return "audio" if hears(context.analysis) else None


def _own_milestones(context: Context) -> tuple[Milestone, ...]:
    """The oldest source of each technique that was found, by year."""
    rows = []
    for found in context.distinct(context.used_techniques):
        sheet = context.sheets[found.sheet_id]
        if sheet.sources:
            first = min(sheet.sources, key=lambda item: (item.year, item.label))
            rows.append(Milestone(first.year, sheet.name, Text("", ""), first, (sheet.id,)))
    return tuple(sorted(rows, key=lambda row: (row.year, row.name.en)))


def source(sources: dict[str, Any], key: str) -> Citation:
    row = sources[key]
    return Citation(row["label"], row["title"], row["year"], row["identifier"])


def citation(item: Citation) -> Line:
    """A citation as a link: `[Vaswani et al., 2017](…)`."""
    return (Link(f"{item.label}, {item.year}", address_of(item.identifier)),)


def address_of(identifier: str) -> str:
    """The web address of an arXiv id or DOI."""
    kind, _, rest = identifier.partition(":")
    return {"arXiv": f"https://arxiv.org/abs/{rest}", "doi": f"https://doi.org/{rest}"}.get(kind, identifier)


def full_citation(item: Citation) -> Line:
    return (Plain(f"{item.label} ({item.year}). {item.title}. "), Link(item.identifier, address_of(item.identifier)))


def _milestone(row: dict[str, Any], sources: dict[str, Any]) -> Milestone:
    cited = source(sources, row["source"])
    return Milestone(cited.year, _name(row), _text(row), cited, tuple(row.get("techniques", ())))


def _model(row: dict[str, Any], sources: dict[str, Any]) -> PublishedModel:
    return PublishedModel(_name(row), row.get("parameters", 0), row["open"], source(sources, row["source"]), _text(row))


def _name(row: dict[str, Any]) -> Text:
    return Text(row["name"], row.get("name_zh", row["name"]))


def _text(row: dict[str, Any]) -> Text:
    return Text(row["en"], row["zh"])
