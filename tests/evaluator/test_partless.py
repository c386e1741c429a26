"""An unknown attribute leaves the totals of a model open only if it may be a module or a parameter."""

import pytest

from analyzer.evaluator.values import UnknownValue

NET = """
import torch
import torch.nn as nn
import scipy
import elsewhere
from transformers import CLIPTokenizer
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 3)
        {body}
"""
PARTLESS = [
    "self.flag = torch.rand(1).item() > 0.5",
    "self.flag = not elsewhere.f()",
    "self.name = f'{elsewhere.x}'",
    "self.rate = elsewhere.x / 2",
    "self.count = len(elsewhere.x)",
    "n = elsewhere.f(); self.table = torch.zeros(n, 3)",
    "self.window = scipy.signal.get_window('hann', 8)",
    "window = scipy.signal.get_window('hann', 8); self.half = window.astype('f') * 2",
    "self.window = torch.tensor(scipy.signal.get_window('hann', 8))",
    "self.parts = [scipy.f(), {'a': scipy.g()}]",
    "self.optimizer = torch.optim.Adam(self.first.parameters(), lr=1e-3)",
    "self.tokenizer = CLIPTokenizer.from_pretrained('x')",
]
OPEN = [
    "self.average = torch.optim.swa_utils.AveragedModel(self.first)",
    "self.net = elsewhere.Net()",
    "self.net = nn.Linear(scipy.count(), 3)",
    "self.weight = nn.Parameter(torch.zeros(scipy.count()))",
    "self.act = getattr(nn, scipy.name())()",
    "self.net = [nn.Linear(2, 2), nn.Linear(3, 3)][scipy.count()]",
    "self.net = nn.Linear(3, 3) if scipy.count() > 2 else None",
    "self.net = scipy.count() and nn.Linear(3, 3)",
    "layers = [nn.Linear(2, 2)] * scipy.count(); self.net = layers[0]",
    "layers = list(elsewhere.f()); self.net = layers.pop()",
    "self.net = {'a': nn.Linear(2, 2)}.get(scipy.name())",
    "self.net = {'a': nn.Linear(2, 2)}.pop(scipy.name(), None)",
    "self.net = dict(a=nn.Linear(2, 2)).setdefault(scipy.name(), None)",
    "self.net = next(iter(elsewhere.f()))",
    "self.net = elsewhere.f() + elsewhere.g()",
    "setattr(self, scipy.name(), nn.Linear(2, 2))",
    "self.first = scipy.count()",
    "self.first.weight = torch.tensor(scipy.count())",
    "a, b = scipy.both(self.first); self.net = a",
    "self.net = nn.Sequential(*[nn.Linear(2, 2) for _ in range(scipy.count())])",
    "self.net = nn.ModuleList([elsewhere.f()])",
    "self.parts = [elsewhere.f()]; self.net = nn.Sequential(*self.parts)",
    "self.parts = [elsewhere.f()]; self.add_module('part', self.parts[0])",
]


@pytest.mark.parametrize("body", PARTLESS)
def test_what_is_no_part_of_a_model_leaves_its_totals_closed(repository, body) -> None:
    interpreter = repository(NET.format(body=body.replace("; ", "\n        ")))
    assert interpreter.unknown_parts(interpreter.build("model.py", "Net()")) == ()


@pytest.mark.parametrize("body", OPEN)
def test_what_may_be_a_part_leaves_them_open(repository, body) -> None:
    interpreter = repository(NET.format(body=body.replace("; ", "\n        ")))
    assert interpreter.unknown_parts(interpreter.build("model.py", "Net()"))


def test_such_an_attribute_is_named_among_the_gaps(repository) -> None:
    interpreter = repository(NET.format(body=PARTLESS[6]))
    interpreter.build("model.py", "Net()")
    gaps = [cause for cause in interpreter.recording.gaps if cause.reason == "unknown_plain_attribute"]
    assert [cause.arguments[0] for cause in gaps] == ["Net.window"]


@pytest.mark.parametrize(
    "asked",
    [
        "{'a': 1}.get(elsewhere.x)",
        "{'a': 1}.pop(elsewhere.x, 2)",
        "{'a': 1}.setdefault(elsewhere.x, 2)",
        "{elsewhere.x: 1}.get('a', 2)",
        "{1, 2}.isdisjoint([elsewhere.x])",
        "{elsewhere.x}.issubset({1})",
    ],
)
def test_a_container_that_is_asked_by_an_unknown_key_does_not_answer_that_nothing_is_there(repository, asked) -> None:
    interpreter = repository("import elsewhere\n")
    assert isinstance(interpreter.evaluate("model.py", f"[{asked}]")[0], UnknownValue)


def test_what_is_found_beside_an_unknown_key_is_known(repository) -> None:
    interpreter = repository("import elsewhere\n")
    assert interpreter.evaluate("model.py", "[{elsewhere.x: 1, 'a': 2}.get('a')]") == [2]


def test_an_unknown_attribute_before_the_base_is_initialised_is_no_error_of_the_target(repository) -> None:
    body = "made = super().__new__(cls)\n        made.origin = elsewhere.x\n        return made"
    interpreter = repository(NET.format(body=f"pass\n    def __new__(cls):\n        {body}"))
    model = interpreter.build("model.py", "Net()")
    assert [cause.reason for cause in interpreter.unknown_parts(model)] == ["unknown_attribute"] * 2
