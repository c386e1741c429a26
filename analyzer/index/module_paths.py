"""Which file of the repository an import means, as Python's search path would find it.

Order: beside a script, additions to `sys.path` that the file makes, the directory above its package, the
directories above, additions that other files make, and at last any directory where the name is found.
"""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache

POPULAR = frozenset({
    "accelerate", "apex", "clip", "datasets", "deepspeed", "diffusers", "einops", "evaluate",
    "huggingface_hub", "hydra", "lightning", "matplotlib", "numpy", "omegaconf", "pandas", "peft",
    "safetensors", "scipy", "sentencepiece", "sklearn", "tensorboard", "tiktoken", "timm", "tokenizers",
    "torch", "torchaudio", "torchvision", "tqdm", "transformers", "trl", "wandb", "xformers", "yaml",
})  # fmt: skip
"""Packages whose names repositories also give to their own files: found only where Python itself would look."""


class ModulePaths:
    """Resolves dotted module names to paths; knows paths, not definitions.

    `added` are the directories that a file puts on the search path; `name` is the repository's own, by which a root
    that is itself a package imports its modules.
    """

    def __init__(self, added: Mapping[str, tuple[str, ...]], paths: Sequence[str], name: str = "") -> None:
        self._python = [path for path in paths if path.endswith(".py")]
        self._paths = frozenset(paths)
        own = [path for path in self._python if not path.startswith("site-packages/")]
        self._packages = {posixpath.dirname(path) for path in self._python if path.endswith("__init__.py")}
        self._own_name = name if "" in self._packages else ""
        self._added = added
        self._all_added = tuple(dict.fromkeys(d for found in self._added.values() for d in found))
        directories = {parent for path in own for parent in _parents(posixpath.dirname(path))}
        self._directories = tuple(sorted(directories, key=lambda d: (d.count("/"), d)))
        self._certain = lru_cache(maxsize=None)(self._find)

    def resolve(self, path: str, dotted: str, level: int = 0) -> str | None:
        """Path of the module `dotted` imported from `path`, None where it is foreign."""
        stem = self._below_root(dotted.replace(".", "/"), level)
        if level:
            here = posixpath.dirname(path)
            for _ in range(level - 1):
                here = posixpath.dirname(here)
            return self._module_file(_join(here, stem) if stem else here)
        found: str | None = self._certain(posixpath.dirname(path), self._added.get(path, ()), stem)
        if found == path:
            return self._elsewhere(path, stem)
        return found or self._elsewhere(path, stem)

    def _below_root(self, stem: str, level: int) -> str:
        """Where the root itself is a package, it imports its own modules by its name: `name.model` is `model`."""
        head, _, rest = stem.partition("/")
        return (rest or "__init__") if self._own_name and head == self._own_name and not level else stem

    def _find(self, here: str, added: tuple[str, ...], stem: str) -> str | None:
        in_package = here in self._packages
        top = here
        while top in self._packages and top:
            top = posixpath.dirname(top)
        first = [] if in_package else [here]
        if stem.partition("/")[0] in sys.stdlib_module_names:
            roots = first
        else:
            roots = [*first, *added, top, *_parents(top), *self._all_added, "site-packages"]
            roots += [here] if in_package and stem.partition("/")[0] not in POPULAR else []
        for root in dict.fromkeys(roots):
            found = self._module_file(_join(root, stem))
            if found is not None:
                return found
        return None

    def _elsewhere(self, path: str, stem: str) -> str | None:
        """A directory that only the documents would put on the search path; the nearest one wins."""
        head = stem.partition("/")[0]
        if head in sys.stdlib_module_names or head in POPULAR or not head:
            return None
        here = posixpath.dirname(path)
        found = [(d, f) for d in self._directories if (f := self._module_file(_join(d, stem))) and f != path]
        return max(found, key=lambda item: _shared(here, item[0]))[1] if found else None

    def _module_file(self, stem: str) -> str | None:
        for candidate in (f"{stem}.py", _join(stem, "__init__.py")):
            if candidate in self._paths:
                return candidate
        return None


def _join(directory: str, rest: str) -> str:
    return f"{directory}/{rest}" if directory else rest


def _parents(directory: str) -> list[str]:
    """The directory and those above it, nearest first; the root is the empty string."""
    found = [directory]
    while directory:
        directory = posixpath.dirname(directory)
        found.append(directory)
    return found


def _shared(here: str, other: str) -> int:
    return len(posixpath.commonpath([here, other]).split("/")) if here and other else 0
