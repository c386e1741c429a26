"""The truth of line rows sees what every statement binds, and the comparison tells right from wrong."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
import torch

from analyzer.index import open_repository
from benchmarks.accuracy.claim import claim
from benchmarks.accuracy.line_truth import lines_of
from benchmarks.accuracy.lines import Lines, compare, varied
from benchmarks.accuracy.model_lists import Instance
from benchmarks.accuracy.programs import answer_of

NET = """
import torch
import torch.nn as nn


def halves(x, parts=2):
    first, *rest = x.chunk(parts, dim=-1)
    return first, rest


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.mix = nn.Linear(width, width)

    @torch.no_grad()
    def forward(self, x):
        x = x + self.mix(
            x,
        )
        self.last = x
        a, b = x.chunk(2, dim=-1)
        return torch.cat([b, a], dim=-1)


class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.blocks = nn.ModuleList([Block(width) for _ in range(2)])

    def forward(self, x):
        kept = []
        for block in self.blocks:
            x = block(x)
            kept += [x]
        first, rest = halves(x)
        total: torch.Tensor = first.sum(-1)
        total *= 2
        return {"total": total, "rest": rest}
"""
INPUT = "x: float32[B=2, T=5, 8]"


@pytest.fixture
def net(tmp_path: Path) -> ModuleType:
    path = tmp_path / "net.py"
    path.write_text(NET)
    spec = importlib.util.spec_from_file_location("net", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def truth(net: ModuleType, root: Path) -> dict[str, object]:
    model = net.Net()
    seen = lines_of(model, root, lambda: model(torch.zeros(2, 5, 8)))
    return {"lines": [[*site, [[[dtype, list(size)] for dtype, size in each] for each in kinds]]
                      for site, kinds in seen.items()]}  # fmt: skip


def said(root: Path) -> dict[str, object]:
    request = {"file": "net.py:Net", "build": "Net()", "inputs": [INPUT], "method": "forward", "training": False}
    return claim(open_repository(str(root)), {**request, "names": False})


def test_every_statement_of_the_source_is_seen_when_it_has_bound_its_targets(net: ModuleType, tmp_path: Path) -> None:
    rows = {(line, module, target): kinds for _, line, module, target, kinds in truth(net, tmp_path)["lines"]}
    whole, half = ["float32", [2, 5, 8]], ["float32", [2, 5, 4]]
    assert rows[17, "blocks.1", "x"] == [[whole]]
    assert rows[18, "blocks.1", "x"] == [[whole]]
    assert rows[21, "blocks.0", "self.last"] == [[whole]]
    assert rows[22, "blocks.0", "a"] == rows[22, "blocks.0", "b"] == [[half]]
    assert rows[23, "blocks.0", "return"] == [[whole]]
    assert rows[35, "", "kept"] == [[whole], [whole, whole]]
    assert rows[7, "", "rest"] == [[half]]
    assert rows[8, "", "return"] == [[half, half]]
    assert rows[38, "", "total"] == [[["float32", [2, 5]]]]
    assert rows[39, "", "return"] == [[["float32", [2, 5]], half]]


def test_the_analyzers_lines_are_all_right_and_none_is_left_out(net: ModuleType, tmp_path: Path) -> None:
    result = Lines()
    compare(result, said(tmp_path), truth(net, tmp_path))
    assert not result.wrong
    assert (result.absent, result.unsaid) == (0, 0)
    assert result.right > 20


def test_a_line_with_another_size_or_dtype_is_wrong(net: ModuleType, tmp_path: Path) -> None:
    real, claimed = truth(net, tmp_path), said(tmp_path)
    target = next(row["targets"]["a"] for row in claimed["lines"] if "a" in row["targets"])
    for change in ({"shape": [2, 5, 3]}, {"dtype": "float16"}):
        result = Lines()
        kept = dict(target)
        target.update(change)
        compare(result, claimed, real)
        target.update(kept)
        assert len(result.wrong) == 2


def test_torchlens_sees_the_operators_of_a_line(tmp_path: Path) -> None:
    """In a process of its own: TorchLens leaves torch wrapped behind it."""
    pytest.importorskip("torchlens")
    (tmp_path / "net.py").write_text(NET)
    request = {
        "path": [str(tmp_path)], "root": str(tmp_path), "module": "net", "build": "Net()", "inputs": [INPUT],
        "method": "forward", "training": False,
    }  # fmt: skip
    answer = answer_of("line_truth", json.dumps(request), 100)
    assert ["net.py", 22, "float32", [2, 5, 4]] in answer["operators"]
    assert ["net.py", 18, "float32", [2, 5, 8]] in answer["operators"]


def test_another_instance_has_another_batch_and_length() -> None:
    assert varied(Instance("Net()", ("x: float32[B=2, T=16, 3]", "y: int64[B]"))).inputs == (
        "x: float32[B=3, T=12, 3]",
        "y: int64[B]",
    )
