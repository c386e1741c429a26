"""What a call returns and binds: classes, functions, module forwards, containers, wrappers, foreign interfaces."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from analyzer.facts.flow.filled_classes import CLASS_READERS, FILLED, FILLING, filled_instances, keep_filled
from analyzer.facts.flow.foreign import (
    EMPTY_CONTAINERS,
    MODULE_CONTAINERS,
    PARSERS,
    SELF_METHODS,
    TENSOR,
    WRAPPERS,
    is_module_object,
    result_of,
)
from analyzer.facts.flow.given import is_trainer, keep_given, model_given
from analyzer.facts.flow.holders import CONVERTING, METHOD
from analyzer.facts.flow.objects import NOTHING, Container, Foreign, Function, Held, Instance, Klass, Type, Types
from analyzer.facts.flow.questions import Questions
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.foreign_modules import LOADERS

ANY = "*"
ADDING = ("append", "add", "insert", "setdefault", "appendleft", "put")
JOINING = ("extend", "update", "union")
PREPARING = ("accelerate.", "lightning.Fabric", "lightning.fabric.", "lightning_fabric.", "pytorch_lightning.Fabric")
"""Packages whose `prepare` or `setup` gives back wrapped what it is given."""


class CallRules:
    """The calling side of the inference."""

    def __init__(self, inference: Questions) -> None:
        self._inference = inference

    def call(self, node: ast.Call, scope: CodeScope) -> Types:
        """Types of a call's result; binds the arguments to the parameters of what is called."""
        inference = self._inference
        found: set[Type] = set()
        callees = inference.types(node.func, scope)
        if not callees:
            for argument in (*node.args, *(k.value for k in node.keywords)):
                inference.types(argument, scope)
        for target in callees:
            found |= self.result(target, node, scope)
        return frozenset(found)

    def result(self, target: Type, node: ast.Call, scope: CodeScope) -> Types:
        """What calling one possible callee returns."""
        if isinstance(target, Klass):
            return self._construct(target, node, scope)
        if isinstance(target, Function):
            self.bind(target.name, target.receiver, node, scope, target.given)
            return self._inference.returned(target.name)
        if isinstance(target, Instance):
            return self._call_instance(target, node, scope)
        if isinstance(target, Container):
            return self._call_container(target, node, scope)
        if isinstance(target, Foreign):
            return self._foreign(target, node, scope)
        return NOTHING

    def called_function(self, target: Type) -> Function | None:
        """The function of the repository that a call of `target` runs, if it runs one."""
        if isinstance(target, Function):
            return target
        if not isinstance(target, (Instance, Klass)):
            return None
        owner = self._inference.index.symbols.definition(target.owner)
        if owner is None:
            return None
        names = ("__init__", "__post_init__") if isinstance(target, Klass) else ("__call__", "forward")
        for name in names:
            method = self._inference.hierarchy.method(owner, name)
            if method is not None:
                return Function(method.qualified_name, Instance(target.owner))
        return None

    def _construct(self, target: Klass, node: ast.Call, scope: CodeScope) -> Types:
        inference = self._inference
        site = inference.holders.made.get((scope.path, node.lineno))
        instance = Instance(target.owner)
        constructor = self.called_function(target)
        if site is not None:
            self._keep_keywords(site, node, scope)
            return frozenset({Held(site, owner=target.owner)})
        if constructor is not None:
            self.bind(constructor.name, instance, node, scope)
        else:
            keep_given(inference, instance, node, scope)
        self._bind_fields(target, node, scope)
        return frozenset({instance, *self._own_parser(target, node, scope)})

    def _own_parser(self, target: Klass, node: ast.Call, scope: CodeScope) -> Types:
        """A class of the repository below a parser of a command line is one, too."""
        definition = self._inference.index.symbols.definition(target.owner)
        foreign = self._inference.hierarchy.foreign_bases(definition) if definition is not None else ()
        is_parser = any(dotted in PARSERS for dotted in foreign)
        return frozenset({Held(f"{scope.path}:{node.lineno}", is_parser=True)}) if is_parser else NOTHING

    def _keep_keywords(self, site: str, node: ast.Call, scope: CodeScope) -> None:
        for keyword in node.keywords:
            if keyword.arg:
                self._inference.add(
                    self._inference.slots, (site, keyword.arg), self._inference.types(keyword.value, scope)
                )

    def _bind_fields(self, target: Klass, node: ast.Call, scope: CodeScope) -> None:
        """Fields of dataclasses and named tuples are given by keyword or in order."""
        definition = self._inference.index.symbols.definition(target.owner)
        body = definition.node.body if definition and isinstance(definition.node, ast.ClassDef) else []
        fields = [s.target.id for s in body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]
        given = [*zip(fields, node.args, strict=False), *((k.arg, k.value) for k in node.keywords if k.arg in fields)]
        for name, value in given:
            self._inference.add(self._inference.slots, (target.owner, name or ""), self._inference.types(value, scope))

    def _call_instance(self, target: Instance, node: ast.Call, scope: CodeScope) -> Types:
        function = self.called_function(target)
        if function is None:
            is_module = self._inference.is_module(target)
            return frozenset({Foreign(TENSOR)}) if is_module else NOTHING
        self.bind(function.name, target, node, scope)
        return self._inference.returned(function.name)

    def _call_container(self, target: Container, node: ast.Call, scope: CodeScope) -> Types:
        found: set[Type] = set()
        for item in sorted(self._inference.members(target), key=repr) if target.dotted else ():
            found |= self.result(item, node, scope)
        return frozenset(found)

    # --- binding of arguments

    def bind(
        self, function: str, receiver: Type | None, node: ast.Call, scope: CodeScope, given: Sequence[str] = ()
    ) -> None:
        """Arguments into the parameters of a function."""
        inner = self._inference.scopes.by_key.get(function)
        arguments = getattr(inner.node, "args", None) if inner is not None else None
        if inner is None or not isinstance(arguments, ast.arguments):
            return
        names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
        if receiver is not None:
            self.bind_receiver(function, receiver)
            names = names[1:]
        names = [name for name in names if name not in given]
        for place, value in enumerate(node.args):
            types = self._inference.types(value.value if isinstance(value, ast.Starred) else value, scope)
            if isinstance(value, ast.Starred):
                for offset, name in enumerate(names[place:]):
                    self._give(inner, name, self._inference.items(types, str(offset)))
                break
            if place < len(names):
                self._give(inner, names[place], types)
            elif arguments.vararg is not None:
                self._give_variadic(inner, arguments.vararg.arg, place - len(names), types)
        self._bind_keywords(inner, arguments, node, scope)

    def _bind_keywords(self, inner: CodeScope, arguments: ast.arguments, node: ast.Call, scope: CodeScope) -> None:
        names = {a.arg for a in (*arguments.args, *arguments.kwonlyargs)}
        for keyword in node.keywords:
            types = self._inference.types(keyword.value, scope)
            if keyword.arg is None:
                for base in types:
                    if isinstance(base, Container):
                        for name in sorted(names):
                            self._give(inner, name, self._inference.slots.get((base.site, name), NOTHING))
            elif keyword.arg in names:
                self._give(inner, keyword.arg, types)
            elif arguments.kwarg is not None:
                site = Container(f"{inner.key}<kwargs>")
                self._inference.add(self._inference.slots, (site.site, keyword.arg), types)
                self._give(inner, arguments.kwarg.arg, frozenset({site}))

    def _give_variadic(self, inner: CodeScope, name: str, place: int, types: Types) -> None:
        site = Container(f"{inner.key}<args>")
        self._inference.add(self._inference.slots, (site.site, str(place)), types)
        self._give(inner, name, frozenset({site}))

    def _give(self, inner: CodeScope, name: str, types: Types) -> None:
        self._inference.add(self._inference.names, (inner.key, name), types)

    def bind_receiver(self, function: str, receiver: Type) -> None:
        """`self` of a method may be an object of a subclass."""
        inner = self._inference.scopes.by_key.get(function)
        arguments = getattr(inner.node, "args", None) if inner is not None else None
        if inner is not None and isinstance(arguments, ast.arguments):
            names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
            if names:
                self._give(inner, names[0], frozenset({receiver}))

    # --- foreign calls

    def _foreign(self, target: Foreign, node: ast.Call, scope: CodeScope) -> Types:
        inference = self._inference
        arguments = [inference.types(a.value if isinstance(a, ast.Starred) else a, scope) for a in node.args]
        keywords = {k.arg: inference.types(k.value, scope) for k in node.keywords}
        if target.dotted.startswith("<"):
            return self._internal(target.dotted, node, scope, arguments)
        held = self._configuration(target.dotted, node, scope, [*arguments, *keywords.values()])
        if held:
            return held
        made = self._made(target, node, scope, arguments)
        if made is not None:
            return made
        return self._transparent(target, arguments, keywords, f"{scope.path}:{node.lineno}:{node.col_offset}")

    def _internal(self, dotted: str, node: ast.Call, scope: CodeScope, arguments: list[Types]) -> Types:
        """Methods of what the inference itself has names for."""
        if dotted.startswith("<container>"):
            return self._container_method(dotted, node, arguments)
        if dotted.startswith("<parser>"):
            return self._parser_method(dotted, node, scope)
        return self._inference.holders.called(dotted, node) if dotted.startswith(METHOD) else NOTHING

    def _configuration(self, dotted: str, node: ast.Call, scope: CodeScope, given: list[Types]) -> Types:
        """Holders of configuration: read from files, made by parsers, converted into one another."""
        loaded = self._inference.holders.loaded(node, scope.path)
        if dotted in CLASS_READERS:
            return filled_instances(self._inference, given)
        if loaded or dotted in PARSERS:
            place = f"{scope.path}:{node.lineno}"
            keep_filled(self._inference, place, given)
            return loaded or frozenset({Held(place, is_parser=True)})
        converted = frozenset(_values_of(dotted, given))
        site = self._inference.holders.made.get((scope.path, node.lineno))
        if site is None:
            return converted
        self._keep_keywords(site, node, scope)
        return converted | {Held(site)}

    def _made(self, target: Foreign, node: ast.Call, scope: CodeScope, arguments: list[Types]) -> Types | None:
        """Containers, built-in functions and trainers; None for all other calls."""
        dotted = target.dotted
        if dotted == "functools.partial" and node.args and arguments[0]:
            return frozenset(self._partial(found, node, scope) for found in arguments[0])
        if dotted in MODULE_CONTAINERS:
            return self._module_container(dotted, node, scope, arguments)
        if dotted in EMPTY_CONTAINERS:
            return self._new_container(node, scope, arguments)
        if dotted.startswith("builtins."):
            return self._builtin(dotted.removeprefix("builtins."), node, scope, arguments)
        return self._trainer(target, node, scope) if is_trainer(dotted) else None

    def _partial(self, found: Type, node: ast.Call, scope: CodeScope) -> Type:
        """`partial(f, a, b=c)`: the function, and which of its parameters are given."""
        inner = self._inference.scopes.by_key.get(found.name) if isinstance(found, Function) else None
        arguments = getattr(inner.node, "args", None) if inner is not None else None
        if not isinstance(found, Function) or not isinstance(arguments, ast.arguments):
            return found
        early = ast.copy_location(ast.Call(node.args[0], node.args[1:], node.keywords), node)
        self.bind(found.name, found.receiver, early, scope, found.given)
        names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)][int(found.receiver is not None) :]
        left = [name for name in names if name not in found.given]
        given = (*found.given, *left[: len(early.args)], *(k.arg for k in node.keywords if k.arg is not None))
        return replace(found, given=tuple(dict.fromkeys(given)))

    def _trainer(self, target: Foreign, node: ast.Call, scope: CodeScope) -> Types:
        """A foreign trainer about the model that it is given; `super().__init__(…)` of a subclass of one."""
        if target.about is not None and target.dotted.endswith(".__init__"):
            keep_given(self._inference, target.about, node, scope)
            return NOTHING
        model = sorted((t for t in model_given(self._inference, node, scope) if isinstance(t, Instance)), key=repr)
        return frozenset({Foreign(f"{target.dotted}()", model[0] if len(model) == 1 else None)})

    def _transparent(
        self, target: Foreign, arguments: list[Types], keywords: dict[str | None, Types], place: str
    ) -> Types:
        dotted = target.dotted
        last = dotted.rpartition(".")[2]
        first = arguments[0] if arguments else next((t for t in keywords.values() if t), NOTHING)
        if dotted in WRAPPERS:
            return frozenset().union(*arguments) if dotted == "itertools.chain" else first
        if target.about is not None and last in SELF_METHODS and self._inference.is_module(target.about):
            return frozenset({target.about})
        if last in SELF_METHODS and is_module_object(dotted.rpartition(".")[0]):
            return frozenset({Foreign(dotted.rpartition(".")[0])})
        if dotted.startswith(PREPARING) and last.startswith(("prepare", "setup")):
            return self._prepared(place, arguments)
        if last in LOADERS and target.about is not None:
            return frozenset({target.about})
        if is_module_object(dotted):
            return frozenset({Foreign(TENSOR)})
        about = None
        if dotted.startswith("torch.utils.data."):
            wanted = [*arguments[:1], keywords.get("dataset", NOTHING)]
            about = next((t for types in wanted for t in sorted(types, key=repr) if isinstance(t, Instance)), None)
            about = about or next((t.about for ts in wanted for t in ts if isinstance(t, Foreign) and t.about), None)
        found = result_of(dotted)
        return frozenset({Foreign(found, about)}) if found else NOTHING

    def _prepared(self, place: str, arguments: list[Types]) -> Types:
        """`model, opt = accelerator.prepare(model, opt)`: what is given, in order."""
        if len(arguments) == 1:
            return arguments[0]
        site = Container(f"{place}<prepared>")
        for position, types in enumerate(arguments):
            self._inference.add(self._inference.slots, (site.site, str(position)), types)
        return frozenset({site})

    def _container_method(self, dotted: str, node: ast.Call, arguments: list[Types]) -> Types:
        site, _, method = dotted.removeprefix("<container>").rpartition("|")
        inference, base = self._inference, Container(dotted.removeprefix("<container>").rpartition("|")[0])
        if method in ADDING and arguments:
            key = _literal_key(node.args[0]) if method == "setdefault" else ANY
            inference.add(inference.slots, (site, key), arguments[-1])
            return arguments[-1] if method == "setdefault" else NOTHING
        if method in JOINING and arguments:
            inference.add(inference.slots, (site, ANY), inference.elements(arguments[0]))
            return NOTHING
        if method in ("get", "pop", "popleft", "popitem"):
            key = _literal_key(node.args[0]) if node.args else ANY
            return inference.items(frozenset({base}), key)
        if method == "items":
            pairs = Container(f"{site}<items>")
            inference.add(inference.slots, (pairs.site, "1"), inference.contents(base))
            outer = Container(f"{site}<pairs>")
            inference.add(inference.slots, (outer.site, ANY), frozenset({pairs}))
            return frozenset({outer})
        return frozenset({base}) if method in ("values", "copy", "children", "modules") else NOTHING

    def _parser_method(self, dotted: str, node: ast.Call, scope: CodeScope) -> Types:
        site, _, method = dotted.removeprefix("<parser>").rpartition(".")
        if method == "set_defaults":  # `sub.set_defaults(func=train)`, called as `args.func(args)`
            self._keep_keywords(site, node, scope)
        if method in ("parse_args", "parse_intermixed_args"):
            return frozenset({Held(site)})
        filled = Container(f"{site}{FILLED}")
        if method in FILLING and self._inference.keys_of(filled.site):
            return frozenset({filled})
        if method in ("parse_known_args", "parse_args_into_dataclasses"):
            pair = Container(f"{site}<known>")
            self._inference.add(self._inference.slots, (pair.site, "0"), frozenset({Held(site)}))
            return frozenset({pair})
        is_part = method in ("add_argument_group", "add_mutually_exclusive_group", "add_subparsers", "add_parser")
        return frozenset({Held(site, is_parser=True)}) if is_part else NOTHING

    def _module_container(self, dotted: str, node: ast.Call, scope: CodeScope, arguments: list[Types]) -> Types:
        inference = self._inference
        site = Container(f"{scope.path}:{node.lineno}:{node.col_offset}", dotted)
        is_sequence = dotted == "torch.nn.Sequential"
        for place, types in enumerate(arguments):
            starred = isinstance(node.args[place], ast.Starred)
            for item in types:
                if isinstance(item, Container) and (not is_sequence or starred or not item.dotted):
                    for key in inference.keys_of(item.site):
                        inference.add(inference.slots, (site.site, key), inference.slots.get((item.site, key)))
                else:
                    inference.add(inference.slots, (site.site, str(place)), frozenset({item}))
        return frozenset({site})

    def _builtin(self, name: str, node: ast.Call, scope: CodeScope, arguments: list[Types]) -> Types | None:
        inference = self._inference
        first = arguments[0] if arguments else NOTHING
        place = f"{scope.path}:{node.lineno}:{node.col_offset}"
        if name in ("enumerate", "zip"):
            parts = (
                [NOTHING, inference.elements(first)]
                if name == "enumerate"
                else [inference.elements(a) for a in arguments]
            )
            pair = Container(f"{place}<pair>")
            for position, types in enumerate(parts):
                inference.add(inference.slots, (pair.site, str(position)), types)
            outer = Container(f"{place}<each>")
            inference.add(inference.slots, (outer.site, ANY), frozenset({pair}))
            return frozenset({outer})
        if name == "next":
            return inference.elements(first)
        if name == "super":
            return self._super(scope)
        if name == "getattr" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            found = [inference.attribute(base, str(node.args[1].value)) for base in first]
            return frozenset().union(*found)
        if name == "vars":
            return first
        return (
            NOTHING
            if name in ("print", "open", "input", "exec", "eval", "isinstance", "len", "sum", "setattr")
            else None
        )

    def _new_container(self, node: ast.Call, scope: CodeScope, arguments: list[Types]) -> Types:
        inference = self._inference
        site = Container(f"{scope.path}:{node.lineno}:{node.col_offset}<new>")
        for keyword in node.keywords:
            inference.add(inference.slots, (site.site, keyword.arg or ANY), inference.types(keyword.value, scope))
        given: Types = frozenset().union(*arguments)
        for base in given:
            if isinstance(base, Container):
                for key in inference.keys_of(base.site):
                    inference.add(inference.slots, (site.site, key), inference.slots.get((base.site, key)))
        others = inference.elements(frozenset(base for base in given if not isinstance(base, Container)))
        inference.add(inference.slots, (site.site, ANY), others)
        return frozenset({site})

    def _super(self, scope: CodeScope) -> Types:
        """Objects of the bases: the repository's own ones, and foreign ones about this object."""
        owner_scope = scope.parent
        owner = (
            self._inference.index.symbols.definition(owner_scope.key) if owner_scope and owner_scope.is_class else None
        )
        if owner is None:
            return NOTHING
        found: set[Type] = set()
        for base in self._inference.hierarchy.bases(owner):
            if hasattr(base, "qualified_name"):
                found.add(Instance(base.qualified_name))
            else:
                found.add(Foreign(f"{base.dotted}()", Instance(owner.qualified_name)))
        return frozenset(found)


def _values_of(dotted: str, arguments: list[Types]) -> list[Held]:
    """Holders of configuration that a converting call is given."""
    if dotted not in CONVERTING:
        return []
    return [item for types in arguments for item in types if isinstance(item, Held) and not item.is_parser]


def _literal_key(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, (str, int)) else ANY
