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


PACKAGE = {
    "nets/__init__.py": "from .wide import *\nfrom . import deep\n",
    "nets/registry.py": """
makers = {}
def register(function):
    if function.__name__ in makers:
        raise ValueError("twice")
    makers[function.__name__] = function
    return function
def make(name):
    if name not in makers:
        raise KeyError(f"no {name}")
    return makers[name]()
""",
    "nets/wide.py": "from .registry import register\n@register\ndef wide():\n    return 'wide'\n",
    "nets/deep.py": "from .registry import register\n@register\ndef deep():\n    return 'deep'\n",
    "nets/unused.py": "from .registry import register\n@register\ndef unused():\n    return 'unused'\n",
    "main.py": "from nets.registry import make, makers\n",
}


def test_a_registry_holds_what_imported_files_register(repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository(PACKAGE)
    assert interpreter.evaluate("main.py", "make('deep'), make('wide')") == ("deep", "wide")
    assert interpreter.evaluate("main.py", "sorted(makers), len(makers)") == (["deep", "wide"], 2)
    assert interpreter.evaluate("main.py", "makers.get('unused', 'no')") == "no"


def test_what_needs_no_registry_leaves_other_files_alone(repository) -> None:  # type: ignore[no-untyped-def]
    interpreter = repository(PACKAGE)
    assert interpreter.evaluate("nets/deep.py", "deep()") == "deep"
    assert "nets/wide.py" not in interpreter.session.loaded_paths()


OBJECT = {
    "registry.py": """
class Registry:
    def __init__(self):
        self.known = {}
    def register(self, name=None):
        def keep(kind):
            assert name not in self.known
            self.known[name or kind.__name__] = kind
            return kind
        return keep
    def build(self, name, *args):
        return self.known.get(name)(*args)
LAYERS = Registry()
""",
    "layers.py": """
from registry import LAYERS
@LAYERS.register()
class Double:
    def __init__(self, x):
        self.x = 2 * x
""",
    "main.py": "import layers\nfrom registry import LAYERS\nfirst = LAYERS.build('Double', 4)\n",
}


def test_a_registry_object_is_filled_too(repository) -> None:  # type: ignore[no-untyped-def]
    assert repository(OBJECT).evaluate("main.py", "first.x") == 8


BLOCKS = "table = {start}\ndef add(name, block):\n    table[name] = block\n"


@pytest.mark.parametrize("start", ["{}", "dict(plain=1)"])
def test_a_bare_call_registers_and_one_that_fails_is_said(start: str, repository) -> None:  # type: ignore[no-untyped-def]
    files = {
        "blocks.py": BLOCKS.format(start=start),
        "special.py": "from blocks import *\nadd('broken', 1 / 0)\nadd('special', 7)\nuse = lambda: table['special']\n",
    }
    interpreter = repository(files)
    assert interpreter.evaluate("special.py", "use()") == 7
    kinds = [kind for kind, _, _ in interpreter.recording.assumptions]
    assert "skipped_statement" in kinds


KINDS = """
class Layer:
    kind = None
    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if cls.kind is not None:
            KINDS[cls.kind] = cls
class Plain(Layer):
    pass
class Sliding(Plain):
    pass
KINDS = {"full": Plain, None: None}
def made(kind):
    return KINDS[kind]().kind
"""


def test_classes_of_other_files_register_by_being_derived(repository) -> None:  # type: ignore[no-untyped-def]
    ring = "from kinds import Sliding\nclass Ring(\n    Sliding,\n):\n    kind = 'ring'\n"
    model = "from kinds import made\nimport ring\n"
    interpreter = repository({"kinds.py": KINDS, "ring.py": ring, "other.py": "kind = 'Sliding'", "model.py": model})
    assert interpreter.evaluate("model.py", "made('ring')") == "ring"
    assert interpreter.evaluate("model.py", "made('full')") is None


def test_what_derives_from_a_registering_class_of_its_own_file_registers_too(repository) -> None:  # type: ignore[no-untyped-def]
    own = "from kinds import Sliding, made\nclass Mine(Sliding):\n    kind = 'mine'\n"
    own += "class More(Mine):\n    kind = 'more'\n"
    files = {"kinds.py": KINDS, "own.py": own + "use = lambda: made('more')\n"}
    assert repository(files).evaluate("own.py", "use()") == "more"
