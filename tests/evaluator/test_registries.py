"""Registries and module tables as packages of many models use them."""

from __future__ import annotations

import pytest

REGISTRY = """
import sys
entries = {}
def register(function):
    module = sys.modules[function.__module__]
    if hasattr(module, "__all__"):
        module.__all__.append(function.__name__)
    else:
        module.__all__ = [function.__name__]
    entries[function.__name__] = module.settings[function.__name__]
    return function
"""
NETS = """
from registry import entries, register
settings = {"small": 3, "large": 5}
@register
def small():
    return entries["small"]
"""


def test_a_decorator_finds_the_module_of_what_it_registers(repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository({"registry.py": REGISTRY, "nets.py": NETS})
    assert interpreter.evaluate("nets.py", "small()") == 3
    assert interpreter.evaluate("nets.py", "__all__") == ["small"]


@pytest.mark.parametrize(("name", "found"), [("torch", True), ("model", True), ("nowhere", False), ("other", False)])
def test_the_table_of_modules_holds_what_was_loaded(name: str, found: bool, repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository({"model.py": "import sys", "other.py": ""})
    assert interpreter.evaluate("model.py", f"{name!r} in sys.modules") is found
    assert interpreter.evaluate("model.py", f"sys.modules.get({name!r}) is not None") is found


def test_globals_answer_with_a_default(repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository("depth = 3")
    assert interpreter.evaluate("model.py", "globals().get('depth'), globals().get('width', 7)") == (3, 7)
