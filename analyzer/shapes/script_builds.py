"""Builds as the repository's scripts make them: `Net(args.dim)` with the statements that its arguments need.

Inside a function those are the statements before it that bind what is needed; what a function is given comes from
where it is called, and then its whole call is evaluated up to the model. Command-line options have their defaults.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from analyzer.evaluator.probes import last_name
from analyzer.facts.testing import is_test_file
from analyzer.index import Definition, SourceIndex
from analyzer.index.main_guard import is_main_guard
from analyzer.records.source import Span
from analyzer.shapes.entry_points import BuildPlan
from analyzer.shapes.statements import changing_others, needed_statements, read_names

MAXIMUM_BUILDS = 6
DEPTH = 4
"""How many calls lie between a script and the construction at most."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
BLOCKS = ("body", "orelse", "finalbody")
HOLDING = (ast.Assign, ast.AnnAssign, ast.Return)
LOOKS_UP, FOREIGN_MAKERS = "getattr", ("functools.partial", "hydra.utils.get_class", "pydoc.locate")
"""What gives a callable by a value; an object of another library that is called makes no model of the repository."""
LIBRARY_FACTORIES = ("create_model", "build_model", "instantiate")
"""Functions of libraries that make what a name or a configuration says."""


@dataclass(frozen=True)
class _Site:
    """A call with all the syntax that it stands in, outermost first."""

    path: str
    call: ast.Call
    around: tuple[ast.AST, ...]

    @property
    def function(self) -> int | None:
        """Position of the innermost function around it."""
        return next((n for n in range(len(self.around) - 1, -1, -1) if isinstance(self.around[n], FUNCTIONS)), None)

    @property
    def factory(self) -> tuple[ast.ClassDef, ast.FunctionDef] | None:
        """The class and its static or class method that the call stands in: callable without an object."""
        owner, method = (*self.around[1:3], None, None)[:2]
        if not isinstance(owner, ast.ClassDef) or not isinstance(method, ast.FunctionDef):
            return None
        return (owner, method) if _decorated(method, "staticmethod") or _decorated(method, "classmethod") else None

    @property
    def called(self) -> str:
        """The name that is called; `cls` of a class method stands for its class."""
        name = ast.unparse(self.call.func)
        if self.factory is None or not _decorated(self.factory[1], "classmethod"):
            return name
        owner, method = self.factory
        first, dot, rest = name.partition(".")
        return f"{owner.name}{dot}{rest}" if first == _first_parameter(method) else name


def _decorated(method: ast.FunctionDef, name: str) -> bool:
    return any(isinstance(d, ast.Name) and d.id == name for d in method.decorator_list)


def _first_parameter(method: ast.FunctionDef) -> str:
    return next((a.arg for a in (*method.args.posonlyargs, *method.args.args)), "")


def find_script_builds(index: SourceIndex, owner: Definition, *, checked: bool = False) -> tuple[BuildPlan, ...]:
    """Constructions of `owner` and calls that lead to one, the nearest first, each expression once. `checked` ones also
    assert the conditions that they stand under, so that only what a run by default takes can be built.
    """
    sites = [(site, index.span(site.path, site.call)) for site in _calls_of(index, owner)]
    return _leading(index, owner, sites, checked=checked)


def find_dynamic_builds(index: SourceIndex, owner: Definition) -> tuple[BuildPlan, ...]:
    """Assigned or returned calls of what only a value says: `models.__dict__[args.model]()`, `getattr(models, name)()`,
    `registry[name]()`, `eval(name)()`, `create_model(name)` of a library, `module.Net()` of a module imported by name.
    They are evaluated up to the first `owner`; those of files that optimise parameters come first.
    """
    every = [site for sites in _sites_by_name(index).values() for site in sites if site.factory is None]
    chosen = [site for site in every if isinstance(_holder(site), HOLDING) and _is_dynamic(index, site, owner)]
    chosen.sort(key=lambda site: (not trains(index, site.path), site.path, site.call.lineno))
    spans = [(site, index.span(site.path, site.call)) for site in chosen if not is_test_file(index, site.path)]
    return _leading(index, owner, spans, owner.qualified_name)


