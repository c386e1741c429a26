"""Pitfalls of plain code that hide in models and trainers: names that nothing binds, errors that are returned,
tensors asked for their truth, factors that stay zero, tests of exact types, copies that are built otherwise.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from analyzer.facts.class_hierarchy import ClassHierarchy
from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.techniques.findings.syntax_rules import (
    FUNCTIONS,
    Found,
    foreign,
    functions,
    is_open,
    is_test,
    method_of,
    module_classes,
    own_attribute,
)

TENSORS = ("weight", "bias")
WALKING = ("modules", "named_modules", "children", "named_children")
DYNAMIC = ("exec", "globals", "locals", "eval", "__import__", "vars", "setattr")
GIVEN = frozenset(
    {"__file__", "__name__", "__doc__", "__builtins__", "__path__", "__spec__", "__package__", "__class__"}
)
Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


def exception_returned(index: SourceIndex) -> Iterator[Found]:
    """`return TypeError(…)` beside results: the caller gets the error as a value, and goes on with it."""
    for definition in functions(index):
        returned = [n for n in _own_nodes(definition.node) if isinstance(n, ast.Return) and n.value is not None]
        errors = {id(n): name for n in returned if (name := _error_made(n.value))}
        if errors and (len(errors) < len(returned) or _raises(definition.node)):
            yield from (((((definition.path, n),), (("name", errors[id(n)]),))) for n in returned if id(n) in errors)


def _error_made(value: ast.expr | None) -> str:
    """The name of Python's own exception that an expression makes."""
    name = dotted_name(value.func) if isinstance(value, ast.Call) else ""
    kind = getattr(builtins, name, None) if name else None
    return name or "" if isinstance(kind, type) and issubclass(kind, Exception) else ""


def _raises(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Raise) for inner in ast.walk(node))


def name_never_bound(index: SourceIndex) -> Iterator[Found]:
    """A function reads a name that neither it, nor the file, nor Python binds: a `NameError` once it runs."""
    for path, tree in index.trees().items():
        if is_test(path) or index.files[path].kind == "notebook" or _is_dynamic(tree):
            continue
        bound = {name for node in ast.walk(tree) for name in _binds(node)} | GIVEN
        seen: set[str] = set()
        for definition in index.symbols.definitions[path].values():
            if isinstance(definition.node, FUNCTIONS) and not _is_rewritten(definition.node):
                for node in ast.walk(definition.node):
                    is_read = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
                    name = node.id if is_read and isinstance(node, ast.Name) else ""
                    if name and name not in bound | seen and not hasattr(builtins, name):
                        seen.add(name)
                        yield ((path, node),), (("name", name),)


