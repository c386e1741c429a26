"""Pitfalls of what is kept and handed on: files that run code, defaults that remember, modules that nothing calls,
state that is saved and never read, seeds under a condition, keywords that vanish, a step too many.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from analyzer.facts.class_hierarchy import ClassHierarchy
from analyzer.index import Definition, SourceIndex
from analyzer.index.symbols import dotted_name
from analyzer.techniques.findings.syntax_rules import (
    FUNCTIONS,
    Found,
    constant,
    foreign,
    functions,
    is_open,
    is_test,
    method_of,
    module_classes,
    own_attribute,
    parameter_names,
)

PICKLES = frozenset({"pickle.load", "pickle.loads", "dill.load", "cloudpickle.load", "joblib.load"})
LOADS = frozenset({"torch.load"})
SAVES = frozenset({"torch.save"})
MUTATING = frozenset({"append", "extend", "insert", "update", "setdefault", "add", "pop", "remove", "clear", "popitem"})
WALKS = ("children", "modules", "named_children", "named_modules", "_modules", "parameters_of", "getattr", "__dict__")
SEEDS = frozenset(
    {"torch.manual_seed", "torch.cuda.manual_seed_all", "numpy.random.seed", "random.seed", "torch.cuda.manual_seed"}
)
DISTRIBUTED = re.compile(r"ddp|distributed|world_size|multi_gpu|local_rank", re.IGNORECASE)
LIMIT = re.compile(r"^(?:max|num|n|total)_?(?:train_?)?(?:iters?|steps?|iterations|updates)$", re.IGNORECASE)


def pickle_runs_code(index: SourceIndex) -> Iterator[Found]:
    """`pickle.load`: the file may run any code."""
    for path, node in _nodes(index, ast.Call):
        name = _foreign_of(index, path, node, PICKLES)
        if name:
            yield ((path, node),), (("name", name),)


def default_remembers(index: SourceIndex) -> Iterator[Found]:
    """A list or dictionary as default that the function itself changes: the change stays for the next call."""
    for definition in functions(index):
        node = definition.node
        if not isinstance(node, FUNCTIONS):
            continue
        positional = [*node.args.posonlyargs, *node.args.args]
        pairs = [*zip(positional[len(positional) - len(node.args.defaults) :], node.args.defaults, strict=True)]
        pairs += [(a, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is not None]
        for argument, default in pairs:
            if _is_mutable(default) and not _is_bound(node, argument.arg):
                for changed in _changes(node, argument.arg):
                    yield ((definition.path, default), (definition.path, changed)), (("name", argument.arg),)
                    break


def _is_mutable(node: ast.expr) -> bool:
    made = dotted_name(node.func) if isinstance(node, ast.Call) else ""
    return isinstance(node, (ast.List, ast.Dict, ast.Set)) or made in ("list", "dict", "set")


def _is_bound(function: ast.AST, name: str) -> bool:
    """The name is bound anew somewhere in the function, so that another object may be meant."""
    return any(isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store) for n in ast.walk(function))


def _changes(function: ast.AST, name: str) -> Iterator[ast.AST]:
    """Calls that change what the name holds, and items that are set in it."""
    for node in ast.walk(function):
        called = node.func if isinstance(node, ast.Call) else None
        is_call = isinstance(called, ast.Attribute) and called.attr in MUTATING
        holder = called.value if is_call and isinstance(called, ast.Attribute) else None
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            holder = node.value
        if holder is not None and dotted_name(holder) == name:
            yield node


def module_never_called(index: SourceIndex) -> Iterator[Found]:
    """`self.x = nn.Linear(…)` in a module, and nothing in the repository reads `.x`: weights that never learn."""
    read = _names_read(index)
    hierarchy = ClassHierarchy(index)
    for owner in module_classes(index):
        constructor = method_of(owner, "__init__")
        if constructor is None or _walks(owner) or not _is_plain(owner):
            continue
        for node in ast.walk(constructor):
            name = own_attribute(node.targets[0]) if isinstance(node, ast.Assign) and len(node.targets) == 1 else ""
            value = node.value if isinstance(node, ast.Assign) else None
            if name and name not in read and isinstance(value, ast.Call) and _learns(index, hierarchy, owner, value):
                yield ((owner.path, node),), (("name", f"self.{name}"), ("made", dotted_name(value.func) or ""))


def _names_read(index: SourceIndex) -> frozenset[str]:
    """Attributes that any code reads, and texts that may name one."""
    found: set[str] = set()
    for tree in index.trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Store):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 200:
                found.update(re.findall(r"\w+", node.value))
    return frozenset(found)


def _walks(owner: Definition) -> bool:
    return any(
        (isinstance(n, ast.Attribute) and n.attr in WALKS) or (isinstance(n, ast.Name) and n.id in WALKS)
        for n in ast.walk(owner.node)
    )


def _is_plain(owner: Definition) -> bool:
    """The class adds parts to `nn.Module` itself: containers and foreign bases may use them."""
    bases = owner.node.bases if isinstance(owner.node, ast.ClassDef) else []
    return [dotted_name(base) for base in bases] in (["nn.Module"], ["torch.nn.Module"], ["Module"])


def _learns(index: SourceIndex, hierarchy: ClassHierarchy, owner: Definition, value: ast.Call) -> bool:
    """A layer of torch that has weights, or a module of the repository."""
    name = foreign(index, owner.path, value)
    if name:
        kind = name.rpartition(".")[2]
        return name.startswith("torch.nn.") and kind.startswith(
            ("Linear", "Conv", "Embedding", "LSTM", "GRU", "Layer", "Multi")
        )
    dotted = dotted_name(value.func)
    found = index.symbols.resolve(owner.path, dotted) if dotted else None
    return isinstance(found, Definition) and isinstance(found.node, ast.ClassDef) and hierarchy.is_module(found)


def state_never_read(index: SourceIndex) -> Iterator[Found]:
    """A saved dictionary of which code reads some keys back, and others, though they hold state, never."""
    saved = [
        (path, node, keys) for path, node in _nodes(index, ast.Call)
        if isinstance(node, ast.Call) and node.args and _foreign_of(index, path, node, SAVES)
        and (keys := _state_keys(_dictionary(index, path, node.args[0])))
    ]  # fmt: skip
    if not saved or not any(_foreign_of(index, path, node, LOADS) for path, node in _nodes(index, ast.Call)):
        return
    read = _keys_read(index)
    for path, node, keys in saved:
        lost = [key for key in keys if key not in read]
        if lost and len(lost) < len(keys):
            yield ((path, node), *((path, keys[key]) for key in lost)), (("keys", ", ".join(lost)),)


def _dictionary(index: SourceIndex, path: str, saved: ast.expr) -> ast.Dict | None:
    if isinstance(saved, ast.Dict):
        return saved
    assigned = [
        n.value for n in ast.walk(index.trees()[path])
        if isinstance(n, ast.Assign) and isinstance(saved, ast.Name)
        and any(isinstance(t, ast.Name) and t.id == saved.id for t in n.targets)
    ]  # fmt: skip
    return assigned[0] if len(assigned) == 1 and isinstance(assigned[0], ast.Dict) else None


def _state_keys(node: ast.Dict | None) -> dict[str, ast.expr]:
    """Keys whose value is what some `state_dict()` gives."""
    pairs = zip(node.keys, node.values, strict=True) if node is not None else ()
    return {
        str(key.value): key for key, value in pairs
        if isinstance(key, ast.Constant) and isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)
        and value.func.attr == "state_dict"
    }  # fmt: skip


def _keys_read(index: SourceIndex) -> frozenset[str]:
    """Texts anywhere but as keys of a dictionary that is written out, or as keys that are set."""
    found: set[str] = set()
    for tree in index.trees().values():
        keys = {id(key) for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys}
        keys |= {id(n.slice) for n in ast.walk(tree) if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)}
        texts = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))
        found |= {str(n.value) for n in texts if id(n) not in keys}
    return frozenset(found)


def seed_only_distributed(index: SourceIndex) -> Iterator[Found]:
    """Every seed of the repository stands under a test for several processes: a single one draws what it will."""
    places: list[tuple[str, ast.AST]] = []
    for path, tree in index.trees().items():
        if is_test(path):
            continue
        under = {id(n) for test in ast.walk(tree) if _tests_distribution(tree, test) for n in ast.walk(test)}
        for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
            if _foreign_of(index, path, call, SEEDS):
                sites = _sites(index, path, call, under)
                if sites is None:
                    return
                places += sites
    if places:
        yield tuple(dict.fromkeys(places)), ()


def _tests_distribution(tree: ast.Module, node: ast.AST) -> bool:
    return isinstance(node, ast.If) and not node.orelse and DISTRIBUTED.search(ast.unparse(node.test)) is not None


def _sites(index: SourceIndex, path: str, call: ast.Call, under: set[int]) -> list[tuple[str, ast.AST]] | None:
    """The seed under its condition, or the calls of the function that holds it; None where one stands free."""
    if id(call) in under:
        return [(path, call)]
    tree = index.trees()[path]
    holder = next((f for f in tree.body if isinstance(f, FUNCTIONS) and any(n is call for n in ast.walk(f))), None)
    if holder is None:
        return None
    callers = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and dotted_name(n.func) == holder.name]
    elsewhere = any(re.search(rf"\b{holder.name}\b", index.text(p)) for p in index.trees() if p != path)
    is_conditional = bool(callers) and not elsewhere and all(id(n) in under for n in callers)
    return [(path, n) for n in callers] if is_conditional else None


def keyword_swallowed(index: SourceIndex) -> Iterator[Found]:
    """A call gives a keyword that the function takes only into a `**kwargs` that it never reads."""
    for path, node in _nodes(index, ast.Call):
        if not isinstance(node, ast.Call) or not node.keywords or is_open(node):
            continue
        dotted = dotted_name(node.func)
        found = index.symbols.resolve(path, dotted) if dotted else None
        function = _called(found) if isinstance(found, Definition) else None
        rest = function.args.kwarg if function is not None else None
        if function is None or rest is None or _reads(function, rest.arg) or not isinstance(found, Definition):
            continue
        lost = [k.arg for k in node.keywords if k.arg is not None and k.arg not in parameter_names(function)]
        if lost:
            yield ((path, node), (found.path, function)), (("names", ", ".join(lost)), ("function", dotted or ""))


def _called(found: Definition) -> ast.FunctionDef | None:
    if isinstance(found.node, ast.ClassDef):
        return method_of(found, "__init__")
    decorated = isinstance(found.node, ast.FunctionDef) and found.node.decorator_list
    return found.node if isinstance(found.node, ast.FunctionDef) and not decorated else None


def _reads(function: ast.FunctionDef, name: str) -> bool:
    body = (n for statement in function.body for n in ast.walk(statement))
    reads = any(isinstance(n, ast.Name) and n.id in (name, "locals", "vars") for n in body)
    return reads or all(isinstance(s, (ast.Pass, ast.Raise, ast.Expr)) for s in function.body)


def one_step_more(index: SourceIndex) -> Iterator[Found]:
    """`n += 1` and then `if n > max_steps: break` at the end of a loop that counts from nought."""
    for path, loop in _nodes(index, ast.While):
        if not isinstance(loop, ast.While) or constant(loop.test) is not True or is_test(path):
            continue
        for place, statement in enumerate(loop.body):
            counter = _counted(statement)
            after = loop.body[place + 1 :]
            stop = next((s for s in after if counter and _stops(s, counter)), None)
            if stop is not None and _starts_at_nought(index.trees()[path], counter) and _works(loop.body[:place]):
                limit = (
                    stop.test.comparators[0]
                    if isinstance(stop, ast.If) and isinstance(stop.test, ast.Compare)
                    else None
                )
                arguments = (("counter", counter), ("limit", ast.unparse(limit) if limit is not None else ""))
                yield ((path, statement), (path, stop)), arguments


def _counted(statement: ast.stmt) -> str:
    is_counter = isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add)
    return dotted_name(statement.target) or "" if is_counter and constant(statement.value) == 1 else ""  # type: ignore[attr-defined]


def _stops(statement: ast.stmt, counter: str) -> bool:
    test = statement.test if isinstance(statement, ast.If) else None
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Gt):
        return False
    limit = (dotted_name(test.comparators[0]) or "").rpartition(".")[2]
    breaks = isinstance(statement, ast.If) and any(isinstance(s, (ast.Break, ast.Return)) for s in statement.body)
    return dotted_name(test.left) == counter and LIMIT.match(limit) is not None and breaks


def _starts_at_nought(tree: ast.Module, counter: str) -> bool:
    set_to = [
        constant(n.value) for n in ast.walk(tree)
        if isinstance(n, ast.Assign) and any(dotted_name(t) == counter for t in n.targets)
    ]  # fmt: skip
    return 0 in set_to


def _works(statements: list[ast.stmt]) -> bool:
    """An optimizer steps before the counter does."""
    calls = (n for s in statements for n in ast.walk(s) if isinstance(n, ast.Call))
    return any(isinstance(c.func, ast.Attribute) and c.func.attr in ("step", "backward") for c in calls)


def _foreign_of(index: SourceIndex, path: str, node: ast.AST, names: frozenset[str]) -> str:
    """The foreign name that is called, where it is one of these; looked up only where its last part is."""
    dotted = dotted_name(node.func) if isinstance(node, ast.Call) else None
    last = (dotted or "").rpartition(".")[2]
    if not last or not any(name.endswith(last) for name in names):
        return ""
    found = foreign(index, path, node)
    return found if found in names else ""


def _nodes(index: SourceIndex, kind: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    for path, tree in index.trees().items():
        if not is_test(path):
            yield from ((path, node) for node in ast.walk(tree) if isinstance(node, kind))


RULES = {
    rule.__name__: rule
    for rule in (
        default_remembers, keyword_swallowed, module_never_called, one_step_more, pickle_runs_code,
        seed_only_distributed, state_never_read,
    )
}  # fmt: skip
