"""What a careful reviewer would mark: each rule looks at one function and reports only what is certain there.

A rule is a function over the terms of one function; its sentence stands in the wording under its name.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import lru_cache

from analyzer.index import SourceIndex
from analyzer.records.techniques import Pitfall
from analyzer.techniques.containers import held
from analyzer.techniques.findings.moved_axes import fails_to_view
from analyzer.techniques.frame import Step
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, alternatives, number, same, walk

Found = tuple[tuple[Term, ...], tuple[tuple[str, str], ...]]
"""The terms that show it, and the arguments of its sentence."""
Rule = Callable[[Program, Reading], Iterator[Found]]


def find_pitfalls(program: Program) -> tuple[Pitfall, ...]:
    """Every pitfall of every function, by place; the same sentence once with all its places."""
    found: dict[tuple[str, object], Pitfall] = {}
    for name, rule in RULES.items():
        for reading in program.readings:
            for terms, arguments in rule(program, reading):
                pitfall = _pitfall(program.index, reading, name, terms, arguments)
                if pitfall is not None:
                    key = (name, arguments)
                    found[key] = _joined(found[key], pitfall) if key in found else pitfall
    return tuple(sorted(found.values(), key=lambda p: (p.where, p.rule)))


def _joined(one: Pitfall, other: Pitfall) -> Pitfall:
    """The same sentence at several places is said once."""
    return Pitfall(one.rule, tuple(sorted({*one.where, *other.where})), one.arguments)


def _pitfall(
    index: SourceIndex, reading: Reading, rule: str, terms: tuple[Term, ...], arguments: tuple[tuple[str, str], ...]
) -> Pitfall | None:
    spans = tuple(dict.fromkeys(index.span(t.path, _line(t)) for t in terms if t.node is not None and t.path))
    inside = [span for span in spans if span.path == reading.path]
    return Pitfall(rule, spans, arguments) if inside else None


def _line(term: Term) -> int:
    return getattr(term.node, "lineno", 1)


# ---- order of steps in a training loop


def scheduler_before_optimizer(program: Program, reading: Reading) -> Iterator[Found]:
    """In one loop the scheduler steps before the optimizer does."""
    steps = [(step, kind) for step in reading.steps if (kind := _stepped(step.term)) is not None and step.loops]
    for position, (step, kind) in enumerate(steps):
        later = [other for other, k in steps[position + 1 :] if k == "optimizer" and _same_loops(other, step)]
        earlier = [other for other, k in steps[:position] if k == "optimizer" and _same_loops(other, step)]
        if kind == "scheduler" and later and not earlier and not step.conditions and not later[0].conditions:
            yield (step.term, later[0].term), ()


def _stepped(term: Term) -> str | None:
    """`optimizer` or `scheduler` for a call of `.step()` on one."""
    if term.head != "method" or term.label != "step" or not term.args:
        return None
    made = held(term.args[0])
    if made.label.startswith("torch.optim.lr_scheduler."):
        return "scheduler"
    return "optimizer" if made.label.startswith("torch.optim.") else None


def _same_loops(one: Step, other: Step) -> bool:
    return len(one.loops) == len(other.loops) and all(same(a, b) for a, b in zip(one.loops, other.loops, strict=True))


def clip_before_unscale(program: Program, reading: Reading) -> Iterator[Found]:
    """Gradients are clipped while they still carry the scale of the loss."""
    scaled = [t for t in reading.walked if t.head == "backward" and t.args and _is_scaled(t.args[0])]
    if not scaled or any(t.head == "method" and t.label == "unscale_" for t in reading.walked):
        return
    for term in reading.walked:
        if term.label.startswith("torch.nn.utils.clip_grad"):
            yield (term, scaled[0]), ()


def _is_scaled(loss: Term) -> bool:
    return any(one.head == "method" and one.label == "scale" for one in alternatives(loss))


def gradients_never_cleared(program: Program, reading: Reading) -> Iterator[Found]:
    """A loop runs backward and an optimizer's step, and nothing in the function clears the gradients."""
    backward = [s for s in reading.steps if s.loops and any(t.head == "backward" for t in walk(s.term))]
    steps = [s for s in reading.steps if s.loops and _stepped(s.term) == "optimizer"]
    cleared = any(t.head == "method" and t.label == "zero_grad" for t in reading.walked) or any(
        s.kind == "bind" and s.target is not None and s.target.label == "grad" for s in reading.steps
    )
    own_calls = any(t.head == "call" and ":" in t.label for t in reading.walked)
    if backward and steps and not cleared and not own_calls:
        yield (backward[0].term, steps[0].term), ()


