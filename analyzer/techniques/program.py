"""The repository as terms: every function read once, every class with what its attributes stand for.

Functions of the repository are opened where they are called, a few levels deep; recursion and very long bodies
stay calls.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from analyzer.index import Definition, External, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.techniques.calls import public_name
from analyzer.techniques.frame import Frame, Step
from analyzer.techniques.protocols import Arguments
from analyzer.techniques.reading import Reader
from analyzer.techniques.statements import Statements
from analyzer.techniques.terms import Term, choice, walk

MAX_DEPTH = 4
MAX_STATEMENTS = 60
MAX_OPENED = 400

FunctionNode = (ast.FunctionDef, ast.AsyncFunctionDef)


def lambda_parts(function: Term) -> tuple[ast.Lambda, Frame]:
    """The syntax of a lambda's term and the scope it was made in."""
    assert isinstance(function.payload, tuple)
    node, made_in = function.payload
    assert isinstance(node, ast.Lambda) and isinstance(made_in, Frame)
    return node, made_in


@dataclass(frozen=True, eq=False)
class Reading:
    """A function, method or module body as read: its steps in order and what it returns."""

    qualified_name: str
    path: str
    owner: str | None
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Module
    steps: tuple[Step, ...]
    returns: tuple[Term, ...]
    parameters: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.qualified_name.rpartition(":")[2].rpartition(".")[2]

    @cached_property
    def walked(self) -> tuple[Term, ...]:
        """Every term of the function once, outermost first."""
        return tuple(walk(*self.terms))

    @cached_property
    def heads(self) -> frozenset[str]:
        return frozenset(term.head for term in self.walked)

    @cached_property
    def called(self) -> dict[str, tuple[Term, ...]]:
        """Calls of functions, methods and constructors by their label; decorators count as calls."""
        found: dict[str, list[Term]] = {}
        for term in self.walked:
            if term.label and term.head != "external":
                found.setdefault(term.label, []).append(term)
        for step in self.steps:
            if isinstance(step.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and step.term.label:
                found.setdefault(step.term.label, []).append(step.term)
        return {label: tuple(terms) for label, terms in found.items()}

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Every step's value and target in order."""
        return tuple(t for s in self.steps for t in ((s.term,) if s.target is None else (s.term, s.target)))


class Program:
    """Functions and classes of an index as terms, read on demand and kept."""

    def __init__(self, index: SourceIndex) -> None:
        self.index = index
        self.reader = Reader(self)
        self.statements = Statements(self.reader)
        self._readings: dict[str, Reading] = {}
        self._attributes: dict[str, dict[str, Term]] = {}
        self._constants: dict[str, Term | None] = {}
        self._open: list[str] = []
        self._opened = 0

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """Every function and method, and the body of every file, by path and line."""
        found = [self.reading(definition) for definition in self.index.symbols.functions()]
        found += [self._body(path, tree) for path, tree in self.index.trees().items()]
        return tuple(sorted(found, key=lambda r: (r.path, getattr(r.node, "lineno", 0), r.qualified_name)))

    def reading(self, definition: Definition) -> Reading:
        """The function or method as read by itself."""
        name = definition.qualified_name
        if name not in self._readings:
            self._readings[name] = self._read(definition)
        return self._readings[name]

    def forward(self, qualified_class: str) -> Reading | None:
        """The `forward` of a class, its own or inherited from a class of the repository."""
        found = self.method(qualified_class, "forward")
        return self.reading(found) if found else None

    def method(self, qualified_class: str, name: str, above: bool = False) -> Definition | None:
        """A method by the classes' resolution order; `above` starts behind the class itself."""
        for owner in self.ancestry(qualified_class)[1 if above else 0 :]:
            found = self.index.symbols.definition(f"{owner}.{name}")
            if found is not None and isinstance(found.node, FunctionNode):
                return found
        return None

    def ancestry(self, qualified_class: str) -> list[str]:
        """The class and its bases inside the repository, nearest first."""
        found, waiting = [], [qualified_class]
        while waiting:
            name = waiting.pop(0)
            if name not in found and isinstance(self._class_node(name), ast.ClassDef):
                found.append(name)
                waiting += [base.qualified_name for base in self._bases(name) if isinstance(base, Definition)]
        return found

    def library_base(self, qualified_class: str) -> str:
        """The foreign class that a class of the repository specialises, empty where there is none."""
        for name in self.ancestry(qualified_class):
            for base in self._bases(name):
                if isinstance(base, External) and public_name(base.dotted) != "torch.nn.Module":
                    return public_name(base.dotted)
        return ""

    def is_module(self, qualified_class: str) -> bool:
        """Whether a class of the repository is a `torch.nn.Module`, directly or through others."""
        bases = [b for name in self.ancestry(qualified_class) for b in self._bases(name)]
        return any(isinstance(b, External) and public_name(b.dotted).startswith("torch.nn.") for b in bases)

    def attributes(self, qualified_class: str) -> dict[str, Term]:
        """What `self.x` stands for, from class bodies and `__init__`, bases first."""
        if qualified_class not in self._attributes:
            self._attributes[qualified_class] = {}
            found: dict[str, Term] = {}
            for name in reversed(self.ancestry(qualified_class)):
                found.update(self._own_attributes(name, found))
            self._attributes[qualified_class] = found
        return self._attributes[qualified_class]

    def constant(self, definition: Definition) -> Term | None:
        """The value of a module-level name that one assignment defines."""
        name = definition.qualified_name
        if name not in self._constants:
            self._constants[name] = None
            value = getattr(definition.node, "value", None)
            if isinstance(definition.node, (ast.Assign, ast.AnnAssign)) and value is not None and len(self._open) < 12:
                frame = Frame(definition.path, "", depth=MAX_DEPTH)
                self._constants[name] = self.reader.read(value, frame)
        return self._constants[name]

    def apply_lambda(self, function: Term, args: tuple[Term, ...], frame: Frame) -> Term:
        """The body of a lambda with its parameters bound."""
        node, made_in = lambda_parts(function)
        inner = made_in.closure()
        if frame.depth >= MAX_DEPTH or self._spent():
            return Term("apply", (function, *args), path=frame.path, node=node)
        inner.depth = frame.depth + 1
        inner.attributes = {**inner.attributes, **frame.attributes}
        names = [a.arg for a in node.args.args]
        inner.names.update(zip(names, args, strict=False))
        return self.reader.read(node.body, inner)

    def open_function(self, qualified: str, arguments: Arguments, frame: Frame) -> Term | None:
        """What calling a function of the repository returns, None where it stays a call."""
        found = self.index.symbols.definition(qualified)
        if found is None or not isinstance(found.node, FunctionNode):
            return None
        return self._opened_body(found, arguments, frame, None, {})

    def open_method(
        self, owner: str, name: str, arguments: Arguments, frame: Frame, *, above: bool = False
    ) -> Term | None:
        """What a method called on `self` returns."""
        found = self.method(owner, name, above)
        if found is None or name == "__init__":
            return None
        return self._opened_body(found, arguments, frame, owner, frame.attributes)

    def _opened_body(
        self, found: Definition, arguments: Arguments, frame: Frame, owner: str | None, attributes: dict[str, Term]
    ) -> Term | None:
        name, node = found.qualified_name, found.node
        assert isinstance(node, FunctionNode)
        size = (node.end_lineno or 0) - node.lineno
        if frame.depth >= MAX_DEPTH or name in self._open or size > MAX_STATEMENTS or self._spent():
            return None
        inner = self._frame(found, owner)
        inner.depth = frame.depth + 1
        inner.attributes = dict(attributes)
        self._bind(inner, node, arguments)
        self._open.append(name)
        self.statements.run(node.body, inner)
        self._open.pop()
        return choice(inner.returns, found.path, node) if inner.returns else None

    def _spent(self) -> bool:
        self._opened += 1
        return self._opened > MAX_OPENED

    def _bind(self, frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef, arguments: Arguments) -> None:
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
        names = names[1:] if frame.self_name is not None else names
        args, keywords = arguments
        if any(arg.head == "star" for arg in args):
            return
        defaults = dict(zip(reversed(names), reversed(node.args.defaults), strict=False))
        for name, default in defaults.items():
            if isinstance(default, ast.Constant):
                frame.names[name] = self.reader.read(default, frame)
        allowed = {*names, *(a.arg for a in node.args.kwonlyargs)}
        frame.names.update(zip(names, args, strict=False))
        frame.names.update({key: value for key, value in keywords if key in allowed})

    def _read(self, definition: Definition) -> Reading:
        node = definition.node
        assert isinstance(node, FunctionNode)
        owner_name = definition.name.rpartition(".")[0]
        owner = f"{definition.path}:{owner_name}"
        is_method = isinstance(self._class_node(owner), ast.ClassDef)
        frame = self._frame(definition, owner if is_method else None)
        if is_method and node.name != "__init__":
            frame.attributes = dict(self.attributes(owner))
        self._opened = 0
        self._open.append(definition.qualified_name)
        self.statements.run(node.body, frame)
        self._open.pop()
        parameters = tuple(a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg))
        shown = owner if is_method else None
        return Reading(
            definition.qualified_name,
            definition.path,
            shown,
            node,
            tuple(frame.steps),
            tuple(frame.returns),
            parameters,
        )

    def _body(self, path: str, tree: ast.Module) -> Reading:
        frame = Frame(path, "")
        self._opened = 0
        self.statements.run(tree.body, frame)
        return Reading(f"{path}:", path, None, tree, tuple(frame.steps), (), ())

    def _frame(self, definition: Definition, owner: str | None) -> Frame:
        """A frame whose names are the parameters; the first of a method is `self`."""
        node = definition.node
        assert isinstance(node, FunctionNode)
        frame = Frame(definition.path, definition.name, owner=owner)
        every = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
        static = any(dotted_name(d) in ("staticmethod", "classmethod") for d in node.decorator_list)
        if owner is not None and every and not static:
            frame.self_name = every.pop(0)
            frame.names[frame.self_name] = Term("self", path=definition.path, node=node)
        defaults = dict(zip(reversed(every), reversed(node.args.defaults), strict=False))
        defaults |= {
            a.arg: d for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=False) if d is not None
        }
        extra = [a for a in (node.args.vararg, node.args.kwarg) if a is not None]
        for name in [*every, *(a.arg for a in (*node.args.kwonlyargs, *extra))]:
            default = self._callable_default(defaults.get(name), frame)
            frame.names[name] = Term("param", label=name, path=definition.path, node=node, definition=default)
        return frame

    def _callable_default(self, node: ast.expr | None, frame: Frame) -> Term | None:
        """A default that names a function or class says what a call of the parameter does."""
        if not isinstance(node, (ast.Name, ast.Attribute, ast.Lambda)):
            return None
        term = self.reader.read(node, Frame(frame.path, ""))
        return term if term.head in ("external", "own", "lambda") else None

    def _own_attributes(self, qualified_class: str, inherited: dict[str, Term]) -> dict[str, Term]:
        node = self._class_node(qualified_class)
        path, _, scope = qualified_class.rpartition(":")
        frame = Frame(path, scope, attributes=dict(inherited))
        found: dict[str, Term] = {}
        for statement in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                found[statement.targets[0].id] = self.reader.read(statement.value, frame)
        init = self.index.symbols.definition(f"{qualified_class}.__init__")
        if init is not None and isinstance(init.node, FunctionNode):
            inner = self._frame(init, qualified_class)
            inner.attributes = {**inherited, **found}
            self.statements.run(init.node.body, inner)
            found = inner.attributes
        return found

    def _class_node(self, qualified: str) -> ast.stmt | None:
        found = self.index.symbols.definition(qualified)
        return found.node if found is not None and isinstance(found.node, ast.ClassDef) else None

    def _bases(self, qualified_class: str) -> list[Definition | External]:
        node = self._class_node(qualified_class)
        path, _, scope = qualified_class.rpartition(":")
        found: list[Definition | External] = []
        for base in node.bases if isinstance(node, ast.ClassDef) else ():
            dotted = dotted_name(base)
            resolved = self.index.symbols.resolve(path, dotted, scope.rpartition(".")[0]) if dotted else None
            if isinstance(resolved, (Definition, External)):
                found.append(resolved)
        return found
