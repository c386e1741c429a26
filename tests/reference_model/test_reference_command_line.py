"""`python -m reference_model`: the two commands end to end, and one line for each wrong input."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from reference_model.__main__ import main

SHORT = ["--steps", "4", "--batch-size", "2", "--eval-interval", "2", "--checkpoint-interval", "2"]


def test_train_then_generate_then_resume(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--out", str(tmp_path), "--device", "cpu", *SHORT]) == 0
    assert "748,416 parameters on cpu" in capsys.readouterr().out
    checkpoint = str(tmp_path / "checkpoint.pt")
    sample = ["generate", "--checkpoint", checkpoint, "--max-new-tokens", "20", "--prompt", "Light", "--device", "cpu"]
    assert main(sample) == 0
    text = capsys.readouterr().out
    assert text.startswith("Light")
    assert len(text) == len("Light") + 20 + len("\n")
    assert main([*sample, "--no-cache"]) == 0
    assert capsys.readouterr().out == text
    assert main(["train", "--resume", checkpoint, "--steps", "6", "--device", "cpu"]) == 0
    assert "step 4 of 6" in capsys.readouterr().out
    tune = ["--start-from", checkpoint, "--lora-rank", "2", "--out", str(tmp_path / "tuned"), *SHORT]
    assert main(["train", *tune, "--device", "cpu"]) == 0
    tuned = str(tmp_path / "tuned" / "checkpoint.pt")
    assert "step 0 of 4" in capsys.readouterr().out
    assert main(["train", "--resume", tuned, "--lora-rank", "3", "--device", "cpu"]) == 2
    assert "has its rank already" in capsys.readouterr().err


def test_generate_searches_beams_stops_at_a_text_and_converses(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = ["generate", "--device", "cpu", "--prompt", "The Rays of"]
    assert main([*base, "--beams", "3", "--max-new-tokens", "12"]) == 0
    assert capsys.readouterr().out.startswith("The Rays of ")
    assert main([*base, "--max-new-tokens", "200", "--stop", " ", "--stop", "e"]) == 0
    continued = capsys.readouterr().out.removeprefix("The Rays of").rstrip("\n")
    assert " " not in continued and "e" not in continued
    monkeypatch.setattr("sys.stdin", io.StringIO("Light\n/temperature 0\nLight\n/quit\n"))
    assert main([*base, "--interactive", "--max-new-tokens", "9"]) == 0
    assert capsys.readouterr().out.count("\n> Light") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--corpus", "{folder}/absent"], "neither a name"),
        (["train", "--corpus", "{folder}/empty.txt"], "holds no text"),
        (["train", "--corpus", "{folder}/one.txt"], "fewer than the 129"),
        (["train", "--steps", "0"], "steps must be at least 1"),
        (["train", "--device", "toaster"], "device 'toaster'"),
        (["train", "--out", "{folder}/one.txt/below"], "cannot be made"),
        (["train", "--resume", "{folder}/absent.pt"], "no such checkpoint"),
        (["generate", "--checkpoint", "{folder}/one.txt"], "no readable checkpoint"),
        (["generate", "--temperature", "-1"], "temperature must be 0 or more"),
        (["generate", "--beams", "2", "--max-new-tokens", "200"], "exceed the context length 128"),
        (["generate", "--prompt", "漢"], "is not among the 78 characters"),
        (["train", "--resume", "{folder}/absent.pt", "--lora-rank", "2"], "no such checkpoint"),
        (["train", "--lora-rank", "2"], "name a checkpoint with --start-from"),
    ],
)
def test_wrong_input_gives_one_line_and_exit_code_2(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "one.txt").write_text("x")
    given = [argument.format(folder=tmp_path) for argument in arguments]
    if given[0] == "train" and "--out" not in given:
        given += ["--out", str(tmp_path / "out")]
    assert main(given) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1


COMMANDS = ("train", "generate", "lab", "bench", "tune", "quantize", "serve", "data", "assess")


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=str)
def test_help_answers_without_torch(command: list[str]) -> None:
    code = (
        "import runpy, sys; sys.argv = ['reference_model', *sys.argv[1:]]\n"
        "try: runpy.run_module('reference_model', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code, *command, "--help"], capture_output=True, text=True, check=True)
    assert "usage: python -m reference_model" in done.stdout