def lost_micro_steps(program: Program, reading: Reading) -> Iterator[Found]:
    """The optimizer steps at every n-th batch only, and not for what is left at the end of the loop."""
    steps = [s for s in reading.steps if any(t.head == "method" and t.label == "step" for t in walk(s.term))]
    for step in steps:
        divisor = _period(step)
        if divisor is None or not step.loops or not _is_loader_loop(step.loops[-1]):
            continue
        after = [s for s in steps if len(s.loops) < len(step.loops) and s.node.lineno > step.node.lineno]
        if not after and _is_divided(reading, divisor):
            yield (step.conditions[-1], step.term), (("n", ast.unparse(_node(divisor))),)
            return


def _period(step: Step) -> Term | None:
    """`n` where the step stands under `… % n == 0` and nothing else."""
    if not step.conditions:
        return None
    test = step.conditions[-1]
    if test.head == "compare" and test.label == "Eq" and test.args[0].head == "mod" and number(test.args[1]) == 0:
        period = test.args[0].args[1]
        return period if number(period) is None else None
    return None


def _is_loader_loop(loop: Term) -> bool:
    return loop.head != "const" and loop.label != "builtins.range"


def _is_divided(reading: Reading, divisor: Term) -> bool:
    """The loss is divided by the same number, so the steps in question do accumulate."""
    return any(t.head == "div" and len(t.args) == 2 and same(t.args[1], divisor) for t in reading.walked)


def _node(term: Term) -> ast.AST:
    return term.alias or term.node or ast.Constant(None)


def loss_kept_with_graph(program: Program, reading: Reading) -> Iterator[Found]:
    """A running sum adds up losses that still hold their graph."""
    losses = [t.args[0] for t in reading.walked if t.head == "backward" and t.args]
    for step in reading.steps:
        added = step.term
        if not (step.loops and added.head == "add" and isinstance(step.node, ast.AugAssign)):
            continue
        for loss in losses:
            if any(same(part, loss) for part in added.args[1:]) and number(added.args[0]) is not None:
                yield (Term("sum", path=step.path, node=step.node),), ()


# ---- calls whose default or order is a trap


def softmax_without_dim(program: Program, reading: Reading) -> Iterator[Found]:
    """The axis is left to a deprecated guess."""
    for term in reading.walked:
        names = (
            "torch.nn.functional.softmax",
            "torch.nn.functional.log_softmax",
            "torch.nn.Softmax",
            "torch.nn.LogSoftmax",
        )
        given = term.keyword("dim") is not None or len(term.args) > 1
        if term.label in names and not given and (term.head == "call" or term.label.startswith("torch.nn.functional")):
            yield (term,), ()


def softmax_before_cross_entropy(program: Program, reading: Reading) -> Iterator[Found]:
    """Cross-entropy takes logits; probabilities are normalised a second time."""
    for term in reading.walked:
        if term.head == "cross_entropy" and term.args:
            for one in alternatives(term.args[0]):
                inner = one
                while inner.head in SHAPE_HEADS and inner.args:
                    inner = inner.args[0]
                if inner.head == "softmax":
                    yield (term, inner), ()


def load_without_weights_only(program: Program, reading: Reading) -> Iterator[Found]:
    """`torch.load` decides by the version of torch whether a file may run code."""
    for term in reading.called.get("torch.load", ()):
        if term.keyword("weights_only") is None and term.keyword("**") is None:
            yield (term,), ()


def load_of_any_pickle(program: Program, reading: Reading) -> Iterator[Found]:
    """`weights_only=False`: the file may run any code."""
    for term in reading.called.get("torch.load", ()):
        given = term.keyword("weights_only")
        if given is not None and given.payload is False:
            yield (term,), ()


def remote_code_trusted(program: Program, reading: Reading) -> Iterator[Found]:
    """`trust_remote_code=True` runs code from the downloaded repository."""
    for term in reading.walked:
        given = term.keyword("trust_remote_code")
        if given is not None and given.payload is True:
            yield (term,), ()


def batch_norm_momentum_reversed(program: Program, reading: Reading) -> Iterator[Found]:
    """A momentum near one is the other framework's sense: here it keeps almost nothing of the average."""
    for term in reading.walked:
        if term.head == "call" and term.label.startswith("torch.nn.BatchNorm"):
            momentum = number(term.keyword("momentum"))
            if momentum is not None and momentum >= 0.9:
                yield (term,), (("value", f"{momentum:g}"),)


