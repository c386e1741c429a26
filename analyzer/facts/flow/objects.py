"""Abstract values: what an expression may stand for, told apart by class, by place of creation, or by the dotted
name of the foreign call that made it.

`torch.optim.AdamW()` is what calling `torch.optim.AdamW` returns, `torch.optim.AdamW().step` its method.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Instance:
    """An object of a class of the repository, by the class's qualified name."""

    owner: str


@dataclass(frozen=True)
class Klass:
    """A class of the repository itself."""

    owner: str


@dataclass(frozen=True)
class Function:
    """A function, method or lambda of the repository; `receiver` is what its first parameter is bound to."""

    name: str
    receiver: Instance | Klass | None = None
    given: tuple[str, ...] = ()
    """Parameters that `functools.partial` has given already."""


@dataclass(frozen=True)
class Foreign:
    """A foreign name, or what a foreign call returns. `about` is the repository object that it was made from:
    the module of `model.to`, the data set of a loader.
    """

    dotted: str
    about: Instance | None = None


@dataclass(frozen=True)
class Container:
    """A list, tuple, dictionary or module container, by the place of its creation."""

    site: str
    dotted: str = ""
    """Foreign class for module containers (`torch.nn.Sequential`)."""


@dataclass(frozen=True)
class Held:
    """A configuration holder that keeps any attribute: an argparse namespace or CfgNode, by its place."""

    site: str
    is_parser: bool = False
    owner: str = ""
    """Qualified name of its class where that is the repository's own."""


@dataclass(frozen=True)
class ModuleFile:
    """A Python file of the repository, imported as a module."""

    path: str


Type = Instance | Klass | Function | Foreign | Container | Held | ModuleFile
Callable_ = Instance | Klass | Function | Foreign | Container
Types = frozenset[Type]
NOTHING: Types = frozenset()
