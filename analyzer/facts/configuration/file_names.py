"""Which files of the repository an expression may name: texts, joined paths, opened files, options with their defaults
and the values that documented commands give them. What cannot be followed names nothing.
"""

from __future__ import annotations

import ast
import fnmatch
import posixpath
from collections.abc import Iterator
from functools import lru_cache

from analyzer.facts.commands import find_commands
from analyzer.facts.configuration.argument_parsers import find as find_options
from analyzer.facts.configuration.commands import find as find_command_options
from analyzer.facts.configuration.dataclass_fields import find as find_fields
from analyzer.facts.configuration.python_files import is_settings_file
from analyzer.facts.configuration.reading import FUNCTIONS, Scope, keyword_of, own_nodes, parameters, scopes, string_of
from analyzer.index import SourceIndex
from analyzer.index.symbols import dotted_name

MAX_DEPTH = 6
MAX_FILES = 24
OPENING = frozenset(
    {"open", "Path", "str", "abspath", "realpath", "expanduser", "resolve", "fspath", "PurePath", "files"}
)
READING = frozenset({"read", "read_text", "read_bytes", "open", "resolve", "absolute", "expanduser", "as_posix"})
Files = frozenset[str]


class FileNames:
    """Follows expressions of one repository."""

    def __init__(self, index: SourceIndex) -> None:
        self._index = index
        self._calls = _calls_by_name(index)

    def named(self, node: ast.expr | None, scope: Scope) -> tuple[str, ...]:
        """Files that an expression may name, in order; none where there would be too many."""
        patterns = set(self._patterns(node, scope, 0))
        found = {path for pattern in patterns for path in self._matching(pattern, scope.path)}
        return tuple(sorted(found)) if len(found) <= MAX_FILES else ()

    def _matching(self, pattern: str, beside: str) -> Iterator[str]:
        """Files that a name or a pattern with holes means, from the root, from the file, or by their end."""
        pattern = pattern.removeprefix("./").lstrip("*").lstrip("/")
        if not pattern or pattern.startswith("."):
            return
        near = posixpath.normpath(posixpath.join(posixpath.dirname(beside), pattern))
        exact = [name for name in (pattern, near) if name in self._index.files]
        if exact:
            yield exact[0]
            return
        ends = [path for path in self._index.files if fnmatch.fnmatchcase(path, f"*/{pattern}")]
        ends += [path for path in self._index.files if "*" in pattern and fnmatch.fnmatchcase(path, pattern)]
        yield from ends if "*" in pattern or len(ends) == 1 else ()

    def _patterns(self, node: ast.expr | None, scope: Scope, depth: int) -> Iterator[str]:
        if node is None or depth > MAX_DEPTH:
            return
        text = string_of(node)
        if text is not None:
            yield text
            return
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
        elif isinstance(node, ast.Call):
            yield from self._of_call(node, scope, depth)
        elif isinstance(node, ast.Name):
            yield from self._of_name(node.id, scope, depth)
        elif isinstance(node, ast.Attribute):
            yield from _option_texts(self._index, node.attr)
        else:
            yield from self._of_operation(node, scope, depth)

    def _of_operation(self, node: ast.expr, scope: Scope, depth: int) -> Iterator[str]:
        """Joined paths, and alternatives."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.Add)):
            for last in self._patterns(node.right, scope, depth + 1):
                yield f"*/{last}" if isinstance(node.op, ast.Div) else f"*{last}"
        elif isinstance(node, (ast.IfExp, ast.BoolOp)):
            for part in [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values:
                yield from self._patterns(part, scope, depth + 1)

    def _of_call(self, node: ast.Call, scope: Scope, depth: int) -> Iterator[str]:
        name = (dotted_name(node.func) or "").rpartition(".")[2]
        if name == "join" and node.args:
            for last in self._patterns(node.args[-1], scope, depth + 1):
                yield f"*/{last}"
        elif isinstance(node.func, ast.Attribute) and node.func.attr in READING and not node.args:
            yield from self._patterns(node.func.value, scope, depth + 1)
        elif name in OPENING and node.args:
            yield from self._patterns(node.args[0], scope, depth + 1)
        elif isinstance(node.func, ast.Attribute) and node.func.attr in READING:
            yield from self._patterns(node.func.value, scope, depth + 1)

    def _of_name(self, name: str, scope: Scope, depth: int) -> Iterator[str]:
        bound = list(_bound(scope.node, name))
        function = scope.node
        if isinstance(function, FUNCTIONS):
            names = [argument.arg for argument, _ in parameters(function)]
            if name in names:
                yield from self._of_parameter(name, names, scope, depth)
            if not bound and name not in names:
                module = Scope(scope.path, "", self._index.trees()[scope.path])
                yield from self._of_name(name, module, depth + 1)
                yield from _option_texts(self._index, name)
                return
        for value in bound:
            yield from self._patterns(value, scope, depth + 1)
        if isinstance(function, FUNCTIONS) and not bound:
            yield from _option_texts(self._index, name)

    def _of_parameter(self, name: str, names: list[str], scope: Scope, depth: int) -> Iterator[str]:
        assert isinstance(scope.node, FUNCTIONS)
        for argument, default in parameters(scope.node):
            if argument.arg == name:
                yield from self._patterns(default, scope, depth + 1)
        place = names.index(name) - (names[0] in ("self", "cls"))
        for call, around in self._calls.get(scope.node.name, ()):
            given = keyword_of(call, name) or (call.args[place] if 0 <= place < len(call.args) else None)
            if around.node is not scope.node:
                yield from self._patterns(given, around, depth + 1)


def _bound(node: ast.AST, name: str) -> Iterator[ast.expr]:
    """Expressions that a scope binds a name to, by assignment or `with … as`."""
    for inner in own_nodes(node):
        if isinstance(inner, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and inner.value is not None:
            targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                yield inner.value
        elif isinstance(inner, ast.withitem) and _is_name(inner.optional_vars, name):
            yield inner.context_expr


def _is_name(node: ast.expr | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _calls_by_name(index: SourceIndex) -> dict[str, list[tuple[ast.Call, Scope]]]:
    """Calls by the last part of what they call."""
    found: dict[str, list[tuple[ast.Call, Scope]]] = {}
    for path, tree in index.trees().items():
        for scope in scopes(path, tree):
            for node in own_nodes(scope.node):
                if isinstance(node, ast.Call):
                    name = (dotted_name(node.func) or "").rpartition(".")[2]
                    found.setdefault(name, []).append((node, scope))
    return found


def _option_texts(index: SourceIndex, name: str) -> Iterator[str]:
    """Texts that an option of this name has by default, or is given by a documented command."""
    yield from _option_defaults(index).get(name, ())
    for given, value in _options_given(index):
        if given in (name, ""):
            yield value


@lru_cache(maxsize=4)
def _option_defaults(index: SourceIndex) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for find in (find_options, find_command_options, find_fields):
        for table in find(index):
            for value in table.values:
                text = getattr(value.value, "value", None)
                if isinstance(text, str) and "." in text:
                    found[value.name] = (*found.get(value.name, ()), text)
    return found


@lru_cache(maxsize=4)
def _options_given(index: SourceIndex) -> tuple[tuple[str, str], ...]:
    """Option and value where a command names a file of the repository; without option for a positional word."""
    found: list[tuple[str, str]] = []
    for command in find_commands(index):
        for words in command.simple_commands():
            for before, word in zip(("", *words), words, strict=False):
                option, _, value = word.partition("=")
                file = value if option.startswith("-") and value else word
                name = option if option.startswith("-") else before if before.startswith("-") else ""
                file = file.removeprefix("./")
                if file in index.files and (not file.endswith(".py") or is_settings_file(index, file)):
                    found.append((name.lstrip("-").replace("-", "_"), file))
    return tuple(dict.fromkeys(found))
