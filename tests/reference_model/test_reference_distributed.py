"""Two processes under torchrun train the model that one process trains with the whole batch, and resume exactly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from reference_model.__main__ import main
from reference_model.checkpoint import load_model
from reference_model.distributed import Team
from reference_model.errors import UserError
from reference_model.train import resume_run

CPU = torch.device("cpu")
OPTIONS = [
    "--device", "cpu", "--accumulation", "2", "--schedule", "constant", "--eval-interval", "10",
    "--checkpoint-interval", "10",
]  # fmt: skip
PROGRAM = """
import sys
import torch
from reference_model.__main__ import main
folder, *options = sys.argv[1:]
torch.set_num_threads(1)
assert main(["train", "--out", folder + "/whole", "--steps", "4", "--batch-size", "2", *options]) == 0
assert main(["train", "--out", folder + "/parts", "--steps", "2", "--batch-size", "2", *options]) == 0
torch.manual_seed(999)
assert main(["train", "--resume", folder + "/parts/checkpoint.pt", "--steps", "4", "--device", "cpu"]) == 0
"""


def test_two_processes_equal_one_with_the_whole_batch(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*command, str(tmp_path / "program.py"), str(tmp_path), *OPTIONS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("step 2 of 4") == 1  # the leader alone reports
    whole, _ = load_model(tmp_path / "whole" / "checkpoint.pt", CPU)
    parts, _ = load_model(tmp_path / "parts" / "checkpoint.pt", CPU)
    assert main(["train", "--out", str(tmp_path / "one"), "--steps", "4", "--batch-size", "4", *OPTIONS]) == 0
    alone, _ = load_model(tmp_path / "one" / "checkpoint.pt", CPU)
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, parts.state_dict()[name]), name
        torch.testing.assert_close(weight, alone.state_dict()[name], rtol=1e-3, atol=2e-5)
    with pytest.raises(UserError, match="trained by 2 processes and this one has 1"):
        resume_run(tmp_path / "parts" / "checkpoint.pt", CPU, Team())
