"""The ways into a repository: scripts, console scripts, notebooks, and the commands that its own documents give.

A script is told by what it does when it is run (a main guard, or module-level code that acts and that no other
file imports). Commands are quoted; what they would do is not judged here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.facts.assignments import own_nodes
from analyzer.facts.commands import Command, changed_directory, find_commands
from analyzer.facts.project_metadata import find_console_scripts
from analyzer.index import SourceIndex
from analyzer.index.main_guard import main_guard
from analyzer.records.source import Span
from analyzer.records.structure import EntryPoint

BUILD_CALLS = ("setuptools.setup", "distutils.core.setup", "skbuild.setup")
HARMLESS = ("warnings.", "logging.", "sys.path.", "os.environ.", "torch.set_", "torch.backends.", "typing.")


def find_entry_points(index: SourceIndex) -> tuple[EntryPoint, ...]:
    """Entry points by path and line."""
    found = [*_scripts(index), *_console_scripts(index), *_notebooks(index), *_commands(index)]
    return tuple(sorted(found, key=lambda e: (e.path, e.where.first_line, e.kind, e.command or "")))


def _scripts(index: SourceIndex) -> Iterator[EntryPoint]:
    imported = _imported_files(index)
    for path, tree in index.trees().items():
        if index.files[path].kind != "python" or is_build_script(index, path):
            continue
        guard = main_guard(tree)
        where = index.span(path, guard) if guard is not None else None
        if where is None and path not in imported:
            action = next((node for node in tree.body if _acts(index, path, node)), None)
            where = index.span(path, action) if action is not None else None
        if where is not None:
            kind = "module" if path.endswith("__main__.py") else "script"
            yield EntryPoint(path, kind, where, None, path)  # type: ignore[arg-type]


def is_build_script(index: SourceIndex, path: str) -> bool:
    """A file that hands the project to its packaging tool."""
    tree = index.trees().get(path)
    calls = [n for n in own_nodes(tree) if isinstance(n, ast.Call)]
    return any(index.symbols.external_name(path, call.func) in BUILD_CALLS for call in calls)


def _acts(index: SourceIndex, path: str, node: ast.stmt) -> bool:
    """A module-level statement with an effect of its own: a loop, or a call whose result is not kept."""
    if isinstance(node, (ast.For, ast.While, ast.With)):
        return any(isinstance(inner, ast.Call) for inner in ast.walk(node)) and not _only_defines(node)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        foreign = index.symbols.external_name(path, node.value.func)
        return foreign is None or not foreign.startswith(HARMLESS)
    return False


def _only_defines(node: ast.stmt) -> bool:
    return all(not isinstance(inner, ast.Expr) for inner in own_nodes(node)) and not any(
        isinstance(inner, ast.AugAssign) for inner in own_nodes(node)
    )


def _imported_files(index: SourceIndex) -> frozenset[str]:
    """Files that another file imports, or reads and executes by name."""
    found: set[str] = set()
    for path, tree in index.trees().items():
        for node in ast.walk(tree):
            found.update(t for t in _import_targets(index, path, node) if t != path)
            found.update(t for t in _executed(index, path, node) if t != path)
    return frozenset(found)


def _import_targets(index: SourceIndex, path: str, node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        names = [(alias.name, 0) for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        stem = f"{node.module}." if node.module else ""
        names = [(node.module or "", node.level)] if node.module else []
        names += [(f"{stem}{alias.name}", node.level) for alias in node.names]
    else:
        return
    for dotted, level in names:
        target = index.resolve_module(path, dotted, level)
        if target is not None:
            yield target


def _executed(index: SourceIndex, path: str, node: ast.AST) -> Iterator[str]:
    """`exec(open("configurator.py").read())` runs that file inside this one."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "exec":
        for inner in ast.walk(node):
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and inner.value in index.files:
                yield inner.value


def _console_scripts(index: SourceIndex) -> Iterator[EntryPoint]:
    for name, target, where in find_console_scripts(index):
        module, _, function = target.partition(":")
        path = index.resolve_module("pyproject.toml", module)
        if path is not None:
            resolved = index.symbols.resolve(path, function.strip()) if function else None
            home = getattr(resolved, "path", path)
            yield EntryPoint(where.path, "console_script", where, name, home)


def _notebooks(index: SourceIndex) -> Iterator[EntryPoint]:
    for path, tree in index.trees().items():
        if index.files[path].kind == "notebook" and tree.body:
            first = tree.body[0]
            yield EntryPoint(path, "notebook", index.span(path, first), None, path)


def _commands(index: SourceIndex) -> Iterator[EntryPoint]:
    kinds = {"makefile": "makefile", "shell": "shell", "markdown": "readme", "text": "readme", "notebook": "notebook"}
    for command in find_commands(index):
        target = command_target(index, command)
        if target is not None:
            kind = kinds[index.files[command.where.path].kind]
            yield EntryPoint(command.where.path, kind, command.where, command.text, target)  # type: ignore[arg-type]


def command_target(index: SourceIndex, command: Command) -> str | None:
    """Repository path of the Python file that a command line starts."""
    directory = command.directory
    for words in command.simple_commands():
        found = _python_target(index, words, directory)
        if found is not None:
            return found
        directory = changed_directory(" ".join(words), directory)
    return None


LAUNCHERS = ("torchrun", "accelerate", "deepspeed", "torch.distributed.launch", "torch.distributed.run", "streamlit")


def _python_target(index: SourceIndex, words: tuple[str, ...], directory: str) -> str | None:
    if not words:
        return None
    program = words[0].rpartition("/")[2]
    is_python = program.startswith("python")
    if not is_python and program not in LAUNCHERS and program not in ("uv", "poetry", "pipenv", "srun", "mpirun", "sh"):
        scripts = {name: target for name, target, _ in find_console_scripts(index)}
        if program in scripts:
            return index.resolve_module("pyproject.toml", scripts[program].partition(":")[0])
        return _file(index, words[0], directory) if words[0].endswith(".py") else None
    for place, word in enumerate(words[1:], 1):
        if words[place - 1] == "-m" and word not in LAUNCHERS:
            return _package_main(index, word) or _main_beside(index, index.resolve_module("pyproject.toml", word))
        if word.endswith(".py"):
            return _file(index, word, directory)
    return None


def _package_main(index: SourceIndex, dotted: str) -> str | None:
    path = dotted.replace(".", "/") + "/__main__.py"
    return path if path in index.files else None


def _main_beside(index: SourceIndex, path: str | None) -> str | None:
    """`python -m package` starts the package's `__main__`, not its `__init__`."""
    folder, _, name = (path or "").rpartition("/")
    main = f"{folder}/__main__.py".lstrip("/")
    return main if name == "__init__.py" and main in index.files else path


def _file(index: SourceIndex, word: str, directory: str) -> str | None:
    word = word.removeprefix("./")
    for candidate in (f"{directory}/{word}" if directory else word, word):
        if candidate in index.files:
            return candidate
    return None


def entry_spans(entry_points: tuple[EntryPoint, ...], path: str) -> tuple[Span, ...]:
    """Places that make a file an entry point."""
    return tuple(e.where for e in entry_points if path in (e.target, e.path))
