"""Small repositories from source strings."""

from __future__ import annotations

from analyzer.index import SourceIndex
from analyzer.records.source import FileKind, Repository, SourceFile
from analyzer.techniques.program import Program

HEADER = """import math
import torch
import torch.nn as nn
import torch.nn.functional as F
"""


def index_of(**files: str) -> SourceIndex:
    """An index over files given as `name=text`; a name without dot is a Python file."""
    found: dict[str, SourceFile] = {}
    for name, text in files.items():
        path = name.replace("__", ".") if "__" in name else f"{name}.py"
        kind: FileKind = "markdown" if path.endswith(".md") else "python"
        found[path] = SourceFile(path, kind, len(text), text.count("\n") + 1, "", text)
    return SourceIndex(Repository("example", "", len(found), 0), found)


def program_of(source: str) -> Program:
    """One Python file with the usual imports above it."""
    return Program(index_of(example=HEADER + source))