def _holder(site: _Site) -> ast.AST:
    """What the value of the call becomes part of; its own methods may stand between (`Net().to(device)`)."""
    child: ast.AST = site.call
    for parent in reversed(site.around):
        if not isinstance(parent, ast.Attribute) and not (isinstance(parent, ast.Call) and parent.func is child):
            return parent
        child = parent
    return child


def trains(index: SourceIndex, path: str) -> bool:
    """Whether a file hands parameters of a model to what optimises them."""
    return any(path == site.path for site in _sites_by_name(index).get("parameters", ()))


def _is_dynamic(index: SourceIndex, site: _Site, owner: Definition) -> bool:
    """What is called is looked up by a value, or is a name of a library or an unknown module."""
    callee = site.call.func
    if isinstance(callee, (ast.Subscript, ast.Call)):
        if ast.unparse(callee).startswith("self."):  # `self.layers[0](x)` calls what was made
            return False
        maker = callee.func if isinstance(callee, ast.Call) else callee
        return (index.symbols.external_name(site.path, maker) or LOOKS_UP) in (LOOKS_UP, *FOREIGN_MAKERS)
    name = last_name(callee)
    if name == "eval":
        return isinstance(callee, ast.Name)
    named = name in LIBRARY_FACTORIES or (name == owner.name and isinstance(callee, ast.Attribute))
    return named and not isinstance(index.symbols.resolve(site.path, ast.unparse(callee)), Definition)


def find_builds_at(index: SourceIndex, owner: Definition, where: Span) -> tuple[BuildPlan, ...]:
    """The calls of one statement, whatever they call, and calls that lead there; it is known to make an `owner`."""
    lines = range(where.first_line, where.last_line + 1)
    every = (site for sites in _sites_by_name(index).values() for site in sites if site.path == where.path)
    whole = [site for site in every if site.call.lineno in lines and isinstance(site.around[-1], ast.stmt)]
    return _leading(index, owner, [(site, where) for site in whole], checked=True)


def _leading(
    index: SourceIndex, owner: Definition, sites: list[tuple[_Site, Span]], captured: str = "", *, checked: bool = False
) -> tuple[BuildPlan, ...]:
    found: dict[tuple[str, str], BuildPlan] = {}
    joined: dict[tuple[str, str], BuildPlan] = {}
    for _ in range(DEPTH):
        callers: list[tuple[_Site, Span]] = []
        for site, where in sites:
            expression = _expression(site, _conditions(site) if checked else ())
            if expression is not None:
                plan = BuildPlan(site.path, expression, "training_script", where, captured=captured)
                found.setdefault((plan.path, plan.expression), plan)
            around = _callable_around(index, site)
            calls = _calls_of(index, around) if around is not None else []
            callers += [(caller, where) for caller in calls]
            for caller in calls if expression is None else ():
                text = _joined(site, caller, _conditions(site) if checked else ())
                plan = BuildPlan(site.path, text or "", "training_script", where, captured=captured)
                joined |= {(plan.path, plan.expression): plan} if text is not None else {}
        if len(found) >= MAXIMUM_BUILDS:
            break
        sites, captured = callers, owner.qualified_name
    plans = tuple(found.values())[:MAXIMUM_BUILDS]
    return (*plans[:1], *joined.values(), *plans[1:])[:MAXIMUM_BUILDS]


def _calls_of(index: SourceIndex, target: Definition) -> list[_Site]:
    """Calls of a class or function, each once; not those inside itself, but for a class's own factories."""
    sites = _sites_by_name(index).get(target.name.rpartition(".")[2], ())
    return [
        site
        for site in sites
        if (target.node not in site.around or (site.factory is not None and site.factory[0] is target.node))
        and _means(index, site, target)
    ]


@lru_cache(maxsize=1)
def _sites_by_name(index: SourceIndex) -> dict[str, list[_Site]]:
    """Every call of the repository by the last name of what is called."""
    found: dict[str, list[_Site]] = {}
    for path, tree in index.trees().items():
        for site in _sites(path, tree, ()):
            name = last_name(site.call.func) if site.factory is None else site.called.rpartition(".")[2]
            found.setdefault(name, []).append(site)
    return found