def _is_rewritten(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A compiler takes the source of the function, and may fill in what stands for something else."""
    names = [dotted_name(d.func if isinstance(d, ast.Call) else d) or "" for d in node.decorator_list]
    return any(name.rpartition(".")[2] in ("jit", "kernel", "autotune", "heuristics", "script") for name in names)


def _is_dynamic(tree: ast.AST) -> bool:
    """Names may come from a star import, or from code that binds them by their text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return True
        if isinstance(node, ast.Name) and node.id in DYNAMIC[:4]:
            return True
    return False


def _binds(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        yield from node.names
    elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def tensor_as_truth_value(index: SourceIndex) -> Iterator[Found]:
    """`if m.bias:` over the modules of a model: a tensor of more than one number has no truth value."""
    for definition in functions(index):
        for loop in ast.walk(definition.node):
            names = _walked_modules(loop) if isinstance(loop, ast.For) else frozenset()
            for node in ast.walk(loop) if names else ():
                test = node.test if isinstance(node, (ast.If, ast.IfExp)) else None
                is_tensor = (
                    isinstance(test, ast.Attribute) and test.attr in TENSORS and isinstance(test.value, ast.Name)
                )
                if is_tensor and isinstance(test, ast.Attribute) and getattr(test.value, "id", "") in names:
                    yield ((definition.path, test),), (("name", ast.unparse(test)),)


def _walked_modules(loop: ast.For) -> frozenset[str]:
    """The name that a loop over `model.modules()` gives each module."""
    calls = loop.iter.func.attr if isinstance(loop.iter, ast.Call) and isinstance(loop.iter.func, ast.Attribute) else ""
    if calls not in WALKING:
        return frozenset()
    target = loop.target.elts[-1] if isinstance(loop.target, ast.Tuple) else loop.target
    return frozenset({target.id}) if isinstance(target, ast.Name) else frozenset()


def factor_always_zero(index: SourceIndex) -> Iterator[Found]:
    """A local counter is set to zero, multiplies something in a loop, and nothing ever advances it."""
    for definition in functions(index):
        if isinstance(definition.node, FUNCTIONS):
            own = list(_own_nodes(definition.node))
            zeros = {
                n.targets[0].id: n
                for n in own
                if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and _is_zero(n.value)
            }
            stores = [
                n.id for n in ast.walk(definition.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            ]
            shared = {
                name for n in ast.walk(definition.node) if isinstance(n, (ast.Global, ast.Nonlocal)) for name in n.names
            }
            for loop in (n for n in own if isinstance(n, (ast.For, ast.While))):
                for node in ast.walk(loop):
                    name = _zero_factor(node, zeros)
                    if name and stores.count(name) == 1 and name not in shared:
                        yield ((definition.path, node), (definition.path, zeros[name])), (("name", name),)


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            yield child
            yield from _own_nodes(child)


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value == 0


def _zero_factor(node: ast.AST, zeros: dict[str, ast.Assign]) -> str:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult):
        return ""
    names = [side.id for side in (node.left, node.right) if isinstance(side, ast.Name)]
    return next((name for name in names if name in zeros), "")


def never_the_last(index: SourceIndex) -> Iterator[Found]:
    """`for i, … in enumerate(zip(x[:-1], x[1:]))` ends at `len(x) - 2`: `i == len(x) - 1` is never true."""
    for definition in functions(index):
        for loop in ast.walk(definition.node):
            counted = _paired(loop) if isinstance(loop, ast.For) else None
            for node in ast.walk(loop) if counted is not None else ():
                if counted is not None and isinstance(node, ast.Compare) and _asks_for_last(node, *counted):
                    yield ((definition.path, node),), (("test", ast.unparse(node)),)


def _paired(loop: ast.For) -> tuple[str, str] | None:
    """(counter, list) of a loop over neighbours in a list."""
    call = loop.iter
    is_counted = isinstance(call, ast.Call) and dotted_name(call.func) == "enumerate" and len(call.args) == 1
    pairs = call.args[0] if is_counted and isinstance(call, ast.Call) else None
    target = loop.target.elts[0] if isinstance(loop.target, ast.Tuple) else None
    if not isinstance(pairs, ast.Call) or dotted_name(pairs.func) != "zip" or not isinstance(target, ast.Name):
        return None
    parts = [ast.unparse(a) for a in pairs.args]
    base = ast.unparse(pairs.args[0].value) if pairs.args and isinstance(pairs.args[0], ast.Subscript) else ""
    return (target.id, base) if base and parts == [f"{base}[:-1]", f"{base}[1:]"] else None


def _asks_for_last(node: ast.Compare, counter: str, base: str) -> bool:
    sides = [ast.unparse(node.left), ast.unparse(node.comparators[0])]
    return len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq) and set(sides) == {counter, f"len({base}) - 1"}


def exact_type_test(index: SourceIndex) -> Iterator[Found]:
    """`type(m) == nn.Linear` where the repository has a subclass of that layer, which the test misses."""
    subclasses = _subclasses(index)
    for definition in functions(index):
        for node in ast.walk(definition.node):
            for tested in _exact_types(node):
                layer = foreign(index, definition.path, tested)
                if layer in subclasses:
                    own = subclasses[layer]
                    yield ((definition.path, node), (own.path, own.node)), (("layer", layer), ("own", own.name))


def _subclasses(index: SourceIndex) -> dict[str, Definition]:
    """Layers of torch with the first class of the repository that stands directly below each."""
    found: dict[str, Definition] = {}
    for owner in module_classes(index):
        for base in owner.node.bases if isinstance(owner.node, ast.ClassDef) else ():
            name = foreign(index, owner.path, base)
            if name.startswith("torch.nn.") and name.rpartition(".")[2] not in ("Module", "Sequential", "ModuleList"):
                found.setdefault(name, owner)
    return found


def _exact_types(node: ast.AST) -> list[ast.expr]:
    """Types that `type(x)` is compared with for identity."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(node.left, ast.Call):
        return []
    if dotted_name(node.left.func) != "type" or len(node.left.args) != 1:
        return []
    other = node.comparators[0]
    if isinstance(node.ops[0], (ast.In, ast.NotIn)):
        return list(other.elts) if isinstance(other, (ast.Tuple, ast.List, ast.Set)) else []
    return [other] if isinstance(node.ops[0], (ast.Eq, ast.Is, ast.NotEq, ast.IsNot)) else []


def type_test_misses_replacement(index: SourceIndex) -> Iterator[Found]:
    """A function puts own modules in the place of a layer, and another one looks for that layer by its type."""
    swaps = list(_swaps(index))
    for owner, layer, swapped, node in swaps:
        for definition in functions(index):
            for test in ast.walk(definition.node) if definition is not owner else ():
                is_test_of_type = isinstance(test, ast.Call) and dotted_name(test.func) == "isinstance"
                is_two = is_test_of_type and isinstance(test, ast.Call) and len(test.args) == 2
                tested = test.args[1] if is_two and isinstance(test, ast.Call) else None
                is_meant = isinstance(tested, (ast.Name, ast.Attribute))
                if is_meant and tested is not None and foreign(index, definition.path, tested) == layer:
                    arguments = (("layer", layer), ("own", swapped.name))
                    if _acts_on_parameters(definition.node):
                        yield ((definition.path, test), (owner.path, node)), arguments


def _swaps(index: SourceIndex) -> Iterator[tuple[Definition, str, Definition, ast.Call]]:
    """(function, layer, own class, place) of `if isinstance(m, nn.Linear): setattr(parent, name, Own(…))`."""
    hierarchy = ClassHierarchy(index)
    for definition in functions(index):
        for branch in ast.walk(definition.node):
            test = branch.test if isinstance(branch, ast.If) else None
            if (
                not isinstance(branch, ast.If)
                or not isinstance(test, ast.Call)
                or dotted_name(test.func) != "isinstance"
            ):
                continue
            layer = foreign(index, definition.path, test.args[1]) if len(test.args) == 2 else ""
            for node in (inner for statement in branch.body for inner in ast.walk(statement)):
                is_set = isinstance(node, ast.Call) and dotted_name(node.func) == "setattr" and len(node.args) == 3
                made = node.args[2] if is_set and isinstance(node, ast.Call) else None
                name = dotted_name(made.func) if isinstance(made, ast.Call) else ""
                own = index.symbols.resolve(definition.path, name) if name else None
                is_own = isinstance(own, Definition) and isinstance(own.node, ast.ClassDef)
                if not is_own or not layer.startswith("torch.nn.") or not isinstance(own, Definition):
                    continue
                if layer not in hierarchy.foreign_bases(own) and isinstance(node, ast.Call):
                    yield definition, layer, own, node


def _acts_on_parameters(node: ast.AST) -> bool:
    """It looks at weights: initialises, groups, prunes or counts them."""
    names = {getattr(n, "attr", getattr(n, "id", "")) for n in ast.walk(node)}
    return bool(names & {"weight", "bias", "parameters", "named_parameters", "weight_decay"})


def copy_built_otherwise(index: SourceIndex) -> Iterator[Found]:
    """`self.copy = Net(a)` takes over the weights of `self.net = Net(a, b)`: with another `b` they do not fit."""
    for owner in module_classes(index):
        constructor = method_of(owner, "__init__")
        made = {
            own_attribute(node.targets[0]): node.value
            for node in (ast.walk(constructor) if constructor is not None else ())
            if isinstance(node, ast.Assign) and own_attribute(node.targets[0]) and isinstance(node.value, ast.Call)
        }
        for target, source, node in _copies(owner.node):
            one, other = made.get(target), made.get(source)
            if one is None or other is None or is_open(one) or is_open(other):
                continue
            same = ast.unparse(one.func) == ast.unparse(other.func) and len(one.args) == len(other.args)
            left = {k.arg for k in other.keywords} ^ {k.arg for k in one.keywords}
            if same and left:
                names = ", ".join(sorted(name for name in left if name))
                yield ((owner.path, one), (owner.path, other), (owner.path, node)), (
                    ("copy", target), ("source", source), ("names", names),
                )  # fmt: skip


def _copies(owner: ast.AST) -> Iterator[tuple[str, str, ast.Call]]:
    """(a, b) of `self.a.load_state_dict(self.b.state_dict())`."""
    for node in ast.walk(owner):
        called = node.func if isinstance(node, ast.Call) else None
        is_load = isinstance(called, ast.Attribute) and called.attr == "load_state_dict"
        given = node.args[0] if is_load and isinstance(node, ast.Call) and node.args else None
        taken = given.func if isinstance(given, ast.Call) else None
        if isinstance(node, ast.Call) and isinstance(called, ast.Attribute) and isinstance(taken, ast.Attribute):
            target, source = own_attribute(called.value), own_attribute(taken.value)
            if is_load and taken.attr == "state_dict" and target and source:
                yield target, source, node


def given_and_never_read(index: SourceIndex) -> Iterator[Found]:
    """A method of a class without relatives takes an argument that its body never reads, and a call of the repository
    gives it.
    """
    inherited = _inherited(index)
    for definition in functions(index):
        owner = index.symbols.definitions[definition.path].get(definition.name.rpartition(".")[0])
        node = definition.node
        if owner is None or not isinstance(owner.node, ast.ClassDef) or owner.node.bases or owner.node.decorator_list:
            continue
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("__") or _is_stub(node):
            continue
        names = [a.arg for a in node.args.args]
        read = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        for name in (n for n in names[1:] if n not in read and not n.startswith("_")):
            giving = _giving(index, definition, name, names.index(name) - 1) if owner.node not in inherited else None
            if giving is not None:
                yield (giving, (definition.path, node)), (("name", name), ("method", node.name))


def _inherited(index: SourceIndex) -> set[ast.AST]:
    """Classes of the repository from which others inherit."""
    found: set[ast.AST] = set()
    for owner in index.symbols.classes():
        for base in owner.node.bases if isinstance(owner.node, ast.ClassDef) else ():
            dotted = dotted_name(base)
            resolved = index.symbols.resolve(owner.path, dotted) if dotted else None
            if isinstance(resolved, Definition):
                found.add(resolved.node)
    return found


def _giving(index: SourceIndex, definition: Definition, name: str, place: int) -> tuple[str, ast.Call] | None:
    """The first call that gives the argument, where one class of the repository alone has a method of that name."""
    method = definition.name.rpartition(".")[2]
    if len([d for d in index.symbols.functions() if d.name.rpartition(".")[2] == method]) != 1:
        return None
    for path, tree in index.trees().items():
        for node in ast.walk(tree) if not is_test(path) and f".{method}(" in index.text(path) else ():
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method
            if not is_call or not isinstance(node, ast.Call) or any(isinstance(a, ast.Starred) for a in node.args):
                continue
            if place < len(node.args) or any(k.arg == name for k in node.keywords):
                return path, node
    return None


def _is_stub(node: ast.FunctionDef) -> bool:
    body = [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return not body or all(isinstance(s, (ast.Pass, ast.Raise)) for s in body)


RULES = {
    rule.__name__: rule
    for rule in (
        copy_built_otherwise, exact_type_test, exception_returned, factor_always_zero, given_and_never_read,
        name_never_bound, never_the_last, tensor_as_truth_value, type_test_misses_replacement,
    )
}  # fmt: skip
