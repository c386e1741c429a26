"""What torch offers beside operators: assertions on sizes, marks for compilers, the homes of its classes."""

from __future__ import annotations

import pytest
import torch

from analyzer.evaluator import TargetRaised


def test_an_assertion_of_torch_decides_like_one_of_python(repository) -> None:  # type: ignore[no-untyped-def]
    source = """
import torch
def check(size):
    torch._assert(size == 3, f"{size} is not three")
    return size
"""
    interpreter = repository(source)
    assert interpreter.evaluate("model.py", "check(3)") == 3
    with pytest.raises(TargetRaised, match="4 is not three"):
        interpreter.evaluate("model.py", "check(4)")


def test_an_assertion_on_data_is_a_gap_and_the_rest_goes_on(repository) -> None:  # type: ignore[no-untyped-def]
    source = """
import torch
from torch import nn
class Net(nn.Module):
    def forward(self, x):
        torch._assert(x.sum() > 0, "nothing")
        return x + 1
"""
    interpreter = repository(source)
    recording = interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([2, 3])])
    assert recording.error is None
    assert [str(tensor) for tensor in recording.outputs] == ["float32[2, 3]"]
    assert [cause.reason for cause in recording.gaps] == ["depends_on_data"]


def test_marks_for_compilers_change_nothing(repository) -> None:  # type: ignore[no-untyped-def]
    source = """
import torch
torch.fx.wrap("double")
@torch.compiler.disable
def double(x):
    return 2 * x
@torch.compiler.disable(recursive=False)
def triple(x):
    return 3 * x
def both(x):
    with torch.amp.autocast("cuda", enabled=False):
        return double(x), triple(x), torch.jit.annotate(int, x), torch.compiler.is_compiling()
"""
    assert repository(source).evaluate("model.py", "both(2)") == (4, 6, 2, False)


@pytest.mark.parametrize("home", ["batchnorm.BatchNorm2d", "linear.Linear", "container.Sequential", "module.Module"])
def test_classes_are_found_in_their_own_file_too(home: str, repository) -> None:  # type: ignore[no-untyped-def]
    name = home.rpartition(".")[2]
    source = f"from torch import nn\nfrom torch.nn.modules.{home.rpartition('.')[0]} import {name}"
    assert repository(source).evaluate("model.py", f"{name} is nn.{name}") is True


@pytest.mark.parametrize("call", ["x.max(dim=1)", "torch.sort(x)", "x.topk(4)", "x.median(1)", "torch.linalg.qr(x)"])
def test_parts_of_a_result_have_names(repository, call) -> None:  # type: ignore[no-untyped-def]
    names = ("Q", "R") if "qr" in call else ("values", "indices")
    interpreter = repository(f"import torch\ndef parts(x):\n    y = {call}\n    return y.{names[0]}, y.{names[1]}\n")
    expected = eval(call, {"torch": torch, "x": torch.zeros(3, 4)})
    for given in (interpreter.tensor([3, 4]), torch.zeros(3, 4)):
        found = interpreter.evaluate("model.py", "parts(x)", {"x": given})
        assert [part.shape for part in found] == [part.shape for part in expected]


def test_overlapping_windows_are_strided_views(repository) -> None:  # type: ignore[no-untyped-def]
    source = """
from torch import nn
class Windows(nn.Module):
    def forward(self, x):
        batch, length, width = x.shape
        return x.as_strided((batch, length - 2, 3, width), (length * width, width, width, 1))
"""
    interpreter = repository(source)
    recording = interpreter.call(interpreter.build("model.py", "Windows()"), [interpreter.tensor([2, 6, 4])])
    assert [str(tensor) for tensor in recording.outputs] == ["float32[2, 4, 3, 4]"]
