# ruff: noqa: E501 - one case, one line
"""A total that could lack parameters is never taken for exact, whichever way an unknown part went missing."""

from __future__ import annotations

import pytest

from analyzer.evaluator import CannotEvaluate, TargetRaised

HEAD = """
import copy
import torch
import torch.nn as nn
from nowhere import Attention, flag, names, inject, settings
def extend(layers, layer):
    layers.append(layer)
def attach(module):
    module.extra = nn.Linear(2, 2)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2)])
        self.table = nn.ModuleDict()
        self.line = nn.Sequential(nn.Linear(2, 2))
"""
INCOMPLETE = {
    "attribute": "self.attention = Attention(2)",
    "list_attribute": "self.parts = [nn.Linear(2, 2), Attention(2)]",
    "dict_attribute": "self.parts = {'a': [Attention(2)]}",
    "deep_attribute": "self.parts = [[({'a': [[Attention(2)]]},)]]",
    "appended": "self.layers.append(Attention(2))",
    "appended_through_a_function": "extend(self.layers, Attention(2))",
    "appended_to_a_sequential": "self.line.append(Attention(2))",
    "extended": "self.layers.extend([Attention(2) for _ in range(2)])",
    "inserted": "self.layers.insert(0, Attention(2))",
    "added": "self.line.add_module('attention', Attention(2))",
    "registered": "self.register_module('attention', Attention(2))",
    "registered_parameter": "self.register_parameter('scale', Attention(2).scale)",
    "item": "self.table['a'] = Attention(2)",
    "item_of_a_list": "self.layers[0] = Attention(2)",
    "updated": "self.table.update({'a': Attention(2)})",
    "private_table": "self._modules['a'] = Attention(2)",
    "set_by_name": "setattr(self, 'attention', Attention(2))",
    "set_by_unknown_name": "setattr(self, names[0], nn.Linear(2, 2))",
    "added_by_unknown_name": "self.add_module(names[0], nn.Linear(2, 2))",
    "augmented": "self.layers += [Attention(2)]",
    "splat": "self.body = nn.Sequential(*[nn.Linear(2, 2), Attention(2)])",
    "from_a_dict": "from collections import OrderedDict\n        self.body = nn.Sequential(OrderedDict(a=Attention(2)))",
    "dict_of_modules": "self.body = nn.ModuleDict({'a': Attention(2)})",
    "branch": "if flag:\n            self.head = nn.Linear(2, 2)",
    "branch_that_appends": "if flag:\n            self.layers.append(nn.Linear(2, 2))",
    "branch_that_appends_to_an_alias": "alias = self.layers\n        if flag:\n            alias.append(nn.Linear(2, 2))",
    "branch_on_a_list_alias": "a = []\n        b = a\n        if flag:\n            b.append(nn.Linear(2, 2))\n        self.body = nn.Sequential(*a)",
    "branch_on_a_list_alias_by_index": "a = [nn.Linear(2, 2)]\n        b = a\n        if flag:\n            b[0] = nn.Linear(2, 9)\n        self.body = nn.Sequential(*a)",
    "branch_on_a_dict_alias": "a = {}\n        b = a\n        if flag:\n            b['x'] = nn.Linear(2, 2)\n        self.body = nn.ModuleDict(a)",
    "branch_that_calls": "if flag:\n            attach(self)",
    "branch_that_calls_a_method": "if flag:\n            self.grow()",
    "branch_that_fills_by_function": "a = []\n        if flag:\n            extend(a, nn.Linear(2, 2))\n        self.body = nn.Sequential(*a)",
    "conditional_expression": "self.layers.append(nn.Linear(2, 2)) if flag else None",
    "boolean_operator": "flag and self.grow()",
    "loop": "for name in names:\n            setattr(self, name, nn.Linear(2, 2))",
    "loop_that_adds": "for name in names:\n            self.add_module(name, nn.Linear(2, 2))",
    "handed_over": "inject(self)",
    "handed_over_in_a_list": "inject([self.layers])",
    "handed_over_as_a_method": "inject(self.add_module)",
    "handed_over_with_an_unknown": "attach_all = torch.nn.utils.parametrize.register_parametrization\n        attach_all(self.line[0], 'weight', Attention(2))",
    "unknown_width": "self.head = nn.Linear(2, settings.width)",
    "unknown_count": "self.body = nn.Sequential(*[nn.Linear(2, 2) for _ in range(settings.depth)])",
    "removed": "if flag:\n            del self.layers[0]",
    "removed_attribute": "if flag:\n            del self.line",
    "frozen": "if flag:\n            self.line.requires_grad_(False)",
    "tied": "if flag:\n            self.line[0].weight = self.layers[0].weight",
    "match": "match flag:\n            case 1: self.head = nn.Linear(2, 2)",
}  # fmt: skip
COMPLETE = {
    "nothing": "pass",
    "a_message": "print('layers', names)",
    "a_message_on_a_branch": "if flag:\n            print('layers')",
    "a_number_of_an_own_object": "self.width = len([1, 2])",
    "a_branch_on_a_local": "if flag:\n            x = 1",
    "evaluation_mode": "if flag:\n            self.eval()",
    "a_call_of_a_part": "if flag:\n            x = self.line(torch.zeros(1, 2))",
    "an_unknown_that_is_used_up": "names.append(2)",
}


def parts(repository, body: str):  # type: ignore[no-untyped-def]
    source = HEAD + f"        {body}\n    def grow(self):\n        self.more = nn.Linear(2, 2)\n"
    interpreter = repository(source)
    model = interpreter.build("model.py", "Net()")
    return interpreter.unknown_parts(model)


@pytest.mark.parametrize("name", INCOMPLETE)
def test_what_may_be_missing_is_said(repository, name: str) -> None:  # type: ignore[no-untyped-def]
    try:
        found = parts(repository, INCOMPLETE[name])
    except CannotEvaluate:
        return
    assert found


@pytest.mark.parametrize("name", INCOMPLETE)
def test_an_unknown_part_is_no_error_of_the_target(repository, name: str) -> None:  # type: ignore[no-untyped-def]
    try:
        parts(repository, INCOMPLETE[name])
    except CannotEvaluate:
        pass
    except TargetRaised as raised:
        pytest.fail(str(raised))


@pytest.mark.parametrize("name", COMPLETE)
def test_a_total_stays_exact_where_nothing_is_missing(repository, name: str) -> None:  # type: ignore[no-untyped-def]
    assert parts(repository, COMPLETE[name]) == ()


def test_an_unknown_buffer_is_a_gap_and_leaves_the_parameters_exact(repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository(f"{HEAD}        self.register_buffer('scale', Attention(2).scale)\n")
    assert interpreter.unknown_parts(interpreter.build("model.py", "Net()")) == ()
    assert "unknown_buffer" in {cause.reason for cause in interpreter.recording.gaps}
