"""Training against inference: rows from both pipelines, lines that run or are shaped differently, missing switches."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.facts import derive_facts
from analyzer.index import SourceIndex
from analyzer.records.bundles import Facts, Shapes
from analyzer.records.configuration import Configuration
from analyzer.records.evidence import Known
from analyzer.records.processes import Pipeline, Processes, Stage
from analyzer.records.structure import ModelCandidate, Structure
from analyzer.records.tensors import (
    Dim,
    ModelInput,
    ModelShapes,
    ParameterCounts,
    ShapeRow,
    ShapeTarget,
    TensorSpec,
    Trace,
)
from analyzer.techniques import derive_findings
from analyzer.techniques.assembly import assemble
from analyzer.techniques.findings.modes import line_differences
from tests.techniques.sources import HEADER, index_of

SOURCE = (
    HEADER
    + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Linear(4, 4)
        self.d = nn.Dropout(0.1)
    def forward(self, x):
        return self.f(self.d(x))

def train(net, data, opt):
    {seed}
    for x, y in data:
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
        opt.zero_grad()

def predict(x):
    net = Net()
    {mode}
    {gradient}
    return net(x)
"""
)


def stage(index: SourceIndex, kind: str, code: str, function: str) -> Stage:
    line = next(n for n, text in enumerate(index.lines("example.py"), 1) if code in text)
    return Stage(kind, index.span("example.py", line), code, function)  # type: ignore[arg-type]


def facts_of(index: SourceIndex) -> Facts:
    train = [
        stage(index, "loss", "F.cross_entropy", "example.py:train"),
        stage(index, "backward", "loss.backward()", "example.py:train"),
    ]
    predict = [stage(index, "forward", "return net(x)", "example.py:predict")]
    where = index.span("example.py", 1)
    training = Pipeline("training", where, "example.py:train", True, (), tuple(train))
    inference = Pipeline("inference", where, "example.py:predict", True, (), tuple(predict))
    model = ModelCandidate("Net", "example.py:Net", where, True, ())
    structure = Structure(models=(model,))
    return Facts(index.repository, (), structure, Configuration(), Processes((training,), (inference,)))


def index_with(seed: str = "pass", mode: str = "pass", gradient: str = "pass") -> SourceIndex:
    return index_of(example=SOURCE.format(seed=seed, mode=mode, gradient=gradient))


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, {"missing_seed", "inference_without_eval", "inference_without_no_grad"}),
        ({"seed": "torch.manual_seed(1)"}, {"inference_without_eval", "inference_without_no_grad"}),
        ({"mode": "net.eval()"}, {"missing_seed", "inference_without_no_grad"}),
        ({"gradient": "torch.set_grad_enabled(False)"}, {"missing_seed", "inference_without_eval"}),
    ],
)
def test_what_no_line_on_the_way_does_is_a_pitfall(changes: dict[str, str], missing: set[str]) -> None:
    index = index_with(**changes)
    rules = {p.rule for p in assemble(index, facts_of(index), Shapes()).pitfalls}
    assert rules & {"missing_seed", "inference_without_eval", "inference_without_no_grad"} == missing


def test_both_pipelines_give_rows_with_their_lines() -> None:
    index = index_with(gradient="torch.set_grad_enabled(False)")
    rows = {row.aspect: row for row in assemble(index, facts_of(index), Shapes()).mode_differences}
    assert rows["gradient"].training_text == "loss.backward()"
    assert "set_grad_enabled" in rows["gradient"].inference_text
    assert rows["augmentation"].training_text == "self.d = nn.Dropout(0.1)"
    assert rows["goal"].inference_text == "no_such_stage"


CHECKED = """
def check(net, data):
    net.eval()
    return net(data)
"""


