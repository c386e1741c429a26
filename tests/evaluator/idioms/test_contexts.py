"""Context variables, stacks of context managers, texts as keys: how libraries keep state around a forward."""

from __future__ import annotations

import textwrap

import pytest
import torch

HEAD = """
import torch
import torch.nn as nn
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
"""


def outputs(repository, text: str) -> tuple[list[str], list[str]]:  # type: ignore[no-untyped-def]
    interpreter = repository(HEAD + textwrap.dedent(text))
    recording = interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([2, 4])])
    assert recording.error is None
    return [str(tensor) for tensor in recording.outputs], [cause.reason for cause in recording.gaps]


def test_a_context_variable_holds_what_was_set_until_it_is_reset(repository) -> None:  # type: ignore[no-untyped-def]
    text = """
    collected = ContextVar("collected", default=None)
    class Part(nn.Linear):
        def forward(self, x):
            kept = collected.get()
            if kept is not None:
                kept.append(x)
            return super().forward(x)
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.part = Part(4, 3)
        def forward(self, x):
            kept = []
            token = collected.set(kept)
            try:
                y = self.part(x)
            finally:
                collected.reset(token)
            assert collected.get() is None
            return y, kept
    """
    assert outputs(repository, text) == (["float32[2, 3]", "float32[2, 4]"], [])


def test_a_context_variable_without_a_value_raises(repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository(HEAD + "depth = ContextVar('depth')\n")
    assert interpreter.evaluate("model.py", "depth.get(7)") == 7
    with pytest.raises(Exception, match="LookupError: depth"):
        interpreter.evaluate("model.py", "depth.get()")


def test_what_is_set_on_a_path_that_may_not_be_taken_is_no_certainty(repository) -> None:  # type: ignore[no-untyped-def]
    text = """
    wide = ContextVar("wide", default=False)
    class Net(nn.Module):
        def forward(self, x):
            if x.sum() > 0:
                wide.set(True)
            if wide.get():
                return torch.cat([x, x], 1)
            return x
    """
    found, _ = outputs(repository, text)
    assert found not in (["float32[2, 4]"], ["float32[2, 8]"])


def test_a_stack_leaves_what_was_entered_in_the_opposite_order(repository) -> None:  # type: ignore[no-untyped-def]
    text = """
    @contextmanager
    def noted(log, name):
        log.append(name)
        yield name
        log.append(name.upper())
    class Net(nn.Module):
        def forward(self, x):
            log = []
            with ExitStack() as stack:
                for name in "ab":
                    assert stack.enter_context(noted(log, name)) == name
                stack.callback(log.append, "called")
            assert log == ["a", "b", "called", "B", "A"], log
            return x
    """
    assert outputs(repository, text) == (["float32[2, 4]"], [])


def test_equal_texts_have_equal_hashes(repository) -> None:  # type: ignore[no-untyped-def]
    text = """
    class Settings:
        def __init__(self, text):
            self.text = text
        def __hash__(self):
            return hash(self.text)
        def __eq__(self, other):
            return self.text == other.text
    """
    interpreter = repository(HEAD + textwrap.dedent(text))
    assert interpreter.evaluate("model.py", "hash(Settings('a')) == hash(Settings('a'))") is True
    assert interpreter.evaluate("model.py", "hash('a') == hash('b')") is False
    assert interpreter.evaluate("model.py", "{Settings('a'): 1}[Settings('a')]") == 1


def test_an_own_ordered_dict_deletes_through_its_base(repository) -> None:  # type: ignore[no-untyped-def]
    text = """
    from collections import OrderedDict
    class Output(OrderedDict):
        def drop(self, key):
            super().__delitem__(key)
    class Net(nn.Module):
        def forward(self, x):
            output = Output(a=x, b=x)
            output.drop("b")
            return output
    """
    assert outputs(repository, text) == (["float32[2, 4]"], [])


@pytest.mark.parametrize("check", ["_check_with(ValueError, size == 3, lambda: 'no three')"])
def test_a_check_raises_the_error_that_it_names(repository, check: str) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository(f"import torch\ndef f(size):\n    torch.{check}\n    return size\n")
    assert interpreter.evaluate("model.py", "f(3)") == 3
    with pytest.raises(Exception, match="ValueError: no three"):
        interpreter.evaluate("model.py", "f(4)")
    assert hasattr(torch, check.partition("(")[0])


KERNEL = """
import importlib
import threading
lock = threading.Lock()
def fast_or_plain(plain):
    chosen = None
    try:
        chosen = getattr(importlib.import_module("gone_kernels"), plain.__name__, None)
    except {caught}:
        chosen = plain
    finally:
        chosen = plain if chosen is None else chosen
    with lock:
        return chosen
@fast_or_plain
def scan(x):
    return torch.cat([x, x], 1)
class Net(nn.Module):
    def forward(self, x):
        return scan(x)
"""


@pytest.mark.parametrize("caught", ["Exception", "(OSError, Exception)", "ImportError"])
def test_an_import_by_name_that_may_fail_fails_where_there_is_no_package(repository, caught: str) -> None:  # type: ignore[no-untyped-def]
    assert outputs(repository, KERNEL.replace("{caught}", caught)) == (["float32[2, 8]"], [])


def test_an_import_by_name_that_may_not_fail_stays_unknown(repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository(HEAD + KERNEL.replace("{caught}", "KeyError"))
    recording = interpreter.call(interpreter.build("model.py", "Net()"), [interpreter.tensor([2, 4])])
    assert "package_not_available" in {cause.reason for cause in [*recording.gaps, *recording.unknown_lines.values()]}


def test_a_property_of_the_base_is_set_through_its_descriptor(repository) -> None:  # type: ignore[no-untyped-def]
    text = """
    class Base:
        @property
        def width(self):
            return self._width
        @width.setter
        def width(self, value):
            self._width = value
    class Wide(Base):
        @property
        def width(self):
            return self._width
        @width.setter
        def width(self, value):
            Base.width.__set__(self, 2 * value)
    def made():
        wide = Wide()
        wide.width = 3
        return wide.width
    """
    assert repository(HEAD + textwrap.dedent(text)).evaluate("model.py", "made()") == 6


def test_hints_for_the_compiler_change_nothing(repository) -> None:  # type: ignore[no-untyped-def]
    text = """
    class Net(nn.Module):
        @torch._dynamo.disable
        def forward(self, x):
            torch._dynamo.mark_static_address(x)
            return x
    """
    assert outputs(repository, text) == (["float32[2, 4]"], [])
