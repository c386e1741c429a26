"""Labels of a training call: which arguments a loss over classes takes, and which of their forms the code accepts."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import pytest
from torch import nn

from analyzer.evaluator import Interpreter
from analyzer.index import SourceIndex
from analyzer.shapes.accepted_inputs import accepted_plan
from analyzer.shapes.draft import Draft
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.inputs import InputPlanner
from analyzer.shapes.loss_targets import label_arguments
from analyzer.shapes.modes import modes_of
from analyzer.shapes.requests import ModelRequest
from analyzer.shapes.runs import ModelSource

Write = Callable[[Mapping[str, str]], SourceIndex]
ARGUMENTS = ("mask", "labels", "starts")
METHODS = {
    "x = F.cross_entropy(self.head(ids), labels)": ("labels",),
    "a, b = out[:, :-1], labels[..., 1:].contiguous()\n x = F.cross_entropy(a.view(-1, 9), b.view(-1))": ("labels",),
    "f = nn.CrossEntropyLoss(ignore_index=-1)\n x = f(a, labels.view(-1)) + f(c, starts)": ("labels", "starts"),
    "x = CrossEntropyLoss()(a, target=starts)": ("starts",),
    "x = self.criterion(a, labels)": ("labels",),
    "x = F.cross_entropy(labels, a)": (),
    "x = F.mse_loss(a, labels) + self.other(a, mask)": (),
}


class Holder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.criterion, self.other = nn.CrossEntropyLoss(), nn.Linear(2, 2)


@pytest.mark.parametrize("body", METHODS)
def test_labels_are_followed_through_views_and_names(body: str) -> None:
    node = ast.parse(f"def forward(self, ids, mask=None, labels=None, starts=None):\n {body}").body[0]
    assert label_arguments(node, ARGUMENTS, Holder()) == METHODS[body]


NET = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self, vocab=11, width=4):
        super().__init__()
        self.embed = nn.Embedding(vocab, width)
        self.words, self.kinds = nn.Linear(width, vocab), nn.Linear(width, 2)
    def forward(self, ids, mask=None, labels=None, kind=None):
        b, t = ids.shape
        x = self.embed(ids)
        words, kinds = self.words(x), self.kinds(x[:, 0])
        if labels is not None and kind is not None:
            loss = nn.CrossEntropyLoss()
            return loss(words.view(-1, 11), labels.view(-1)) + loss(kinds.view(-1, 2), kind.view(-1))
        return words
"""


def test_each_label_has_the_form_that_its_loss_accepts(repository: Write) -> None:
    index = repository({"net.py": NET})
    owner = index.symbols.definition("net.py:Net")
    assert owner is not None
    where = index.span(owner.path, owner.node)
    build = BuildPlan("net.py", "Net()", "defaults", where)
    source = ModelSource(Interpreter(index), "net.py", "Net()")
    draft = Draft(ModelRequest("Net", "net.py:Net", where, (build,), main=True), source, build, source.build())
    planner = InputPlanner(source.interpreter, draft.model, draft.built.names)
    accepted = accepted_plan(draft, planner)
    assert accepted is not None
    training = modes_of(draft, planner, accepted[0])[1]
    forms = {planned.spec.name: str(planned.spec.value) for planned in training.plan}
    assert forms == {"ids": "int64[B=2, T=16]", "labels": "int64[B=2, T=16]", "kind": "int64[B=2]"}
