"""`deepdive analyze --execute`: asked for in so many words, announced, marked, and no part of what is checked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from jsonschema import Draft202012Validator

from analyzer.render import facts_schema

NET = """
from torch import nn

class Net(nn.Module):
    def __init__(self, width: int = 8):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 2))

    def forward(self, x):
        B, D = x.shape
        return self.body(x)
"""


def deepdive(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "analyzer", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300, check=False)


def test_a_settings_file_cannot_ask_for_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.deepdive]\nexecute = true\n", encoding="utf-8")
    done = deepdive("analyze", cwd=tmp_path)
    assert done.returncode == 2
    assert "unknown key 'execute'" in done.stderr


def test_the_report_shows_the_run_beside_what_was_derived(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "net.py").write_text(NET, encoding="utf-8")
    done = deepdive("analyze", "net", "--execute", "-q", "--lang", "en", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "runs this repository's own code on this machine" in done.stderr
    assert "executed Net: 15 agree, 0 differ, 0 cannot be told" in done.stderr
    facts = json.loads((tmp_path / "out/net/facts.json").read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(facts_schema()).iter_errors(facts)] == []
    (run,) = facts["executions"]
    assert run["how"] == "executed" and run["model"] == "Net"
    assert {item["verdict"] for item in run["totals"]} == {"agree"}
    article = (tmp_path / "out/net/article.en.md").read_text(encoding="utf-8")
    assert "This run was asked for with `--execute`" in article
    assert "| `body.2` | `(2, 8) → (2, 2)` | `(2, 8) → (2, 2)` | agrees |" in article
    checked = deepdive("check", "out/net", "--repo", "net", "--rederive", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout
