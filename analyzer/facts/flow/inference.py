"""Which objects each expression of the repository may stand for: a flow-insensitive fixpoint over all files.

Names are followed through assignments, calls, attributes and containers, so that an answer rests on where an
object comes from and never on what a variable is called. What stays empty is not known.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from analyzer.facts.class_hierarchy import ClassHierarchy
from analyzer.facts.flow.calls import CallRules
from analyzer.facts.flow.documented_types import documented_classes
from analyzer.facts.flow.foreign import attribute_of, is_module_object
from analyzer.facts.flow.holders import NO_HOLDERS, Holders
from analyzer.facts.flow.objects import (
    NOTHING,
    Container,
    Foreign,
    Function,
    Held,
    Instance,
    Klass,
    ModuleFile,
    Type,
    Types,
)
from analyzer.facts.flow.parts import PartRules
from analyzer.facts.flow.scopes import CodeScope, ScopeTable, parameters_of
from analyzer.facts.flow.type_tests import learn_from_test
from analyzer.index import Definition, External, SourceIndex

MAX_ROUNDS = 16
MAX_TYPES = 24
MAX_ANSWERS = 100
"""An expression that may stand for more kinds of things than this may stand for anything: nothing is said of it."""
ANY = "*"
KEYS = "<keys>"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class _Cells(dict[tuple[str, str], Types]):
    """Types by owner and name, which remember the scopes that asked for them."""

    def __init__(self, inference: Inference) -> None:
        super().__init__()
        self._inference = inference
        self.readers: dict[tuple[str, str], set[str]] = {}

    def get(self, key: tuple[str, str], default: Types = NOTHING) -> Types:  # type: ignore[override]
        current = self._inference.current
        if current:
            self.readers.setdefault(key, set()).add(current)
        return super().get(key, default)


class Inference:
    """Types of all expressions; `types(node, scope)` answers after construction."""

    def __init__(self, index: SourceIndex, holders: Holders = NO_HOLDERS) -> None:
        self.index = index
        self.hierarchy = ClassHierarchy(index)
        self.scopes = ScopeTable(index)
        self.holders = holders
        self.current = ""
        """Key of the scope that is being swept; what it reads makes it dirty again when that changes."""
        self._dirty: set[str] = set()
        self.names = _Cells(self)
        self.slots = _Cells(self)
        """Attributes of instances and holders, items of containers, by owner and name."""
        self._returns = _Cells(self)
        self.keys: dict[str, set[str]] = {}
        """Names of the slots of each owner."""
        self.calls = CallRules(self)
        parts = PartRules(self)
        self.items, self.elements, self.contents, self.members = (
            parts.items, parts.elements, parts.contents, parts.members,
        )  # fmt: skip
        self._resolved: dict[tuple[str, str, str], Types] = {}
        self.documented: dict[str, dict[str, str]] = {}
        pending = list(self.scopes.by_key)
        for _ in range(MAX_ROUNDS):
            self._dirty = set()
            for key in pending:
                self.current = key
                self._sweep(self.scopes.by_key[key])
            pending = [key for key in self.scopes.by_key if key in self._dirty]
            if not pending:
                break
        self.current = ""

    # --- state

    def add(self, table: _Cells, key: tuple[str, str], types: Types) -> None:
        """Join types into a cell; a cell that holds too many kinds keeps what it has."""
        known = dict.get(table, key, NOTHING)
        if types <= known or len(known) > MAX_TYPES or len(types) > MAX_ANSWERS:
            return
        table[key] = known | types
        self._dirty |= table.readers.get(key, set())
        if table is self.slots and key[1] not in self.keys.setdefault(key[0], set()):
            self.keys[key[0]].add(key[1])
            self._dirty |= table.readers.get((key[0], KEYS), set())

    def add_return(self, function: str, types: Types) -> None:
        self.add(self._returns, (function, ""), types)

    def returned(self, function: str) -> Types:
        """What a function returns."""
        return self._returns.get((function, ""))

    def keys_of(self, site: str) -> list[str]:
        """Names of the slots of an owner."""
        self.slots.get((site, KEYS))
        return sorted(self.keys.get(site, ()))

    # --- one sweep over a scope

    def _sweep(self, scope: CodeScope) -> None:
        if isinstance(scope.node, ast.Lambda):
            self.add_return(scope.key, self.types(scope.node.body, scope))
        elif isinstance(scope.node, FUNCTIONS):
            self._bind_defaults(scope)
        for node in scope.nodes:
            sweep = SWEEPS.get(type(node))
            if sweep is not None:
                sweep(self, node, scope)

    def _sweep_assign(self, node: ast.Assign, scope: CodeScope) -> None:
        found = self.types(node.value, scope)
        for target in node.targets:
            self.store(target, found, scope)

    def _sweep_target(self, node: ast.AnnAssign | ast.AugAssign | ast.NamedExpr, scope: CodeScope) -> None:
        if node.value is not None:
            self.store(node.target, self.types(node.value, scope), scope)

    def _sweep_loop(self, node: ast.For | ast.AsyncFor | ast.comprehension, scope: CodeScope) -> None:
        self.store(node.target, self.elements(self.types(node.iter, scope)), scope)

    def _sweep_return(self, node: ast.Return, scope: CodeScope) -> None:
        if node.value is not None:
            self.add_return(scope.key, self.types(node.value, scope))

    def _sweep_call(self, node: ast.Call, scope: CodeScope) -> None:
        self.types(node, scope)
        learn_from_test(self, node, scope)

    def _sweep_yield(self, node: ast.Yield | ast.YieldFrom, scope: CodeScope) -> None:
        site = Container(f"{scope.key}<yield>")
        found = self.types(node.value, scope) if node.value is not None else NOTHING
        self.add(self.slots, (site.site, ANY), found if isinstance(node, ast.Yield) else self.elements(found))
        self.add_return(scope.key, frozenset({site}))

    def _entered(self, managers: Types) -> Types:
        """What `with … as` binds: what a generator under `contextmanager` yields, else the object itself."""
        made = frozenset(t for t in managers if isinstance(t, Container) and t.site.endswith("<yield>"))
        return (managers - made) | (self.elements(made) if made else NOTHING)

    def _sweep_with(self, node: ast.withitem, scope: CodeScope) -> None:
        if node.optional_vars is not None:
            self.store(node.optional_vars, self._entered(self.types(node.context_expr, scope)), scope)

    def _bind_defaults(self, scope: CodeScope) -> None:
        arguments = scope.node.args  # type: ignore[union-attr]
        if scope.key not in self.documented:
            self.documented[scope.key] = documented_classes(self.index, scope.node)
        for argument in parameters_of(arguments):
            if argument.annotation is None and argument.arg in self.documented[scope.key]:
                told = frozenset({Instance(self.documented[scope.key][argument.arg])})
                self.add(self.names, (scope.key, argument.arg), told)
            if argument.annotation is not None:
                self.add(self.names, (scope.key, argument.arg), self._annotated(argument.annotation, scope))
            self.add(self.names, (scope.key, argument.arg), self.holders.given(scope.key, argument.arg))
        owner = scope.parent
        positional = [*arguments.posonlyargs, *arguments.args]
        if owner is not None and owner.is_class and positional and not self.is_static(scope.node):
            receiver: Type = Klass(owner.key) if self.is_classmethod(scope.node) else Instance(owner.key)
            self.add(self.names, (scope.key, positional[0].arg), frozenset({receiver}))
        defaults = dict(
            zip(
                [a.arg for a in positional[len(positional) - len(arguments.defaults) :]],
                arguments.defaults,
                strict=True,
            )
        )
        defaults |= {a.arg: d for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d}
        for name, default in defaults.items():
            self.add(self.names, (scope.key, name), self.types(default, scope.parent or scope))

    def _annotated(self, annotation: ast.expr, scope: CodeScope) -> Types:
        """Instances of the repository's classes that an annotation names (also inside Optional, as text)."""
        if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                annotation = ast.parse(annotation.value, mode="eval").body
            except SyntaxError:
                return NOTHING
        if isinstance(annotation, ast.Subscript):
            outer = ast.unparse(annotation.value).rpartition(".")[2]
            parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
            inner = [self._annotated(part, scope) for part in parts] if outer in ("Optional", "Union") else []
            return frozenset().union(*inner)
        if isinstance(annotation, ast.BinOp):
            return self._annotated(annotation.left, scope) | self._annotated(annotation.right, scope)
        if not isinstance(annotation, (ast.Name, ast.Attribute)):
            return NOTHING
        found = self.index.symbols.resolve(scope.path, ast.unparse(annotation), scope.dotted)
        if isinstance(found, Definition) and isinstance(found.node, ast.ClassDef):
            return frozenset({Instance(found.qualified_name)})
        return NOTHING

    @staticmethod
    def is_static(node: ast.AST) -> bool:
        return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in getattr(node, "decorator_list", ()))

    @staticmethod
    def is_classmethod(node: ast.AST) -> bool:
        return any(isinstance(d, ast.Name) and d.id == "classmethod" for d in getattr(node, "decorator_list", ()))

    # --- stores

    def store(self, target: ast.expr, types: Types, scope: CodeScope) -> None:
        """Bind types to a name, attribute, item or tuple of them."""
        if isinstance(target, ast.Name):
            owner = self.scopes.owner_of(scope, target.id) or self.scopes.by_key[scope.path]
            self.add(self.names, (owner.key, target.id), types)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for place, part in enumerate(target.elts):
                inner = part.value if isinstance(part, ast.Starred) else part
                self.store(inner, self.items(types, str(place)), scope)
        elif isinstance(target, ast.Attribute):
            for base in self.types(target.value, scope):
                owner_key = self._slot_owner(base)
                if owner_key:
                    self.add(self.slots, (owner_key, target.attr), types)
        elif isinstance(target, ast.Subscript):
            for base in self.types(target.value, scope):
                if isinstance(base, Container):
                    self.add(self.slots, (base.site, _key_of(target.slice)), types)

    @staticmethod
    def _slot_owner(base: Type) -> str:
        if isinstance(base, (Instance, Klass)):
            return base.owner
        if isinstance(base, Held):
            return base.site
        return base.path if isinstance(base, ModuleFile) else ""

    # --- reads

    def types(self, node: ast.expr | None, scope: CodeScope) -> Types:
        """What an expression may stand for."""
        found = self._types(node, scope)
        return found if len(found) <= MAX_ANSWERS else NOTHING

    def _types(self, node: ast.expr | None, scope: CodeScope) -> Types:
        if isinstance(node, ast.Name):
            return self._name(node.id, scope)
        if isinstance(node, ast.Attribute):
            return self._join(self.attribute(base, node.attr) for base in self.types(node.value, scope))
        if isinstance(node, ast.Call):
            return self.calls.call(node, scope)
        if isinstance(node, ast.Subscript):
            return self.items(self.types(node.value, scope), _key_of(node.slice))
        return self._compound(node, scope)

    def _compound(self, node: ast.expr | None, scope: CodeScope) -> Types:
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            return self._sequence(node, scope)
        if isinstance(node, ast.Dict):
            return self._dict(node, scope)
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            site = Container(_site(scope, node))
            element = node.value if isinstance(node, ast.DictComp) else node.elt
            self.add(self.slots, (site.site, ANY), self.types(element, scope))
            return frozenset({site})
        if isinstance(node, ast.Lambda):
            inner = self.scopes.by_node.get(id(node))
            return frozenset({Function(inner.key)}) if inner else NOTHING
        return self._join(self.types(part, scope) for part in _operands(node))

    @staticmethod
    def _join(parts: object) -> Types:
        return frozenset().union(*parts)  # type: ignore[misc]

    def _sequence(self, node: ast.Tuple | ast.List | ast.Set, scope: CodeScope) -> Types:
        site = Container(_site(scope, node))
        for place, element in enumerate(node.elts):
            if isinstance(element, ast.Starred):
                self.add(self.slots, (site.site, ANY), self.elements(self.types(element.value, scope)))
            else:
                self.add(self.slots, (site.site, str(place)), self.types(element, scope))
        return frozenset({site})

    def _dict(self, node: ast.Dict, scope: CodeScope) -> Types:
        site = Container(_site(scope, node))
        for key, value in zip(node.keys, node.values, strict=True):
            found = self.types(value, scope)
            self.add(self.slots, (site.site, _key_of(key) if key is not None else ANY), found)
        return frozenset({site})

    def _name(self, name: str, scope: CodeScope) -> Types:
        owner = self.scopes.owner_of(scope, name)
        if owner is not None and owner.is_function:
            found = self.names.get((owner.key, name), NOTHING)
            return found | self._defined(owner.path, name, owner.dotted)
        if owner is not None and owner.is_class:
            return self.names.get((owner.key, name), NOTHING)
        found = self._defined(scope.path, name, "")
        return found | self.names.get((scope.path, name), NOTHING)

    def _defined(self, path: str, dotted: str, scope_name: str) -> Types:
        """What a name means by definitions and imports (not by assignment)."""
        key = (path, dotted, scope_name)
        if key not in self._resolved:
            self._resolved[key] = self._resolve(path, dotted, scope_name)
        found = self._resolved[key]
        if len(found) == 1:
            only = next(iter(found))
            if isinstance(only, Foreign) and only.dotted.startswith("<name>"):
                target, _, name = only.dotted.removeprefix("<name>").rpartition(":")
                return self.names.get((target, name), NOTHING)
        return found

    def _resolve(self, path: str, dotted: str, scope_name: str) -> Types:
        found = self.index.symbols.resolve(path, dotted, scope_name)
        if isinstance(found, External):
            return frozenset({Foreign(found.dotted)})
        if isinstance(found, Definition):
            return self._of_definition(found)
        if isinstance(found, str):
            return frozenset({ModuleFile(found)})
        return frozenset({Foreign(f"builtins.{dotted}")}) if dotted in BUILTINS else NOTHING

    @staticmethod
    def _of_definition(found: Definition) -> Types:
        if isinstance(found.node, ast.ClassDef):
            return frozenset({Klass(found.qualified_name)})
        if isinstance(found.node, FUNCTIONS):
            return frozenset({Function(found.qualified_name)})
        return frozenset({Foreign(f"<name>{found.path}:{found.name}")})

    def attribute(self, base: Type, name: str) -> Types:
        """Types of `base.name`."""
        if isinstance(base, Instance):
            return self._instance_attribute(base, name)
        if isinstance(base, Klass):
            return self._class_attribute(base, name)
        if isinstance(base, Foreign):
            dotted = attribute_of(base.dotted, name)
            held = self.holders.attribute(base.dotted, name)
            return held or (frozenset({Foreign(dotted, base.about)}) if dotted else NOTHING)
        if isinstance(base, ModuleFile):
            found = self._defined(base.path, name, "") | self.slots.get((base.path, name), NOTHING)
            return found or self._submodule(base.path, name)
        if isinstance(base, Held):
            return self._held_attribute(base, name)
        if isinstance(base, Container):
            return self._container_attribute(base, name)
        return NOTHING

    def _submodule(self, path: str, name: str) -> Types:
        """A file of a package, which `import package.name` binds to the package."""
        folder, _, last = path.rpartition("/")
        files = (f"{folder}/{name}.py".lstrip("/"), f"{folder}/{name}/__init__.py".lstrip("/"))
        found = next((f for f in files if f in self.index.files), None) if last == "__init__.py" else None
        return frozenset({ModuleFile(found)}) if found is not None else NOTHING

    def _held_attribute(self, base: Held, name: str) -> Types:
        if base.is_parser:
            return frozenset({Foreign(f"<parser>{base.site}.{name}")})
        if name == "__dict__":
            return frozenset({base})
        found = self.slots.get((base.site, name), NOTHING) or self.holders.section(base, name)
        return found or (self._instance_attribute(Instance(base.owner), name) if base.owner else NOTHING)

    def _container_attribute(self, base: Container, name: str) -> Types:
        found = self.slots.get((base.site, name))
        if found:
            return found
        return frozenset({Foreign(f"<container>{base.site}|{name}")})

    def _instance_attribute(self, base: Instance, name: str) -> Types:
        found = NOTHING
        owner = self.index.symbols.definition(base.owner)
        if owner is None:
            return NOTHING
        order = self.hierarchy.order(owner)
        for ancestor in order:
            if isinstance(ancestor, Definition):
                found |= self.slots.get((ancestor.qualified_name, name), NOTHING)
                found |= self.names.get((ancestor.qualified_name, name), NOTHING)
        method = self.hierarchy.method(owner, name)
        if method is not None:
            return found | self._bound_method(method, base)
        if found:
            return found
        return self._inherited(base, order, name)

    def _bound_method(self, method: Definition, base: Instance) -> Types:
        decorators = {ast.unparse(d).rpartition(".")[2] for d in getattr(method.node, "decorator_list", ())}
        if decorators & {"property", "cached_property"}:
            self.calls.bind_receiver(method.qualified_name, base)
            return self.returned(method.qualified_name)
        if "staticmethod" in decorators:
            return frozenset({Function(method.qualified_name)})
        receiver = Klass(base.owner) if "classmethod" in decorators else base
        return frozenset({Function(method.qualified_name, receiver)})

    def _inherited(self, base: Instance, order: tuple[Definition | External, ...], name: str) -> Types:
        """An attribute that only a foreign base can have; wrappers of modules show through."""
        foreign = [ancestor.dotted for ancestor in order if isinstance(ancestor, External)]
        owner = self.index.symbols.definition(base.owner)
        if name in ("module", "_orig_mod") and owner is not None and self.hierarchy.is_module(owner):
            return frozenset({base})
        return frozenset({Foreign(f"{foreign[0]}().{name}", base)}) if foreign else NOTHING

    def _class_attribute(self, base: Klass, name: str) -> Types:
        owner = self.index.symbols.definition(base.owner)
        if owner is None:
            return NOTHING
        method = self.hierarchy.method(owner, name)
        if method is not None:
            receiver = base if self.is_classmethod(method.node) else None
            return frozenset({Function(method.qualified_name, receiver)})
        found = self.slots.get((base.owner, name), NOTHING) | self.names.get((base.owner, name), NOTHING)
        if found:
            return found
        foreign = self.hierarchy.foreign_bases(owner)
        return frozenset({Foreign(f"{foreign[0]}.{name}", Instance(base.owner))}) if foreign else NOTHING

    def is_module(self, item: Type) -> bool:
        """True for objects whose call is a module's forward."""
        if isinstance(item, Instance):
            owner = self.index.symbols.definition(item.owner)
            return owner is not None and self.hierarchy.is_module(owner)
        if isinstance(item, Foreign):
            return is_module_object(item.dotted)
        return isinstance(item, Container) and bool(item.dotted)


SWEEPS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Assign: Inference._sweep_assign, ast.AnnAssign: Inference._sweep_target, ast.AugAssign: Inference._sweep_target,
    ast.NamedExpr: Inference._sweep_target, ast.For: Inference._sweep_loop, ast.AsyncFor: Inference._sweep_loop,
    ast.comprehension: Inference._sweep_loop, ast.Return: Inference._sweep_return, ast.Yield: Inference._sweep_yield,
    ast.YieldFrom: Inference._sweep_yield, ast.withitem: Inference._sweep_with, ast.Call: Inference._sweep_call,
}  # fmt: skip
BUILTINS = frozenset(
    {
        "enumerate", "zip", "list", "tuple", "iter", "next", "reversed", "sorted", "map", "filter", "dict", "set",
        "super", "getattr", "setattr", "vars", "print", "open", "input", "exec", "eval", "isinstance", "len", "sum",
    }
)  # fmt: skip


def _site(scope: CodeScope, node: ast.AST) -> str:
    return f"{scope.path}:{getattr(node, 'lineno', 0)}:{getattr(node, 'col_offset', 0)}"


def _key_of(node: ast.expr) -> str:
    """The key of an item where it is a literal, `*` otherwise."""
    if isinstance(node, ast.Constant) and isinstance(node.value, (str, int)):
        return str(node.value)
    return ANY


def _operands(node: ast.expr | None) -> list[ast.expr]:
    """Parts whose objects the whole may be, or carry on."""
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, (ast.UnaryOp,)):
        return [node.operand]
    if isinstance(node, (ast.Await, ast.Starred, ast.NamedExpr)):
        return [node.value]
    return []
