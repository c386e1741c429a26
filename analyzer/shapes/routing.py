"""How many parameters does one token use, in models that choose among experts by its contents?

Stated only where the source shows that every token goes through exactly the `k` best of equally built experts:
one `topk` over one score per expert, and one loop over all experts that takes the tokens whose choice it is.
Any other choice by contents leaves the number unknown.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from analyzer.evaluator import Place
from analyzer.evaluator.recorder import BOTH_PATHS
from analyzer.index import Definition
from analyzer.records.evidence import Unknown
from analyzer.records.source import Span
from analyzer.shapes.runs import LineSite, RawTrace

CHOICES = ("topk", "argmax", "argsort", "sort", "multinomial", "kthvalue", "gumbel_softmax")
EXPERT_WORD = re.compile(r"expert|moe|mixture|switch(?!.?norm)", re.IGNORECASE)
FORM_KEEPING = ("softmax", "sigmoid", "float", "to")
"""Calls that leave one score per expert."""
BRANCH = "truth of a tensor"
_EXPERTS_FIRST = re.compile(r"\.permute\(2, (1, 0|0, 1)\)$")


@dataclass(frozen=True)
class Routing:
    """A module that chooses, by its path, with its class and the list of experts that it chooses from."""

    path: str
    module: nn.Module
    node: ast.ClassDef
    experts: str


class _Underivable(Exception):
    """The source does not show that each token takes the same number of experts."""


class ActiveParameters:
    """Counts for one built model. `definition` finds a class of the repository, `span` a place in it."""

    def __init__(
        self,
        model: nn.Module,
        trace: RawTrace | None,
        definition: Callable[[type], Definition | None],
        span: Callable[[str, ast.AST], Span],
    ) -> None:
        self._model, self._definition, self._span = model, definition, span
        self._lines: Mapping[LineSite, list[tuple[tuple[object, ...], int]]] = trace.lines if trace else {}  # type: ignore[assignment]
        self._undecided = list(_undecided_branches(trace)) if trace else []

    def count(self) -> int | Unknown:
        """Parameters that one token uses; all of them where nothing is chosen."""
        total = sum(parameter.numel() for parameter in self._model.parameters())
        exact: list[tuple[Definition, int]] = []
        for path, module in self._model.named_modules():
            definition = self._definition(type(module))
            node = definition.node if definition is not None and isinstance(definition.node, ast.ClassDef) else None
            if not self._chooses(path, module, node):
                continue
            where = self._span(definition.path, definition.node) if definition is not None else None
            try:
                _require(definition is not None and node is not None, "routing_class_elsewhere")
                assert definition is not None and node is not None
                exact.append((definition, self._idle(path, module, node)))
            except _Underivable as error:
                return Unknown(str(error), (("class", type(module).__name__),), where)
        stray = self._choice_elsewhere([definition for definition, _ in exact])
        return stray or total - sum(idle for _, idle in exact)

    def _chooses(self, path: str, module: nn.Module, node: ast.ClassDef | None) -> bool:
        """Whether contents may decide which of its modules or weights a token meets."""
        if type(module).__module__.startswith("torch.nn.modules."):
            return False
        banks = _expert_lists(module)
        own = [name for name, _ in module.named_parameters(recurse=False)]
        words = [*banks, *own, *((path.rpartition(".")[2], type(module).__name__) if own else ())]
        numbered = [name for name, _ in module.named_children() if re.search(r"expert_?\d", name, re.IGNORECASE)]
        if numbered or any(EXPERT_WORD.search(word) for word in words):
            return True
        if node is None or not (banks or any(map(_is_bank, module.parameters()))):
            return False
        return any(_calls(function, CHOICES) for function in self._executed(path, node))

    def _executed(self, path: str, node: ast.ClassDef) -> list[ast.FunctionDef]:
        """Methods that ran for this module; `forward` where no call was traced."""
        ran = {site.function.rpartition(".")[2] for site in self._lines if site.module == path} or {"forward"}
        return [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name in ran]

    def _choice_elsewhere(self, known: Sequence[Definition]) -> Unknown | None:
        """A branch on contents outside the modules whose choice is understood."""
        for place in self._undecided:
            inside = any(
                d.path == place.path and d.node.lineno <= place.first_line <= (d.node.end_lineno or 0) for d in known
            )
            if not inside:
                return Unknown("branch_on_contents", (("place", str(place)),))
        return None

    def _idle(self, path: str, module: nn.Module, node: ast.ClassDef) -> int:
        """Parameters of the experts that a token does not take."""
        found = [name for name in _expert_lists(module) if _uses(node, name)]
        _require(len(found) == 1, "routing_not_one_list_of_experts")
        routing = Routing(path, module, node, found[0])
        experts = list(getattr(module, found[0]))
        size = _size_of_equal(experts, self._model, f"{path}.{found[0]}" if path else found[0])
        forward = next((n for n in self._executed(path, node) if _uses(n, found[0])), None)
        _require(forward is not None, "routing_experts_not_called")
        assert forward is not None
        chosen, taken = self._choice(routing, forward, len(experts))
        _require_loop(forward, routing, chosen, len(experts))
        return (len(experts) - taken) * size

    def _choice(self, routing: Routing, forward: ast.FunctionDef, number: int) -> tuple[set[str], int]:
        """Names of the chosen indices in `forward`, and how many each token has."""
        calls = _calls(routing.node, CHOICES)
        if calls:
            _require(len(calls) == 1 and calls[0] in list(ast.walk(forward)), "routing_not_one_topk")
            return _index_names(forward, calls[0]), self._taken(routing.path, routing.node, calls[0], number)
        for name, child in routing.module.named_children():
            definition = self._definition(type(child))
            if definition is None or not isinstance(definition.node, ast.ClassDef):
                continue
            calls = _calls(definition.node, CHOICES)
            if calls:
                _require(len(calls) == 1, "routing_not_one_topk")
                path = f"{routing.path}.{name}" if routing.path else name
                taken = self._taken(path, definition.node, calls[0], number)
                position = _returned_position(definition.node, calls[0])
                return _unpacked_from(forward, name, position), taken
        raise _Underivable("routing_not_one_topk")

    def _taken(self, path: str, node: ast.ClassDef, call: ast.Call, number: int) -> int:
        """The `k` of a `topk` as its results had it, over one score for each of `number` experts."""
        _require(_last(call.func) == "topk" and _over_last_axis(call), "routing_not_one_topk")
        scores = _scored_name(call)
        source = next((p for p in self._alike(path, call) if self._last_sizes(p, node, scores)), path)
        _require(self._last_sizes(source, node, scores) == {number}, "routing_scores_not_one_per_expert")
        lines = range(call.lineno, (call.end_lineno or call.lineno) + 1)
        sizes = {size for line in lines for size in self._sizes_at(source, line)}
        _require(len(sizes) == 1, "routing_topk_not_traced")
        taken = sizes.pop()
        _require(0 < taken <= number, "routing_topk_not_traced")
        return taken

    def _alike(self, path: str, call: ast.Call) -> list[str]:
        """The module itself, then modules equal in class, weights and `k`: a call that stopped may not reach it."""
        modules = dict(self._model.named_modules())
        own = _choice_form(modules[path], call)
        others = [p for p, module in modules.items() if own is not None and _choice_form(module, call) == own]
        return [path, *others]

    def _sizes_at(self, path: str, line: int) -> Iterator[int]:
        for site, seen in self._lines.items():
            if site.module == path and site.line == line:
                yield from _last_axis(seen)

    def _last_sizes(self, path: str, node: ast.ClassDef, name: str | None) -> set[int]:
        """Sizes of the last axis that a name had in the methods of the module; names bound twice must agree."""
        last = (node.lineno, node.end_lineno or node.lineno)
        sites = [s for s in self._lines if s.module == path and s.target == name and last[0] <= s.line <= last[1]]
        return {size for site in sites for size in _last_axis(self._lines[site])}


def _undecided_branches(trace: RawTrace) -> Iterator[Place]:
    """Where contents decided which statements run: both paths were evaluated, or evaluation ended there."""
    for kind, _, place in trace.recording.assumptions:
        if kind == BOTH_PATHS and place is not None:
            yield place
    for cause in trace.recording.gaps:
        if cause.reason == "depends_on_data" and BRANCH in cause.arguments and cause.place is not None:
            yield cause.place


def _last_axis(seen: Sequence[tuple[tuple[object, ...], int]]) -> Iterator[int]:
    for tensors, _ in seen:
        for tensor in tensors:
            shape = getattr(tensor, "shape", ())
            yield int(shape[-1]) if shape and isinstance(shape[-1], int) else 0


def _require(held: bool, detail: str) -> None:
    if not held:
        raise _Underivable(detail)


def _expert_lists(module: nn.Module) -> list[str]:
    """Attributes that hold two or more modules of one class."""
    return [
        name
        for name, child in module.named_children()
        if isinstance(child, (nn.ModuleList, nn.ModuleDict))
        and len(child) > 1
        and len({type(item) for item in child.children()}) == 1
    ]


def _is_bank(parameter: nn.Parameter) -> bool:
    """Several matrices in one: a weight for each of several experts."""
    return parameter.dim() == 3 and parameter.shape[0] > 1


def _size_of_equal(experts: Sequence[nn.Module], model: nn.Module, path: str) -> int:
    """Parameters of one of the experts, which must be equal in form and share none with anything else."""
    forms = {tuple((name, tuple(p.shape)) for name, p in expert.named_parameters()) for expert in experts}
    _require(len(forms) == 1 and len(experts) > 1, "routing_experts_differ")
    own = [id(p) for expert in experts for p in expert.parameters()]
    named = [(name, id(p)) for name, p in model.named_parameters(remove_duplicate=False)]
    outside = {key for name, key in named if not name.startswith(f"{path}.")}
    _require(len(set(own)) == len(own) and outside.isdisjoint(own), "routing_experts_share_parameters")
    return sum(parameter.numel() for parameter in experts[0].parameters())


def _last(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _calls(node: ast.AST, names: Sequence[str]) -> list[ast.Call]:
    return [n for n in ast.walk(node) if isinstance(n, ast.Call) and _last(n.func) in names]


def _uses(node: ast.AST, name: str) -> bool:
    return any(_is_own(n, name) for n in ast.walk(node) if not isinstance(getattr(n, "ctx", None), ast.Store))


def _is_own(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == name and _last(node.value) == "self"


def _choice_form(module: nn.Module, call: ast.Call) -> tuple[object, ...] | None:
    """Class, weights and `k` of a module; None where `k` is no attribute of it."""
    position = 1 if _is_method(call) else 2
    given = [k.value for k in call.keywords if k.arg == "k"] or call.args[position - 1 : position]
    taken = _attribute(module, given[0]) if given else None
    if taken is None:
        return None
    return type(module), tuple((name, tuple(p.shape)) for name, p in module.named_parameters()), taken


def _attribute(module: nn.Module, node: ast.expr) -> int | None:
    """The value of `self.config.top_k`, or of a number."""
    value: object = module
    for part in ast.unparse(node).split(".")[1:] if isinstance(node, ast.Attribute) else ():
        value = vars(value).get(part) if hasattr(value, "__dict__") else None
    value = node.value if isinstance(node, ast.Constant) else value
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _is_method(call: ast.Call) -> bool:
    """`scores.topk(k)`, not `torch.topk(scores, k)`."""
    return not (isinstance(call.func, ast.Attribute) and _last(call.func.value) == "torch")


def _over_last_axis(call: ast.Call) -> bool:
    """`topk(scores, k)`, `scores.topk(k, dim=-1)`: no other axis, and the largest."""
    method = _is_method(call)
    given = {k.arg: ast.unparse(k.value) for k in call.keywords}
    axis = call.args[1 if method else 2 :]
    return not axis[1:] and all(ast.unparse(a) == "-1" for a in axis) and given.get("dim", "-1") == "-1"


def _scored_name(call: ast.Call) -> str | None:
    """The name of the scores that `topk` chooses from."""
    method = _is_method(call)
    node: ast.expr | None = call.func.value if method and isinstance(call.func, ast.Attribute) else None
    node = node or (call.args[0] if call.args else None)
    while isinstance(node, ast.Call) and _last(node.func) in FORM_KEEPING:
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        node = node.args[0] if _last(inner or node) in ("F", "torch", "functional") and node.args else inner
    return node.id if isinstance(node, ast.Name) else None


def _index_names(function: ast.FunctionDef, call: ast.Call) -> set[str]:
    """Names that the indices of a `topk` are given, and one-hot masks made of them."""
    names: set[str] = set()
    for statement in ast.walk(function):
        if not isinstance(statement, ast.Assign) or call not in list(ast.walk(statement.value)):
            continue
        target = statement.targets[0]
        if statement.value is call and isinstance(target, ast.Tuple) and len(target.elts) == 2:
            names.add(_last(target.elts[1]))
        elif _is_second(statement.value, call):
            names.add(_last(target))
    _require(len(names) == 1, "routing_indices_not_named")
    return names


def _is_second(node: ast.expr, call: ast.Call) -> bool:
    """`topk(…)[1]`, `topk(…).indices`."""
    if isinstance(node, ast.Attribute):
        return node.attr == "indices" and node.value is call
    return isinstance(node, ast.Subscript) and node.value is call and ast.unparse(node.slice) == "1"


def _returned_position(node: ast.ClassDef, call: ast.Call) -> int:
    """Where the tuple that a gate returns holds the indices."""
    function = next((f for f in node.body if isinstance(f, ast.FunctionDef) and call in list(ast.walk(f))), None)
    assert function is not None
    names = _index_names(function, call)
    returns = [n for n in ast.walk(function) if isinstance(n, ast.Return)]
    _require(len(returns) == 1 and isinstance(returns[0].value, ast.Tuple), "routing_indices_not_returned")
    _require(_is_bound_once(function, names), "routing_indices_changed")
    value = returns[0].value
    assert isinstance(value, ast.Tuple)
    positions = [number for number, item in enumerate(value.elts) if isinstance(item, ast.Name) and item.id in names]
    _require(len(positions) == 1, "routing_indices_not_returned")
    return positions[0]


def _unpacked_from(function: ast.FunctionDef, child: str, position: int) -> set[str]:
    """The name that stands at a position where the result of `self.gate(…)` is unpacked."""
    for statement in ast.walk(function):
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            target = statement.targets[0]
            if _is_own(statement.value.func, child) and isinstance(target, ast.Tuple) and position < len(target.elts):
                return {_last(target.elts[position])}
    raise _Underivable("routing_indices_not_named")


def _is_bound_once(function: ast.FunctionDef, names: set[str]) -> bool:
    stores = [n for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    return all(sum(store.id == name for store in stores) == 1 for name in names)


def _require_loop(function: ast.FunctionDef, routing: Routing, chosen: set[str], number: int) -> None:
    """Every expert is called in one loop over all of them, on the tokens whose choice it is."""
    _require(_is_bound_once(function, chosen), "routing_indices_changed")
    _require("capacity" not in ast.unparse(routing.node).lower(), "routing_capacity_limits_choice")
    loops = [n for n in ast.walk(function) if isinstance(n, ast.For) and _uses(n, routing.experts)]
    _require(len(loops) == 1, "routing_not_one_loop_over_experts")
    outside = [n for n in ast.walk(function) if _is_own(n, routing.experts)]
    _require(
        all(n in list(ast.walk(loops[0])) or _is_length(function, n) for n in outside),
        "routing_experts_called_elsewhere",
    )
    variable = _loop_variable(loops[0], routing, number)
    masks = chosen | _one_hot_names(function, chosen)
    selections = [n for n in ast.walk(loops[0]) if _selects(n, masks, variable)]
    _require(bool(selections), "routing_choice_not_compared")
    combined = [n for n in ast.walk(loops[0]) if isinstance(n, ast.BinOp)]
    _require(not any(n in selections for operation in combined for n in ast.walk(operation)), "routing_choice_narrowed")
    narrowing = (ast.Break, ast.BoolOp, ast.BitAnd, ast.BitOr, ast.BitXor)
    _require(not any(isinstance(n, narrowing) for n in ast.walk(loops[0])), "routing_choice_narrowed")
    _require(not any(_is_cut(n, masks) for n in ast.walk(function)), "routing_choice_narrowed")


def _is_length(function: ast.FunctionDef, node: ast.AST) -> bool:
    return any(isinstance(n, ast.Call) and _last(n.func) == "len" and node in n.args for n in ast.walk(function))


def _loop_variable(loop: ast.For, routing: Routing, number: int) -> str:
    """The name that counts all experts from the first to the last."""
    call = loop.iter
    _require(isinstance(call, ast.Call), "routing_loop_not_over_all_experts")
    assert isinstance(call, ast.Call)
    if _last(call.func) == "enumerate" and len(call.args) == 1 and _is_own(call.args[0], routing.experts):
        _require(isinstance(loop.target, ast.Tuple), "routing_loop_not_over_all_experts")
        assert isinstance(loop.target, ast.Tuple)
        return _last(loop.target.elts[0])
    bounds = [_bound(argument, routing, number) for argument in call.args]
    _require(_last(call.func) == "range" and bounds in ([number], [0, number]), "routing_loop_not_over_all_experts")
    _require(_calls_at(loop, routing, _last(loop.target)), "routing_loop_not_over_all_experts")
    return _last(loop.target)


def _calls_at(loop: ast.For, routing: Routing, variable: str) -> bool:
    """`self.experts[i]` is the only use."""
    uses = [n for n in ast.walk(loop) if isinstance(n, ast.Subscript) and _is_own(n.value, routing.experts)]
    return bool(uses) and all(_last(n.slice) == variable for n in uses)


def _bound(node: ast.expr, routing: Routing, number: int) -> int | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.Call) and _last(node.func) == "len" and _is_own(node.args[0], routing.experts):
        return number
    value = getattr(routing.module, node.attr, None) if _last(getattr(node, "value", node)) == "self" else None  # type: ignore[attr-defined]
    return int(value) if isinstance(value, int) else None


def _one_hot_names(function: ast.FunctionDef, chosen: set[str]) -> set[str]:
    """`mask = one_hot(indices, n)`, moved so that the experts come first."""
    found = set()
    for statement in ast.walk(function):
        calls = _calls(statement.value, ("one_hot",)) if isinstance(statement, ast.Assign) else []
        of_chosen = bool(calls and calls[0].args and _last(calls[0].args[0]) in chosen)
        if of_chosen and isinstance(statement, ast.Assign) and _EXPERTS_FIRST.search(ast.unparse(statement.value)):
            found.add(_last(statement.targets[0]))
    return found


def _selects(node: ast.AST, masks: set[str], variable: str) -> bool:
    """`indices == i`, or `mask[i]`."""
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq) and len(node.ops) == 1:
        sides = (_last(node.left), _last(node.comparators[0]))
        return sides in [(mask, variable) for mask in masks] or sides[::-1] in [(mask, variable) for mask in masks]
    return isinstance(node, ast.Subscript) and _last(node.value) in masks and _last(node.slice) == variable


def _is_cut(node: ast.AST, masks: set[str]) -> bool:
    """`indices[:n]`, `indices[..., 0]`: a part of the choice only."""
    if not isinstance(node, ast.Subscript) or _last(node.value) not in masks:
        return False
    return not isinstance(node.slice, ast.Name)