def _sites(path: str, node: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[_Site]:
    if isinstance(node, ast.Call):
        yield _Site(path, node, around)
    for child in ast.iter_child_nodes(node):
        yield from _sites(path, child, (*around, node))


def _means(index: SourceIndex, site: _Site, target: Definition) -> bool:
    scope = ".".join(n.name for n in site.around if isinstance(n, (*FUNCTIONS, ast.ClassDef)))
    return index.symbols.resolve(site.path, site.called, scope) == target


def _callable_around(index: SourceIndex, site: _Site) -> Definition | None:
    """What has to be called so that the site is reached: the function, or the class whose method it is in, or the
    class's own factory.
    """
    if site.factory is not None:
        owner, method = site.factory
        return index.symbols.definitions.get(site.path, {}).get(f"{owner.name}.{method.name}")
    scopes = [n for n in site.around if isinstance(n, (*FUNCTIONS, ast.ClassDef))]
    if not scopes:
        return None
    outer = scopes[0]
    return index.symbols.definitions.get(site.path, {}).get(outer.name)


def _conditions(site: _Site) -> tuple[ast.expr, ...]:
    """What must hold for the call to be reached: the tests of the branches around it in its own function."""
    chain = site.around[(site.function or 0) :]
    found: list[ast.expr] = []
    for parent, child in zip(chain, (*chain[1:], site.call), strict=True):
        if isinstance(parent, ast.If) and child is not parent.test and not is_main_guard(parent):
            found.append(parent.test if child in parent.body else ast.UnaryOp(ast.Not(), parent.test))
    return tuple(found)


def _expression(site: _Site, conditions: Sequence[ast.expr] = ()) -> str | None:
    """The call after the statements that it needs; None where it needs what only a caller knows."""
    before, given = _before(site)
    body = needed_statements(before, *conditions, site.call)
    if site.function is None:  # a main part may set up what the rest of the program reads
        others = changing_others(before)
        needed_by_them = needed_statements(before, *others, *conditions, site.call)
        body = [node for node in before if node in others or node in needed_by_them]
    body += [ast.Assert(condition) for condition in conditions]
    needed = set().union(*map(read_names, (*body, site.call)))
    if needed & given or (site.function is not None and changing_others(_main_part(site))):
        return None
    return "\n".join(ast.unparse(node) for node in (*body, ast.Expr(site.call)))


def _joined(site: _Site, caller: _Site, conditions: Sequence[ast.expr]) -> str | None:
    """The call after what it needs of its own function and of the one call of that function, as if both were one: what
    else the function does, with devices and processes, plays no part. None where the two cannot stand together.
    """
    function = site.around[site.function] if site.function is not None else None
    bound = _bound_parameters(function, caller.call) if isinstance(function, FUNCTIONS) else None
    is_plain = site.function == 1 and site.path == caller.path and not isinstance(function, ast.AsyncFunctionDef)
    if bound is None or not is_plain or not isinstance(function, ast.FunctionDef):
        return None
    (outer, open_outside), (own, _) = _before(caller), _before(site)
    defaults = len(_parameters(function)[0])
    inside = [*own[:defaults], *bound, *own[defaults:]]
    others = changing_others(outer) if caller.function is None else []
    body = needed_statements([*outer, *inside], *others, *conditions, site.call)
    kept_inside = [node for node in inside if node in body]
    free = set().union(*map(read_names, (*kept_inside, *conditions, site.call))) - _names_bound(kept_inside)
    hidden = _names_bound([node for node in outer if node in body]) & free if caller.function is not None else set()
    needed = set().union(*map(read_names, (*body, site.call)))
    if hidden or needed & (open_outside | {a.arg for a in _arguments(function)} - _names_bound(kept_inside)):
        return None
    body += [ast.Assert(condition) for condition in conditions]
    return "\n".join(ast.unparse(node) for node in (*body, ast.Expr(site.call)))


def _names_bound(statements: Sequence[ast.stmt]) -> set[str]:
    stored = (part for node in statements for part in ast.walk(node) if isinstance(part, ast.Name))
    return {part.id for part in stored if isinstance(part.ctx, ast.Store)}


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    arguments = function.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _bound_parameters(function: ast.FunctionDef | ast.AsyncFunctionDef, call: ast.Call) -> list[ast.stmt] | None:
    """The parameters that a call gives, as assignments; None where it gives more than their names say."""
    names = [a.arg for a in _arguments(function)]
    is_open = any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords)
    if is_open or len(call.args) > len(names) or any(k.arg not in names for k in call.keywords):
        return None
    pairs = [*zip(names, call.args, strict=False), *((k.arg or "", k.value) for k in call.keywords)]
    return [ast.Assign([ast.Name(n, ast.Store())], value, lineno=function.lineno) for n, value in pairs]


