"""Packages that import lazily cost what is asked of them; import machinery and attribute hooks mean what they mean."""

from __future__ import annotations

from typing import Any

import pytest
from torch import nn

from analyzer.evaluator.errors import CannotEvaluate, TargetRaised
from analyzer.evaluator.syntax.scope import Scope

LAZY = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from .one import *
    from .two import *
    from .three import Third
    from .four import Fourth as gone
else:
    import sys
    gone = 4
    sys.modules[__name__] = undefined_lazy_module(__name__)
"""
PACKAGE = {
    "model.py": "from p import First, Third, gone\nvalue = First.size, Third, gone",
    "p/__init__.py": LAZY,
    "p/one.py": "__all__ = ['First']\nclass First:\n    size = 1\n",
    "p/two.py": "__all__ = ['Second']\n# First is not here\nSecond = 1 / 0\n",
    "p/three.py": "Third = 3\n",
    "p/four.py": "raise ValueError\n",
}


def test_names_of_a_lazy_package_come_from_what_type_checkers_are_shown(repository: Any) -> None:
    interpreter = repository(PACKAGE)
    assert interpreter.evaluate("model.py", "value") == (1, 3, 4)


def test_a_star_import_reads_only_files_whose_text_has_the_name(repository: Any) -> None:
    interpreter = repository(PACKAGE)
    interpreter.evaluate("model.py", "value")
    assert "p/two.py" not in interpreter.session._modules
    assert "p/four.py" not in interpreter.session._modules


def test_what_only_type_checkers_see_is_there_where_nothing_else_binds_it(repository: Any) -> None:
    files = {"m.py": "import typing\nif not typing.TYPE_CHECKING:\n    x = 2\nelse:\n    x, y = 1, 5\n    z = 3\n"}
    interpreter = repository(files)
    assert interpreter.evaluate("m.py", "x, z") == (2, 3)


def test_bodies_of_functions_are_compiled_when_they_run(repository: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[int] = []
    statement = Scope.statement
    monkeypatch.setattr(Scope, "statement", lambda self, node: compiled.append(node.lineno) or statement(self, node))
    source = "class A:\n    def used(self):\n        return 1\n    def unused(self):\n        return 2\n"
    assert repository(source).evaluate("model.py", "A().used()") == 1
    assert 3 in compiled
    assert 5 not in compiled


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("importlib.import_module('lib.part').x", 4),
        ("importlib.import_module('.part', 'lib').x", 4),
        ("importlib.import_module('.part', package='lib').x", 4),
        ("importlib.util.find_spec('torch') is not None", True),
        ("importlib.util.find_spec('lib.part') is None", False),
        ("importlib.util.find_spec('no_such_package') is None", True),
        ("importlib.util.find_spec('flash_attn') is None", True),
        ("importlib.util.find_spec('xlstm') is None", True),
        ("importlib.util.find_spec('lib.models.xlstm') is None", False),
        ("importlib.metadata.version('lib')", "1.5"),
        ("version.parse(importlib.metadata.version('torch')) >= version.parse('2.0')", True),
    ],
)
def test_import_machinery_finds_what_an_import_would_find(expression: str, value: object, repository: Any) -> None:
    head = "import importlib\nimport importlib.util\nimport importlib.metadata\nfrom packaging import version\n"
    files = {"m.py": head, "lib/__init__.py": "__version__ = '1.5'\n", "lib/part.py": "x = 4\n"}
    parts = {"lib/models/__init__.py": "", "lib/models/xlstm/__init__.py": ""}  # no package of that name
    assert repository({**files, **parts}).evaluate("m.py", expression) == value


def test_a_version_that_is_not_there_is_reported_as_python_reports_it(repository: Any) -> None:
    source = """
import importlib.metadata
def version():
    try:
        return importlib.metadata.version("no_such_package")
    except importlib.metadata.PackageNotFoundError:
        return "none"
"""
    assert repository(source).evaluate("model.py", "version()") == "none"


@pytest.mark.parametrize("name", ["os", "subprocess", "ctypes"])
def test_modules_of_python_are_not_had_by_name(name: str, repository: Any) -> None:
    with pytest.raises(CannotEvaluate):
        repository("import importlib").evaluate("model.py", f"importlib.import_module({name!r})")


HOOKS = """
class Mapped:
    names = {"b": "a"}
    def __setattr__(self, key, value):
        super().__setattr__(super().__getattribute__("names").get(key, key), value)
    def __getattribute__(self, key):
        if key != "names":
            key = super().__getattribute__("names").get(key, key)
        return super().__getattribute__(key)
    def __getattr__(self, key):
        if key == "late":
            return 7
        raise AttributeError(key)

class Own(Mapped):
    def __init__(self):
        self.b = 3
        object.__setattr__(self, "c", 4)
        object.__setattr__(self, "d", 5)
        object.__delattr__(self, "d")
