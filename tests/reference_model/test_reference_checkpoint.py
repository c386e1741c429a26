"""What a checkpoint refuses, and that saving never harms the one before."""

from __future__ import annotations

import errno
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from reference_model import checkpoint
from reference_model.checkpoint import FORMAT, Run, load_model, save_checkpoint
from reference_model.config import ModelConfig, TrainingConfig
from reference_model.errors import UserError
from reference_model.metrics import Metrics, drop_metrics_from, report
from reference_model.tokenizer import CharacterTokenizer
from reference_model.train import start_run

CPU = torch.device("cpu")
SMALL = ModelConfig(context_length=8, d_model=16, n_layers=1, n_heads=2, n_kv_heads=1, d_ff=16)


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Run]:
    run = start_run(SMALL, TrainingConfig(), "a test", CharacterTokenizer.from_text("hello world"), CPU)
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, run)
    return path, run


def test_a_saved_model_loads_equal_with_its_tokenizer(saved: tuple[Path, Run]) -> None:
    path, run = saved
    model, tokenizer = load_model(path, CPU)
    assert model.config == run.model.config
    assert tokenizer.content() == run.tokenizer.content() == {"characters": " dehlorw"}
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), run.model.parameters(), strict=True))
    assert model.head.weight is model.token_embedding.weight


def change(path: Path, **entries: Any) -> None:
    content = torch.load(path, weights_only=True)
    torch.save(content | entries, path)


class RunsCode:
    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("pickled code ran",))


def test_pickled_code_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, write in (
        ("zip.pt", lambda path: torch.save({"format": FORMAT, "x": RunsCode()}, path)),
        ("bare.pt", lambda path: path.write_bytes(pickle.dumps(RunsCode()))),
    ):
        write(tmp_path / name)
        with pytest.raises(UserError, match="no readable checkpoint"):
            load_model(tmp_path / name, CPU)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_a_truncated_checkpoint_is_refused(keep: float, saved: tuple[Path, Run]) -> None:
    path, _ = saved
    content = path.read_bytes()
    path.write_bytes(content[: int(keep if keep >= 1 else keep * len(content))])
    with pytest.raises(UserError, match="no readable checkpoint"):
        load_model(path, CPU)


@pytest.mark.parametrize("content", [{"weights": torch.zeros(2)}, [1, 2], {"format": "other/1"}], ids=str)
def test_a_foreign_checkpoint_is_refused(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "foreign.pt")
    with pytest.raises(UserError, match="no checkpoint of this program"):
        load_model(tmp_path / "foreign.pt", CPU)


@pytest.mark.parametrize(
    ("entry", "value"),
    [("characters", "ab"), ("model", {}), ("model_config", {"unknown": 1}), ("model_config", {"d_model": 64})],
    ids=str,
)
def test_a_checkpoint_whose_parts_do_not_fit_is_refused_in_one_line(
    entry: str, value: Any, saved: tuple[Path, Run]
) -> None:
    path, _ = saved
    change(path, **{entry: value})
    with pytest.raises(UserError, match=r"damaged|do not fit") as caught:
        load_model(path, CPU)
    assert "\n" not in str(caught.value)


def test_a_missing_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such checkpoint"):
        load_model(tmp_path / "absent.pt", CPU)


def test_a_full_disk_leaves_the_old_checkpoint_whole(saved: tuple[Path, Run], monkeypatch: pytest.MonkeyPatch) -> None:
    path, run = saved
    before = path.read_bytes()

    def writes_half(content: Any, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint.torch, "save", writes_half)
    with pytest.raises(UserError, match=r"No space left on device\); an older checkpoint there is untouched"):
        save_checkpoint(path, run)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["checkpoint.pt"]


def test_a_write_that_torch_fails_on_is_explained(saved: tuple[Path, Run], monkeypatch: pytest.MonkeyPatch) -> None:
    path, run = saved

    def fails(content: Any, target: Path) -> None:
        raise RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 64 vs 0")

    monkeypatch.setattr(checkpoint.torch, "save", fails)
    with pytest.raises(UserError, match="unexpected pos 64"):
        save_checkpoint(path, run)
    monkeypatch.setattr(checkpoint, "SMALLEST_ROOM", 1 << 62)  # as if the disk were full
    with pytest.raises(UserError, match="no space is left on the device"):
        save_checkpoint(path, run)


@pytest.mark.parametrize("content", [b"a", b"{}", b"\x80\x04.", b"PK\x03\x04", b"the quick brown fox"], ids=repr)
def test_any_other_file_is_no_checkpoint(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "some.pt").write_bytes(content)
    with pytest.raises(UserError, match="no readable checkpoint"):
        load_model(tmp_path / "some.pt", CPU)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device that is always full is Linux's")
def test_metrics_on_a_full_disk_end_the_run_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").symlink_to("/dev/full")
    measured = Metrics(0, 1.0, 1.0, 0.1, 0.0, {}, 1.0, 1.0, 0.0, 0.0, 0.0)
    with pytest.raises(UserError, match="No space left on device; the last checkpoint is kept"):
        report(measured, tmp_path / "metrics.jsonl")


def test_metrics_that_cannot_be_shortened_stay_whole(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 0}\n{"step": 10}\n')
    path.with_suffix(".partial").mkdir()
    with pytest.raises(UserError, match="it is untouched"):
        drop_metrics_from(path, 10)
    assert path.read_text() == '{"step": 0}\n{"step": 10}\n'
