# ruff: noqa: E501 - one case, one line
"""Experts, early exits and generation: what depends on data is open, everything else equals a real run."""

from __future__ import annotations

import types
from pathlib import Path

import pytest
import torch

SOURCE = (Path(__file__).parent / "data_dependent_models.py").read_text(encoding="utf-8")
EXPERTS = ["Mixtral", "MixtralHit", "DeepSeek", "DeepSeekV3", "HFDeepSeek"]


def evaluated(repository, name: str, shape: list[int], dtype: str = "float32", **options):  # type: ignore[no-untyped-def]
    interpreter = repository(SOURCE)
    model = interpreter.build("model.py", f"{name}()")
    return interpreter.call(model, [interpreter.tensor(shape, dtype)], **options)


def real_calls(name: str, tensor: torch.Tensor, *, training: bool = False, method: str = "forward"):  # type: ignore[no-untyped-def]
    """Path, shapes in and out of each module call of a real run."""
    module = types.ModuleType("real")
    exec(SOURCE, module.__dict__)
    torch.manual_seed(0)
    model = getattr(module, name)().train(training)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    paths, found = {id(part): path for path, part in model.named_modules()}, []

    def note(part, args, output):  # type: ignore[no-untyped-def]
        found.append((paths[id(part)], [list(a.shape) for a in args if isinstance(a, torch.Tensor)]))

    handle = torch.nn.modules.module.register_module_forward_hook(note)
    try:
        with torch.no_grad():
            output = getattr(model, method)(tensor)
    finally:
        handle.remove()
    return found, output


def fits(real: list[list[int]], shapes) -> bool:  # type: ignore[no-untyped-def]
    sizes = [[size if isinstance(size, int) else None for size in shape.shape] for shape in shapes]
    return len(real) <= len(sizes) and all(
        len(one) == len(other) and all(b is None or a == b for a, b in zip(one, other, strict=True))
        for one, other in zip(real, sizes, strict=False)
    )


@pytest.mark.parametrize(("name", "training"), [*((name, False) for name in EXPERTS), ("DeepSeek", True)])
def test_every_expert_is_evaluated_on_as_many_tokens_as_data_say(repository, name: str, training: bool) -> None:  # type: ignore[no-untyped-def]
    recording = evaluated(repository, name, [2, 5, 8], training=training)
    for expert in range(4):
        for part, width in (("", 8), (".up", 8), (".down", 16)):
            calls = recording.calls_of(f"experts.{expert}{part}")
            assert [str(call.inputs[0]) for call in calls] == [f"float32[?, {width}]"]
            assert [str(call.outputs[0]) for call in calls] == [f"float32[?, {16 if part == '.up' else 8}]"]
    real, _ = real_calls(name, torch.randn(2, 5, 8), training=training)
    assert len(real) > 3
    for path, shapes in real:
        assert any(fits(shapes, call.inputs) for call in recording.calls_of(path)), path


@pytest.mark.parametrize("name", [name for name in EXPERTS if name != "HFDeepSeek"])
def test_the_output_of_experts_is_known(repository, name: str) -> None:  # type: ignore[no-untyped-def]
    recording = evaluated(repository, name, [2, 5, 8])
    assert recording.error is None
    assert str(recording.outputs[0]) == "float32[2, 5, 8]"


def test_what_is_gathered_from_experts_that_may_be_idle_is_not_guessed(repository) -> None:  # type: ignore[no-untyped-def]
    assert evaluated(repository, "HFDeepSeek", [2, 5, 8]).error is not None


def test_calls_on_one_path_carry_their_conditions(repository) -> None:  # type: ignore[no-untyped-def]
    recording = evaluated(repository, "DeepSeek", [2, 5, 8])
    (call,) = recording.calls_of("experts.2")
    assert [condition.text for condition in call.under] == [
        "item 2 of enumerate(tokens_per_expert)",
        "not (start_idx == end_idx)",
    ]
    assert recording.calls_of("shared")[0].under == ()


def test_layers_behind_an_early_exit_are_evaluated(repository) -> None:  # type: ignore[no-untyped-def]
    recording = evaluated(repository, "Early", [2, 4])
    assert [str(output) for output in recording.outputs] == ["float32[2, 2]"]
    assert [len(call.under) for call in recording.calls_of("head")] == [0, 1, 2]


@pytest.mark.parametrize("method", ["generate", "generate3"])
def test_generation_is_one_prefill_and_one_step_with_the_cache(repository, method: str) -> None:  # type: ignore[no-untyped-def]
    recording = evaluated(repository, "Gen", [2, 3], "int64", method=method)
    assert recording.error is None
    assert [str(output) for output in recording.outputs] == ["int64[2, ?]"]
    steps = [[str(shape) for shape in call.inputs] for call in recording.calls_of("")]
    assert steps == [["int64[2, 3]"], ["int64[2, 1]", "float32[2, 3, 8]", "float32[2, 3, 8]"]]
    real, _ = real_calls("Gen", torch.randint(0, 11, (2, 3)), method="generate")
    assert [shapes for path, shapes in real if path == "k"][:2] == [[[2, 3, 8]], [[2, 1, 8]]]