def view_after_transpose(program: Program, reading: Reading) -> Iterator[Found]:
    """`x.transpose(…).view(…)`: the view fails on memory that is not contiguous."""
    if isinstance(reading.node, ast.Module):
        return
    for node in ast.walk(reading.node):
        viewed = _viewed(node)
        if viewed is not None and fails_to_view(viewed, node):
            yield (Term("view", path=reading.path, node=node),), ()


def _viewed(node: ast.AST) -> ast.expr | None:
    """What `.view(sizes)` is called on."""
    called = node.func if isinstance(node, ast.Call) and node.args and not _is_dtype(node.args[0]) else None
    return called.value if isinstance(called, ast.Attribute) and called.attr == "view" else None


def _is_dtype(node: ast.expr) -> bool:
    """`x.view(torch.int32)` looks at the same bytes as another type."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "torch"


def decay_of_every_parameter(program: Program, reading: Reading) -> Iterator[Found]:
    """Weight decay is set and all parameters go into one group: norms and biases are decayed too."""
    for term in reading.walked:
        if term.head == "call" and term.label.startswith("torch.optim.") and term.args:
            decay = term.keyword("weight_decay")
            whole = term.args[0]
            if decay is None or number(decay) == 0 or (decay.payload is None and decay.head == "const"):
                continue
            if whole.head == "method" and whole.label == "parameters" and number(decay) is not None:
                yield (term,), (("value", f"{number(decay):g}"),)


# ---- arguments that do nothing


def argument_never_read(program: Program, reading: Reading) -> Iterator[Found]:
    """A constructor of a module takes an argument and never looks at it."""
    node = reading.node
    if reading.owner is None or reading.name != "__init__" or isinstance(node, ast.Module):
        return
    if not program.is_module(reading.owner) or (node.args.kwarg is not None and not node.body):
        return
    used = {n.id for statement in node.body for n in ast.walk(statement) if isinstance(n, ast.Name)}
    if "locals" in used or "vars" in used:
        return
    for argument in (*node.args.args[1:], *node.args.kwonlyargs):
        if argument.arg not in used and not argument.arg.startswith("_"):
            yield (Term("argument", path=reading.path, node=argument),), (("name", argument.arg),)


def option_never_read(program: Program, reading: Reading) -> Iterator[Found]:
    """A command-line option whose value no line of the repository reads."""
    parsers = [t for t in reading.walked if t.head == "method" and t.label == "add_argument"]
    if not parsers or _namespace_escapes(program.index.trees()[reading.path]):
        return
    read = attribute_names(program) | _looked_up(program)
    for term in parsers:
        name = _destination(term)
        if name is not None and name not in read and term.keyword("action") is None:
            yield (term,), (("name", name),)


def _destination(term: Term) -> str | None:
    given = term.keyword("dest")
    if given is not None:
        return given.payload if isinstance(given.payload, str) else None
    flags = [arg.payload for arg in term.args[1:] if isinstance(arg.payload, str)]
    long = [flag for flag in flags if flag.startswith("--")] or flags
    return long[0].lstrip("-").replace("-", "_") if long else None


def _namespace_escapes(tree: ast.Module) -> bool:
    """The parsed options are handed on as a whole as a dictionary, so any of them may be read by name."""
    names = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    wholes = {"__dict__", "from_argparse_args", "parse_args_into_dataclasses", "asdict"}
    dictionary = any(isinstance(n, ast.Attribute) and n.attr in wholes for n in ast.walk(tree))
    return bool(names & {"vars", "getattr", "setattr"}) or dictionary


@lru_cache(maxsize=8)
def _looked_up(program: Program) -> frozenset[str]:
    """Strings that some value is looked up by: `options["seed"]`, `options.get("seed")`."""
    found: set[str] = set()
    for tree in program.index.trees().values():
        for node in ast.walk(tree):
            keys = (
                [node.slice] if isinstance(node, ast.Subscript) else node.args[:2] if isinstance(node, ast.Call) else []
            )
            found.update(key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str))
    return frozenset(found)


@lru_cache(maxsize=8)
def attribute_names(program: Program) -> frozenset[str]:
    """Every attribute that the repository reads."""
    found: set[str] = set()
    for tree in program.index.trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                found.add(node.attr)
    return frozenset(found)


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        argument_never_read, batch_norm_momentum_reversed, clip_before_unscale, decay_of_every_parameter,
        gradients_never_cleared, load_of_any_pickle, load_without_weights_only, loss_kept_with_graph,
        lost_micro_steps, option_never_read, remote_code_trusted, scheduler_before_optimizer,
        softmax_before_cross_entropy, softmax_without_dim, view_after_transpose,
    )
}  # fmt: skip