def _main_part(site: _Site) -> list[ast.stmt]:
    """What stands under `if __name__ == "__main__"`: where it changes what the file's functions read, only a run from
    there says what they get.
    """
    module = site.around[0]
    guards = [node for node in ast.iter_child_nodes(module) if isinstance(node, ast.If) and is_main_guard(node)]
    return [node for guard in guards for node in guard.body]


def _before(site: _Site) -> tuple[list[ast.stmt], set[str]]:
    """The statements that run before the call, and the names that its function is given without a default.

    Those at the top of a file are not among them: a file's names are evaluated on demand.
    """
    start = site.function
    chain = site.around[(start or 0) :]
    before: list[ast.stmt] = []
    given: set[str] = set()
    if start is not None:
        function = site.around[start]
        assert isinstance(function, FUNCTIONS)
        defaults, given = _parameters(function)
        before += defaults
        if site.factory is not None and site.factory[1] is function and _decorated(function, "classmethod"):
            name = _first_parameter(function)
            owner = ast.Name(site.factory[0].name, ast.Load())
            before.append(ast.Assign([ast.Name(name, ast.Store())], owner, lineno=function.lineno))
            given -= {name}
    for parent, child in zip(chain, (*chain[1:], site.call), strict=True):
        if not isinstance(parent, ast.Module):
            before += _earlier(parent, child)
            given |= _bound_by_block(parent)
    return before, given


def _bound_by_block(node: ast.AST) -> set[str]:
    """Names that a block around the call gives a value of its own: each item of a loop, an open file, an error."""
    if isinstance(node, ast.ExceptHandler):
        return {node.name} if node.name else set()
    if isinstance(node, ast.Lambda):
        return {part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)}
    targets = [getattr(node, "target", None)] if isinstance(node, (ast.For, ast.AsyncFor)) else []
    targets += [item.optional_vars for item in node.items] if isinstance(node, (ast.With, ast.AsyncWith)) else []
    targets += [part.target for part in getattr(node, "generators", ())]
    return set().union(*(read_names(target) for target in targets if target is not None))


def _admits_none(annotation: ast.expr | None) -> bool:
    """`Path | None`, `Optional[Path]`, also as text."""
    text = ast.unparse(annotation) if annotation is not None else ""
    return re.search(r"\bOptional\[|\|\s*None\b|\bNone\s*\|", text) is not None


def _earlier(parent: ast.AST, child: ast.AST) -> Sequence[ast.stmt]:
    """The statements of the block in which `child` stands, before it."""
    for name in BLOCKS:
        block = getattr(parent, name, None)
        if isinstance(block, list) and child in block:
            return block[: block.index(child)]
    return ()


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[list[ast.stmt], set[str]]:
    """Parameters with their defaults as assignments, None where the annotation of one without a default admits it, and
    the names of the others.
    """
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = list(zip(reversed(positional), reversed(arguments.defaults), strict=False))
    pairs += [(a, d) for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None]
    stated = {argument for argument, _ in pairs}
    others = [argument for argument in (*positional, *arguments.kwonlyargs) if argument not in stated]
    pairs += [(argument, ast.Constant(None)) for argument in others if _admits_none(argument.annotation)]
    bound = [ast.Assign([ast.Name(a.arg, ast.Store())], d, lineno=function.lineno) for a, d in pairs]
    every = {node.arg for node in ast.walk(arguments) if isinstance(node, ast.arg)}
    return list(bound), every - {a.arg for a, _ in pairs}