@pytest.mark.parametrize(
    ("seed", "helper", "said"),
    [
        ("pass", CHECKED, "mode_absent"),
        ("check(net, data)", CHECKED, "net.eval()"),
        ("net.train(mode=True)", "", "net.train(mode=True)"),
        ("net.train()", "", "net.train()"),
        ("net.eval()\n    net.train()", "", "mode_restored"),
        ("opt.eval()\n    net.train()", "", "net.train()"),
        ("check(net, data)", CHECKED.replace("return net(data)", "net.train()"), "mode_restored"),
        ("net.train()\n    check(net, data)", CHECKED.replace("return net(data)", "net.train()"), "net.train()"),
    ],
)
def test_a_switch_of_the_mode_is_absent_only_where_no_called_function_has_one(
    seed: str, helper: str, said: str
) -> None:
    index = index_of(example=SOURCE.format(seed=seed, mode="net.eval()", gradient="pass") + helper)
    facts = facts_of(index)
    predict = facts.processes.inference[0]
    switch = stage(index, "mode", "net.eval()", "example.py:predict")
    inference = Pipeline("inference", predict.entry, predict.entry_name, True, (), (switch, *predict.stages))
    processes = Processes(facts.processes.training, (inference,))
    both = Facts(facts.repository, (), facts.structure, facts.configuration, processes)
    rows = {row.aspect: row for row in assemble(index, both, Shapes()).mode_differences}
    assert rows["mode"].training_text == said
    assert rows["augmentation"].inference_text == "dropout_inactive"


def test_dropout_counts_as_switched_off_only_where_inference_switches_it() -> None:
    index = index_with()
    rows = {row.aspect: row for row in assemble(index, facts_of(index), Shapes()).mode_differences}
    assert rows["augmentation"].inference_text == "not_switched"


def test_an_entry_that_is_handed_the_model_has_no_missing_switches() -> None:
    index = index_of(
        example=SOURCE.format(seed="pass", mode="pass", gradient="pass")
        .replace("predict(x)", "predict(x, net)")
        .replace("    net = Net()\n", "")
    )
    rules = {p.rule for p in assemble(index, facts_of(index), Shapes()).pitfalls}
    assert not rules & {"inference_without_eval", "inference_without_no_grad"}


def test_without_one_of_the_pipelines_there_is_no_comparison() -> None:
    index = index_with()
    facts = facts_of(index)
    alone = Facts(facts.repository, (), facts.structure, facts.configuration, Processes(facts.processes.training))
    assert assemble(index, alone, Shapes()).mode_differences == ()


def row_at(index: SourceIndex, line: int, name: str, *sizes: int) -> ShapeRow:
    spec = TensorSpec(tuple(Dim(size) for size in sizes), "float32")
    where = index.span("example.py", line)
    return ShapeRow(where, index.quote("example.py", line, line), "", ("",), "M", "f", 1, (ShapeTarget(name, (spec,)),))


def test_only_lines_that_differ_between_the_modes_are_listed() -> None:
    index = index_with()
    place = index.span("example.py", 1)
    common, last = row_at(index, 7, "x", 2, 4), row_at(index, 9, "y", 2, 1)
    whole, loss = row_at(index, 9, "y", 2, 4), row_at(index, 10, "loss")
    given = (ModelInput("x", TensorSpec((Dim(2), Dim(4)), "float32"), "unpacked"),)
    traces = (
        Trace("training", "forward", given, (common, whole, loss), (), ()),
        Trace("inference", "forward", given, (common, last), (), ()),
    )
    counts = Known(ParameterCounts(1, 1, 1), (place,), "counted")
    model = ModelShapes("M", "example.py:M", True, place, "M()", "defaults", None, (), counts, traces=traces)
    found = line_differences(Shapes(models=(model,)))
    assert [(d.where.first_line, d.training, d.inference) for d in found] == [
        (9, "y [2, 4]", "y [2, 1]"),
        (10, "loss []", None),
    ]


FEW = """
import argparse
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 4), nn.{norm}(4), nn.Linear(4, 1))
    def forward(self, x):
        return self.layers(x)

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch_size", type=int, default={size})
    args = parser.parse_args()
    torch.manual_seed(1)
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for x in torch.utils.data.DataLoader(torch.load("x.pt", weights_only=True), batch_size=args.batch_size):
        loss = net(x).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize(
    ("norm", "size", "found"), [("BatchNorm1d", 2, True), ("BatchNorm1d", 32, False), ("LayerNorm", 2, False)]
)
def test_batch_normalisation_over_few_examples_is_marked(
    repository: Callable[[Mapping[str, str]], SourceIndex], norm: str, size: int, found: bool
) -> None:
    index = repository({"train.py": FEW.format(norm=norm, size=size)})
    rules = [p.rule for p in derive_findings(index, derive_facts(index)).pitfalls]
    assert ("batch_norm_of_few" in rules) is found
