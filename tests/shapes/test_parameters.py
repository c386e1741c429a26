"""Counts of real torch modules: each tensor once, siblings folded."""

import torch
from torch import nn

from analyzer.shapes.parameters import Places, count_parameters, find_ties, module_records, module_tree


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 4)
        self.blocks = nn.ModuleList(nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 4)) for _ in range(3))
        self.blocks.append(nn.Sequential(nn.Linear(4, 4)))
        self.head = nn.Linear(4, 10, bias=False)
        self.head.weight = self.embed.weight
        self.frozen = nn.Parameter(torch.zeros(3), requires_grad=False)
        self.register_buffer("steps", torch.zeros(2))


def test_tied_tensors_count_once_and_buffers_apart():
    counts = count_parameters(Tied())
    assert counts.total == 40 + 3 * (40 + 36) + 20 + 3
    assert counts.trainable == counts.total - 3
    assert counts.tied == 40
    assert counts.buffers == 2
    assert counts.active == counts.total


def test_ties_name_both_paths():
    assert find_ties(Tied()) == (("embed.weight", "head.weight"),)


def test_records_follow_named_modules():
    model = Tied()
    records = module_records(model, Places())
    assert [record.path for record in records] == [path for path, _ in model.named_modules()]
    assert records[0].parameters == count_parameters(model).total
    assert records[0].own_parameters == 3
    assert next(record for record in records if record.path == "head").detail.startswith("in_features=4")


def test_identical_siblings_fold_and_others_stay():
    tree = module_tree(module_records(Tied(), Places()))
    blocks = tree.children[1]
    assert [(node.name, node.repeats) for node in blocks.children] == [("0…2", 3), ("3", 1)]
    assert blocks.children[0].paths == ("blocks.0", "blocks.1", "blocks.2")
    assert sum(node.parameters * node.repeats for node in blocks.children) == blocks.parameters
    assert [node.name for node in blocks.children[0].children] == ["0", "1"]


def test_a_model_without_children_is_a_tree():
    assert module_tree(module_records(nn.Identity(), Places())).children == ()


class Normed(nn.Module):
    def __init__(self):
        super().__init__()
        self.eps, self.kind, self.sizes, self._hidden, self.on = 1e-5, "plain", [1, 2], 3, True
        self.gain = nn.Parameter(torch.ones(4, 2))
        self.inner = nn.Linear(2, 2)


def test_plain_attributes_and_own_parameters_are_kept():
    record, inner = module_records(Normed(), Places())
    assert record.values == (("eps", 1e-5), ("kind", "plain"), ("on", True))
    assert record.own_shapes == (("gain", (4, 2)),)
    assert inner.values == () and inner.own_shapes == ()


def test_what_modules_hold_apart_from_those_before_adds_up_to_the_total():
    records = module_records(Tied(), Places())
    assert {record.path: record.shared for record in records if record.shared} == {"head": 40}
    assert sum(record.own_parameters - record.shared for record in records) == count_parameters(Tied()).total