def test_a_loop_on_data_is_followed_for_its_first_turns(repository) -> None:  # type: ignore[no-untyped-def]
    recording = evaluated(repository, "Gen", [2, 3], "int64", method="generate2")
    assert [str(call.inputs[0]) for call in recording.calls_of("emb")] == ["int64[2, 3]", "int64[2, 1]", "int64[2, 1]"]
    assert [len(call.under) for call in recording.calls_of("emb")] == [0, 1, 2]


COUNTING = """
import torch
from torch import nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.steps, self.seen, self.fc = 0, [], nn.Linear(4, 4)
    def forward(self, x):
        {body}
"""
STATE = {
    "a number that a turn changes": ("while x.sum() > 0:\n            self.steps += 1\n            x = self.fc(x)\n        return x.new_zeros(self.steps)", "float32[?]"),
    "a number that no turn changes": ("while x.sum() > 0:\n            x = self.fc(x)\n        return x.new_zeros(self.steps + 2)", "float32[2]"),
    "a number that only the third turn changes": ("n = k = 0\n        while x.sum() > 0:\n            k += 1\n            x = self.fc(x)\n            if k == 3:\n                n = 5\n        return x.new_zeros(n)", "float32[?]"),
    "a return from within": ("for i in range(90):\n            x = self.fc(x)\n            if x.sum() > 0:\n                return x\n        return x[:1]", "float32[?, 4]"),
    "turns that are passed over": ("y = x\n        for i in range(3):\n            if x[i].sum() > 0:\n                continue\n            y = torch.cat([y, x])\n        return y", "float32[?, 4]"),
    "both a return and a break": ("for i in range(3):\n            if x[0].sum() > i:\n                return x\n            if x[1].sum() > i:\n                break\n            x = self.fc(x)\n        return self.fc(x)", "float32[3, 4]"),
    "a branch within a branch": ("if x.sum() > 0:\n            if x.max() > 1:\n                return x[:1]\n            x = self.fc(x)\n        return x", "float32[?, 4]"),
    "a value that is undone": ("n = 4\n        if x.sum() > 0:\n            n = 9\n        n = 4\n        return x.new_zeros(n)", "float32[4]"),
    "an attribute that only one path sets": ("if x.sum() > 0:\n            self.extra = 3\n        return x.new_zeros(self.extra) if False else x", "float32[3, 4]"),
    "a closure": ("n = 4\n        def grow():\n            nonlocal n\n            n = 5\n        if x.sum() > 0:\n            grow()\n        return x.new_zeros(n)", "float32[?]"),
    "an item of a list": ("t = [4]\n        if x.sum() > 0:\n            t[0] = 5\n        return x.new_zeros(*t)", "float32[?]"),
    "an item of a list of another method": ("self.seen = [4]\n        if x.sum() > 0:\n            self.seen.append(5)\n        return x.new_zeros(self.seen[0])", "float32[4]"),
}  # fmt: skip


@pytest.mark.parametrize("name", STATE)
def test_state_after_undecided_paths_holds_on_each(repository, name: str) -> None:  # type: ignore[no-untyped-def]
    body, shape = STATE[name]
    interpreter = repository(COUNTING.format(body=body))
    recording = interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([3, 4])])
    assert recording.error is None, recording.error
    assert [str(output) for output in recording.outputs] == [shape]


@pytest.mark.parametrize(
    "body",
    [
        "self.seen.append(x)\n        if x.sum() > 0:\n            self.seen.append(x)\n        return torch.stack(self.seen)",
        "self.seen.append(x)\n        if x.sum() > 0:\n            self.seen.append(x)\n        return x.new_zeros(len(self.seen))",
        "if x.sum() > 0:\n            self.seen.append(x)\n        return x.new_zeros(3, self.seen[-1].shape[0])",
        "if x.sum() > 0:\n            self.fc.requires_grad_(False)\n            x = x.long()\n        return x",
    ],
)
def test_a_list_of_unknown_extent_gives_no_shape(repository, body: str) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository(COUNTING.format(body=body))
    recording = interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([3, 4])])
    assert recording.error is not None or "?" in str(recording.outputs[0])


def test_nothing_of_an_undecided_path_stays_behind(repository) -> None:  # type: ignore[no-untyped-def]
    body = "if x.sum() > 0:\n            self.seen.append(x)\n            self.steps = 5\n            raise ValueError\n        return x"
    interpreter = repository(COUNTING.format(body=body))
    model = interpreter.build("model.py", "Net()")
    assert interpreter.call(model, [interpreter.tensor([3, 4])]).error is None
    assert (model.seen, model.steps) == ([], 0)