"""


def test_attribute_hooks_of_the_target_are_asked_as_python_asks_them(repository: Any) -> None:
    text = "(lambda x: (x.a, x.b, x.c, x.late, sorted(x.__dict__), hasattr(x, 'd'), isinstance(x, Mapped)))(Own())"
    assert repository(HOOKS).evaluate("model.py", text) == (3, 3, 4, 7, ["a", "c"], False, True)


@pytest.mark.parametrize("name", ["__globals__", "__code__", "__closure__", "__reduce_ex__", "__subclasses__"])
def test_reading_past_the_hooks_does_not_lead_past_the_policy(name: str, repository: Any) -> None:
    for owner in ("Own()", "Own.__init__", "Own"):
        with pytest.raises((CannotEvaluate, TargetRaised), match="attribute"):
            repository(HOOKS).evaluate("model.py", f"object.__getattribute__({owner}, {name!r})")


STRICT = """
from dataclasses import dataclass
from typing import dataclass_transform
from huggingface_hub.dataclasses import strict, as_validated_field

@as_validated_field
def positive(value):
    if value <= 0:
        raise ValueError("not positive")

@dataclass_transform(kw_only_default=True)
@strict(accept_kwargs=True)
@dataclass
class Config:
    size: int = positive(default=4)
    def __post_init__(self, **others):
        self.others = others
    def validate_size(self):
        if self.size > 100:
            raise ValueError("too large")
"""


def test_validated_dataclasses_have_their_fields_and_class_validators(repository: Any) -> None:
    interpreter = repository(STRICT)
    assert interpreter.evaluate("model.py", "(lambda c: (c.size, c.others))(Config(more=1))") == (4, {"more": 1})
    with pytest.raises(Exception, match="too large"):
        interpreter.evaluate("model.py", "Config(size=101)")


GAINED = """
import inspect
from typing import get_type_hints
import torch
from torch import nn

if not hasattr(nn.Module, "count_children"):
    def count_children(self, extra=0):
        return len(list(self.children())) + extra
    nn.Module.count_children = count_children

class Config: pass

class Base:
    config: Config
    size: "int"

class Derived(Base):
    other: Config

def shown(first, second=2, *rest, named=3, **more):
    local = 1

def facts(function):
    return function.__code__.co_varnames, function.__code__.co_argcount, function.__code__.co_name
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("count_children and nn.Sequential(nn.ReLU(), nn.ReLU()).count_children(extra=1)", 3),
        ("count_children and hasattr(nn.Linear, 'count_children')", True),
        ("facts(shown)", (("first", "second", "named", "rest", "more", "local"), 2, "shown")),
        ("get_type_hints(Derived).get('config') is Config", True),
        ("sorted(get_type_hints(Derived))", ["config", "other", "size"]),
        ("get_type_hints(Derived)['size']", int),
        ("list(inspect.get_annotations(Derived))", ["other"]),
        ("torch.accelerator.current_accelerator()", None),
    ],
)
def test_what_base_classes_of_packages_ask_for(expression: str, value: object, repository: Any) -> None:
    assert repository(GAINED).evaluate("model.py", expression) == value
    assert not hasattr(nn.Module, "count_children")


def test_a_dataclass_with_attribute_hooks_is_recorded_without_running_them(repository: Any) -> None:
    source = (
        HOOKS
        + """
from dataclasses import dataclass
import torch
@dataclass
class Settings(Mapped):
    width: int = 4
    factor: float = 2.0

class Model(torch.nn.Module):
    def __init__(self, settings):
        super().__init__()
        self.settings = settings
        self.layer = torch.nn.Linear(settings.width, 3)
    def forward(self, x):
        used = self.settings
        return self.layer(x) * used.factor
"""
    )
    interpreter = repository(source)
    model = interpreter.build("model.py", "Model(Settings())")
    recording = interpreter.call(model, [interpreter.tensor([2, 4])])
    assert recording.error is None
    assert [list(shape.shape) for shape in recording.outputs] == [[2, 3]]


def test_a_registry_is_not_filled_by_what_only_type_checkers_import(repository: Any) -> None:
    files = {
        "m.py": "from typing import TYPE_CHECKING\nfrom r import TABLE\nif TYPE_CHECKING:\n    import far\n",
        "r.py": "TABLE = {}\n",
        "far.py": "from r import TABLE\nTABLE['x'] = 1 / 0\n",
    }
    interpreter = repository(files)
    assert interpreter.evaluate("m.py", "'x' in TABLE") is False
    assert "far.py" not in interpreter.session._modules


def test_a_long_choice_of_names_is_no_costly_pattern(repository: Any) -> None:
    source = "import re\nNAMES = [f'ForTask{n}' for n in range(90)]\nPATTERN = f\"({'|'.join(NAMES)})\""
    interpreter = repository(source)
    assert interpreter.evaluate("model.py", "re.findall(PATTERN, 'ModelForTask7')") == ["ForTask7"]
    with pytest.raises(CannotEvaluate):
        interpreter.evaluate("model.py", "re.findall(PATTERN + '(x+x+)+y', 'ModelForTask7')")
