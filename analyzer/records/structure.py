"""What the repository consists of: classes, files and their roles, entry points, module relations, dependencies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzer.records.evidence import Evidence
from analyzer.records.source import Span

Role = Literal["config", "model", "training", "inference", "data", "preprocess", "entry_point"]


@dataclass(frozen=True)
class ArgumentInfo:
    """A parameter of a function; `default` is the expression as written, None where there is none."""

    name: str
    annotation: str | None = None
    default: str | None = None
    kind: Literal["positional", "keyword", "var_positional", "var_keyword"] = "positional"


@dataclass(frozen=True)
class FunctionInfo:
    """A function or method. `qualified_name` is `path:Class.method` or `path:function`."""

    name: str
    qualified_name: str
    where: Span
    arguments: tuple[ArgumentInfo, ...]
    docstring: str | None = None
    decorators: tuple[str, ...] = ()


@dataclass(frozen=True)
class SubmoduleInfo:
    """`self.name = Constructor(...)` in `__init__`, also inside containers and loops."""

    name: str
    class_name: str
    """As written (`nn.Linear`, `Block`)."""
    defined_at: str | None
    """Qualified name of the class where it is the repository's own."""
    expression: str
    where: Span


@dataclass(frozen=True)
class ClassInfo:
    """A class of the repository. `qualified_name` is `path:Outer.Inner`; classes of the same name in different
    files stay apart.
    """

    name: str
    qualified_name: str
    where: Span
    bases: tuple[str, ...]
    is_module: bool
    """Subclass of `torch.nn.Module`, directly or through other classes of the repository or known packages."""
    methods: tuple[FunctionInfo, ...] = ()
    submodules: tuple[SubmoduleInfo, ...] = ()
    docstring: str | None = None
    forward: FunctionInfo | None = None
    """The `forward` it has itself or inherits from a class of the repository."""


@dataclass(frozen=True)
class ModelCandidate:
    """A class that may be built as a model, best first; the evidence says why."""

    class_name: str
    qualified_name: str
    where: Span
    main: bool
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class RoleAssignment:
    role: Role
    path: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class EntryPoint:
    """A way in: a script with a main part, a notebook, a command in a Makefile, shell script or README."""

    path: str
    kind: Literal["script", "console_script", "notebook", "makefile", "shell", "readme", "module"]
    where: Span
    command: str | None = None
    """The command as quoted from the repository's own documents."""
    target: str | None = None
    """Repository path of the Python file that the command starts."""


@dataclass(frozen=True)
class FileRelation:
    """What a file defines and who uses it."""

    path: str
    exports: tuple[str, ...]
    imports: tuple[tuple[str, tuple[str, ...]], ...]
    """(path, names) for imports inside the repository."""
    used_by: tuple[str, ...]
    summary: str | None = None
    """First line of the file's own docstring."""


@dataclass(frozen=True)
class Dependency:
    """A third-party package: imported where, declared where, with which versions."""

    name: str
    """Import name."""
    distribution: str
    imported_at: tuple[Span, ...]
    declared_at: tuple[Span, ...] = ()
    version: str | None = None
    """Version specifier as declared."""
    optional: bool = False
    """Imported only under `try`, inside functions, or declared as an extra."""
    documented_at: tuple[Span, ...] = ()
    """Install lines of documents that name it."""


@dataclass(frozen=True)
class Initialiser:
    """A call that gives a parameter its first value, or the creation of a parameter with the values it is given;
    `target` and `code` as written, `conditions` (tests and loops around it, outermost first) too.
    """

    target: str
    code: str
    where: Span
    conditions: tuple[str, ...] = ()
    function: str = ""
    """The function or method that holds it."""
    maker: str = ""
    """Where a parameter is created: dotted name of the function that makes its contents (`torch.randn`), `?` where the
    code does not show one.
    """


@dataclass(frozen=True)
class Structure:
    classes: tuple[ClassInfo, ...] = ()
    models: tuple[ModelCandidate, ...] = ()
    roles: tuple[RoleAssignment, ...] = ()
    entry_points: tuple[EntryPoint, ...] = ()
    relations: tuple[FileRelation, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    initialisers: tuple[Initialiser, ...] = ()
