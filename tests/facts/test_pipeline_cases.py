"""Small repositories, one per idiom of training and inference: all their facts, under other names too."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from analyzer.index import SourceIndex, open_repository
from tests.facts.listed_pipelines import derive, listed
from tests.facts.renamed import rename_repository

Write = Callable[[Mapping[str, str]], SourceIndex]
CASES = sorted(path for path in (Path(__file__).parent.parent / "cases" / "pipelines").iterdir() if path.is_dir())
INTERFACES = frozenset({
    "batch_size", "configure_optimizers", "train_dataloader", "val_dataloader", "validation_step", "predict_step",
    "test_step", "compute_loss", "loss", "hparams", "optimizer_step", "automatic_optimization", "model", "benchmark",
    "deterministic", "requires_grad",
})  # fmt: skip
"""Names that belong to libraries and also occur as own names."""


def sources_of(case: Path) -> dict[str, str]:
    return {p.relative_to(case).as_posix(): p.read_text() for p in sorted(case.rglob("*")) if p.suffix == ".py"}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_all_facts_of_the_idiom_are_found(case: Path, pytestconfig: pytest.Config) -> None:
    expected = case / "expected.txt"
    found = listed(derive(open_repository(str(case))))
    if pytestconfig.getoption("--bless"):
        expected.write_text(found)
    assert found == expected.read_text(), f"{expected} differs; look at it, then pytest --bless"


def shape_of(text: str) -> list[str]:
    """Kinds, depths, lines and values without the names that a repository chooses."""
    lines = [re.sub(r"[\w/]+\.py(:[A-Za-z_][\w.]*)?", "FILE", line) for line in text.splitlines()]
    lines = [re.sub(r" if .*| weight=.*| shape=\(.*\)|(?<=update_per_process ).*(?= = )", "", line) for line in lines]
    lines = [
        re.sub(r"(?<=  loss )\S.*?(?= FILE)", "TERM", line) if "loss torch.nn." not in line else line for line in lines
    ]
    lines = [re.sub(r"(?<=data )\S+|[\w.]+(?==)", "NAME", line) for line in lines]
    return sorted(lines)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_other_names_change_nothing(case: Path, tmp_path: Path) -> None:
    plain, renamed, _ = rename_repository(sources_of(case), INTERFACES)
    texts = []
    for name, sources in (("plain", plain), ("renamed", renamed)):
        for path, text in sources.items():
            place = tmp_path / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        texts.append(listed(derive(open_repository(str(tmp_path / name)))))
    assert shape_of(texts[0]) == shape_of(texts[1])


CHANGES = [
    ("lightning", "train.py", "rate=2e-3", "rate=5e-3", ["optimizer"]),
    ("lightning", "train.py", "accumulate_grad_batches=4", "accumulate_grad_batches=3",
     ["feature gradient_accumulation", "derived", "settings"]),
    ("lightning", "nets.py", '{"optimizer": optimizer, "lr_scheduler": scheduler}',
     '{"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}',
     ["stage . . schedule", "stage . schedule"]),
    ("hf_trainer", "train.py", "max_grad_norm=0.5", "max_grad_norm=0.0",
     ["feature gradient_clipping", "settings", "stage . . clip"]),
    ("hf_trainer", "weighted.py", "max_grad_norm=0, ", "", ["settings", "stage . . clip"]),
    ("accelerate", "train.py", "Trainer(every=2)", "Trainer(every=5)", ["feature gradient_accumulation", "derived"]),
    ("distillation", "distil.py", "share * temperature**2 * soft", "soft", ["loss"]),
    ("amp", "scaled.py", "momentum=0.9", "momentum=0.8", ["optimizer"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "path", "old", "new", "changed"), CHANGES)
def test_one_change_changes_exactly_the_facts_that_rest_on_it(
    repository: Write, name: str, path: str, old: str, new: str, changed: list[str]
) -> None:
    sources = sources_of(next(case for case in CASES if case.name == name))
    assert old in sources[path]
    after = listed(derive(repository(sources | {path: sources[path].replace(old, new)}))).splitlines()
    before = (Path(CASES[0].parent) / name / "expected.txt").read_text().splitlines()
    differing = {line.strip() for line in {*before} ^ {*after}}
    kinds = {kind for line in differing for kind in changed if line.startswith(f"{kind} ")}
    assert kinds == set(changed)
    assert not [line for line in differing if not line.startswith(tuple(f"{kind} " for kind in changed))]
