"""What may be called for real, by qualified name; one file per family, each row with an example.

A name that is not here is never handed out. `canonical_name` gives a real class the name it has here.
"""

from __future__ import annotations

import builtins
import importlib
import re
from functools import cache
from typing import Any

from analyzer.evaluator.library import (
    python_types,
    standard,
    tensors,
    third_party,
    torch_functional,
    torch_functions,
    torch_mathematics,
    torch_modules,
)

FAMILIES = (
    *(python_types, standard, torch_functions, torch_mathematics, tensors),
    *(torch_modules, torch_functional, third_party),
)


@cache
def rows() -> dict[str, str]:
    """Every allowed qualified name with its example, or an empty text where another row shows it."""
    found: dict[str, str] = {}
    for family in FAMILIES:
        for line in family.ROWS.strip().splitlines():
            name, _, example = line.strip().partition(" ")
            if "(" in example or example.startswith(" "):
                found[name] = example.strip()
            else:
                found.update(dict.fromkeys(line.split(), ""))
    return found


@cache
def modules() -> frozenset[str]:
    """Dotted names of the modules that contain an allowed name."""
    found = set()
    for name in rows():
        parts = name.split(".")
        found |= {".".join(parts[:end]) for end in range(1, len(parts))}
    return frozenset(name for name in found if name not in rows())


ALIASES = (
    (re.compile(r"^numpy\.random\.(_generator|mtrand)\."), "numpy.random."),
    (re.compile(r"^torch\.nn\.attention\._SDPBackend$"), "torch.nn.attention.SDPBackend"),
    (re.compile(r"^builtins\.mappingproxy$"), "types.MappingProxyType"),
    (re.compile(r"^builtins\."), ""),
    (re.compile(r"^analyzer\.evaluator\.(modules|registrations)\.(ModuleNames|LoadedModules|FilledTable)$"), "dict"),
    (re.compile(r"^analyzer\.evaluator\.command_line\.CommandLine$"), "list"),
    (re.compile(r"^analyzer\.evaluator\.native\.annotations\.Annotations$"), "dict"),
    (re.compile(r"^torch\._C\.TensorBase$"), "torch.Tensor"),
    (re.compile(r"^torch\._tensor\.Tensor$"), "torch.Tensor"),
    (re.compile(r"^torch\._subclasses\.fake_tensor\.FakeTensor$"), "torch.Tensor"),
    (re.compile(r"^torch\.nn\.parameter\."), "torch.nn."),
    (re.compile(r"^torch\.nn\.modules\.module\.Module$"), "torch.nn.Module"),
    (re.compile(r"^(torch\.nn\.modules\.linear\.NonDynamicallyQuantizableLinear)$"), r"\1"),
    (re.compile(r"^torch\.nn\.modules\.\w+\.([A-Z]\w*)$"), r"torch.nn.\1"),
    (re.compile(r"^torch\.nn\.modules\.(\w+)\.(_\w+)$"), r"torch.nn.modules.\1.\2"),
    (re.compile(r"^torch\.optim\.optimizer\."), "torch.optim."),
    (re.compile(r"^(_?collections_abc|typing)\."), "collections.abc."),
    (re.compile(r"^analyzer\.evaluator\.modules\.(ModuleNames|LoadedModules)$"), "dict"),
    (re.compile(r"^pathlib(\._local)?\.(PosixPath|WindowsPath|PurePath|PurePosixPath)$"), "pathlib.Path"),
)


@cache
def canonical_name(kind: type) -> str:
    """`torch.nn.Linear` for the class that lives in `torch.nn.modules.linear`."""
    name = f"{kind.__module__}.{kind.__qualname__}"
    for pattern, replacement in ALIASES:
        name, changed = pattern.subn(replacement, name)
        if changed:
            return name
    return name


@cache
def real_object(name: str) -> Any:
    """The real object behind a qualified name; AttributeError where this version has none."""
    first, *rest = name.split(".")
    if not rest:
        return getattr(builtins, first)
    try:
        value: Any = importlib.import_module(first)
    except ImportError:
        raise AttributeError(name) from None
    for at, part in enumerate(rest, start=1):
        if not hasattr(value, part):
            _import_part(".".join([first, *rest[:at]]), name)
        value = getattr(value, part)
    return value


def _import_part(dotted: str, name: str) -> None:
    try:
        importlib.import_module(dotted)
    except ImportError:
        raise AttributeError(name) from None
