"""Blocks and wiring: residual sums, dense and U-shaped connections, layer scale, tied weights, low-rank branches."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from analyzer.techniques.containers import held
from analyzer.techniques.patterns import Match
from analyzer.techniques.predicates.basics import (
    CONV_HEADS,
    NORM_HEADS,
    POOLS,
    below,
    is_parameter,
    layer,
    norm_kind,
    parameter_data,
    peeled,
)
from analyzer.techniques.predicates.split_residuals import is_handed_with_stream
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, alternatives, contains, is_shape_only, number, same, walk

LAYERS = frozenset({"linear", "embedding"}) | CONV_HEADS | NORM_HEADS
_LIBRARIES = ("torch.nn.", "timm.", "torchvision.", "transformers.")
_SCORES = frozenset({"softmax"})
_UPSAMPLING = frozenset({"interpolate", "conv_transpose"})


@lru_cache(maxsize=8192)
def _sums(program: Program, reading: Reading) -> tuple[tuple[Term, Term, Term], ...]:
    found: dict[int, tuple[Term, Term, Term]] = {}
    for term in reading.walked:
        if term.head == "add" and len(term.args) in (2, 3) and _is_tensor_code(program, reading):
            pair = _stream_and_branch(program, term) or _handed_pair(program, reading, term)
            if pair is not None:
                found.setdefault(term.digest, (term, *pair))
    return tuple(found.values())


def residual_sums(program: Program, reading: Reading) -> tuple[tuple[Term, Term, Term], ...]:
    """Sums `x + f(x)` with a layer in `f`: (sum, x, f(x))."""
    return _sums(program, reading)


def _stream_and_branch(program: Program, total: Term) -> tuple[Term, Term] | None:
    for position, stream in enumerate(total.args):
        others = total.args[:position] + total.args[position + 1 :]
        for one in alternatives(stream):
            branch = next((o for o in others if _is_branch(program, o, one)), None)
            if _is_stream(one) and branch is not None and len(total.args) == 2:
                return one, branch
    return _flattened_stream(program, total)


def _handed_pair(program: Program, reading: Reading, total: Term) -> tuple[Term, Term] | None:
    """Stream and branch of a sum of two arguments, of which callers hand one as a function of the other."""
    for stream, branch in (total.args[:2], total.args[1::-1]) if len(total.args) == 2 else ():
        if stream.head != "param" or contains(branch, stream):
            continue
        for one in below(branch, lambda term: term.head == "param"):
            is_input = one.head == "param" and _has_layer_over(program, branch, one)
            if is_input and is_handed_with_stream(program, reading, one, stream):
                return stream, branch
    return None


def _flattened_stream(program: Program, total: Term) -> tuple[Term, Term] | None:
    """`(x + y) + f(x + y)` is flattened to three terms: the stream is then the sum of the other two."""
    for position, branch in enumerate(total.args):
        others = total.args[:position] + total.args[position + 1 :]
        stream = Term("add", others, path=total.path, node=total.node)
        if len(others) == 2 and _is_branch(program, branch, stream):
            return stream, branch
    return None


def _is_stream(term: Term) -> bool:
    return term.head not in ("const", "self", "external", "loop_index") and not _is_list(term)


def _is_list(term: Term) -> bool:
    """A parameter that its annotation calls a list: a sum joins such."""
    node = term.node if term.head == "param" else None
    for argument in ast.walk(node.args) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else ():
        if isinstance(argument, ast.arg) and argument.arg == term.label and argument.annotation is not None:
            parts = ast.walk(argument.annotation)
            words = {n.attr if isinstance(n, ast.Attribute) else getattr(n, "id", "") for n in parts}
            return bool(words & {"List", "list", "Sequence", "Tuple", "tuple"})
    return False


def _is_branch(program: Program, branch: Term, stream: Term) -> bool:
    """A layer's function of the stream."""
    if same(branch, stream):
        return False
    for one in alternatives(branch):
        if one.head in ("detach", "neg"):
            continue
        if not same(one, stream) and contains(one, stream) and _has_layer_over(program, one, stream):
            return True
    return False


def _has_layer_over(program: Program, branch: Term, stream: Term) -> bool:
    return any(
        is_layer(program, one) and contains(one, stream) and _reads_values(program, one, stream)
        for one in below(branch, lambda t: same(t, stream))
        if not same(one, stream)
    )


def _reads_values(program: Program, term: Term, stream: Term) -> bool:
    """A module of the repository that only asks for the stream's shape, as tables of positions do, is no branch."""
    reading = program.forward(term.label) if term.head == "invoke" and ":" in term.label else None
    position = next((i for i, arg in enumerate(term.args) if contains(arg, stream)), None)
    if reading is None or position is None or not reading.returns or isinstance(reading.node, ast.Module):
        return True
    names = [a.arg for a in reading.node.args.args][1:]
    inner = Term("param", label=names[position]) if position < len(names) else None
    return inner is None or any(contains(returned, inner) for returned in reading.returns)


def is_layer(program: Program, term: Term) -> bool:
    """A map with parameters: a library layer or a module, also one that only an attribute names."""
    if term.head == "invoke":
        own = ":" in term.label and program.is_module(term.label)
        return own or term.label.startswith(_LIBRARIES)
    if term.head == "apply":
        return any(one.head == "self" for one in walk(term.args[0]))
    return term.head in LAYERS


def _is_tensor_code(program: Program, reading: Reading) -> bool:
    """A method of a module, or a function of tensors: no other class adds streams and branches."""
    return reading.owner is None or program.is_module(reading.owner) or bool(program.library_base(reading.owner))


def consumers(program: Program, branch: Term, stream: Term, depth: int = 0) -> list[Term]:
    """The operations of a branch that read the stream's values first; a class of the repository is looked into."""
    found: list[Term] = []
    for term in below(branch, lambda t: same(t, stream) or is_shape_only(t)):
        direct = [child for child in term.children() if any(same(one, stream) for one in alternatives(child))]
        if direct and not is_shape_only(term) and term.head not in ("choice", "item"):
            found += _entered(program, term, stream, depth)
    return list({one.digest: one for one in found}.values())


def _entered(program: Program, term: Term, stream: Term, depth: int) -> list[Term]:
    if norm_kind(program, term) is not None or term.head != "invoke" or depth > 2:
        return [term]
    reading = program.forward(term.label) if ":" in term.label else None
    if reading is None or not reading.returns:
        return [term]
    position = next((i for i, arg in enumerate(term.args) if same(arg, stream)), None)
    names = [a.arg for a in reading.node.args.args][1:] if hasattr(reading.node, "args") else []
    if position is None or position >= len(names):
        return [term]
    inner = next((t for t in reading.walked if t.head == "param" and t.label == names[position]), None)
    if inner is None:
        return [term]
    entered = [one for returned in reading.returns for one in consumers(program, returned, inner, depth + 1)]
    return [term] if not entered or not all(norm_kind(program, e) for e in entered) else entered


def is_residual(program: Program, reading: Reading) -> Iterator[Match]:
    """`x + f(x)`, the stream itself added."""
    for sum_, stream, branch in residual_sums(program, reading):
        form = "identity"
        yield Match(sum_, (("x", stream), ("f", branch)), (sum_,), form)
    yield from _projected_residuals(program, reading)


def _projected_residuals(program: Program, reading: Reading) -> Iterator[Match]:
    """`f(x) + g(x)` with a short linear `g`: a projection shortcut; both sides read the same input."""
    plain = {sum_.digest for sum_, _, _ in residual_sums(program, reading)}
    for term in reading.walked:
        if term.head != "add" or term.digest in plain or len(term.args) != 2:
            continue
        for branch, shortcut in (term.args, term.args[::-1]):
            source = _shortcut_source(shortcut)
            if source is not None and _count(branch, CONV_HEADS) >= 2 and contains(branch, source):
                yield Match(term, (("x", source), ("f", branch)), (term, shortcut), "projection")
                break


def _shortcut_source(shortcut: Term) -> Term | None:
    """The input of one strided convolution, normalised or not."""
    for one in peeled(shortcut, NORM_HEADS | {"pool"}):
        if one.head in CONV_HEADS and one.args and number(one.keyword("kernel_size")) == 1:
            return one.args[0]
    return None


def _count(term: Term, heads: frozenset[str]) -> int:
    return sum(one.head in heads for one in walk(term))


def has_layer_scale(program: Program, reading: Reading) -> Iterator[Match]:
    """The branch is multiplied by a learned vector that starts small, before it is added."""
    for sum_, stream, branch in residual_sums(program, reading):
        for factor in _scale_factors(program, branch):
            yield Match(sum_, (("gamma", factor), ("x", stream)), (sum_, factor), "learned_vector")


def _scale_factors(program: Program, branch: Term) -> Iterator[Term]:
    for one in alternatives(branch):
        if one.head == "mul":
            for part in one.args:
                data = parameter_data(part) if is_parameter(part) else None
                if data is not None and _starts_small(data):
                    yield part


def _starts_small(data: Term) -> bool:
    """`value * ones(dim)` or `full(dim, value)`."""
    if data.head == "mul":
        return any(part.head == "ones" for part in data.args) and len(data.args) == 2
    return data.head in ("full", "fill")


def has_concatenated_input(program: Program, reading: Reading) -> Iterator[Match]:
    """`cat([f(x), x], channels)` with convolutions in `f` and no change of resolution."""
    for term in reading.walked:
        parts = term.args[0].args if term.head == "cat" and term.args and term.args[0].head == "tuple" else ()
        if len(parts) != 2 or number(term.keyword("dim")) != 1:
            continue
        for branch, stream in (parts, parts[::-1]):
            made = [one for one in below(branch, lambda t, s=stream: same(t, s)) if one.head in CONV_HEADS]  # type: ignore[misc]
            if made and contains(branch, stream) and not _changes_resolution(branch, stream):
                yield Match(term, (("x", stream), ("f", branch)), (term,), "channels_appended")
                break


def _changes_resolution(branch: Term, stream: Term) -> bool:
    for one in below(branch, lambda t: same(t, stream)):
        if one.head in _UPSAMPLING or one.head in POOLS:
            return True
        stride = one.keyword("stride") if one.head in CONV_HEADS else None
        if stride is not None and number(stride) != 1:
            return True
    return False


def has_upsampled_skip(program: Program, reading: Reading) -> Iterator[Match]:
    """`cat([up(…), skip], channels)`: features from before the downsampling meet the upsampled ones."""
    for term in reading.walked:
        parts = term.args[0].args if term.head == "cat" and term.args and term.args[0].head == "tuple" else ()
        if len(parts) != 2 or number(term.keyword("dim")) != 1:
            continue
        for up, skip in (parts, parts[::-1]):
            popped = skip.head == "method" and skip.label == "pop"
            if popped and not (up.head == "method" and up.label == "pop"):
                yield Match(term, (("s", skip), ("u", up)), (term,), "popped_skip")
                break
            raised = any(one.head in _UPSAMPLING for one in peeled_through_layers(up))
            if raised and skip.head != "param" and contains(up, skip):
                yield Match(term, (("s", skip), ("u", up)), (term,), "upsampled_and_joined")
                break


def peeled_through_layers(term: Term) -> Iterator[Term]:
    return below(term, lambda t: t.head in _UPSAMPLING)


def has_tied_weights(program: Program, reading: Reading) -> Iterator[Match]:
    """`a.weight = b.weight`, one of them an embedding, or logits by the embedding's own matrix."""
    for step in reading.steps:
        if step.kind == "bind" and step.target is not None and _is_tie(program, reading, step.target, step.term):
            yield Match(step.term, (("e", step.target), ("o", step.term)), (step.target, step.term), "assigned")
    for term in () if _is_codebook(program, reading) else reading.walked:
        made_of_weights = bool(term.args) and is_parameter(term.args[0])
        if term.head in ("matmul", "linear") and not made_of_weights and (table := _table_of_output(term)) is not None:
            yield Match(term, (("e", table), ("o", table)), (term,), "embedding_as_output")


def _is_codebook(program: Program, reading: Reading) -> bool:
    """The class looks for the nearest entries of a table: products with it are distances and look-ups, no scores."""
    own = (one for one in program.readings if reading.owner is not None and one.owner == reading.owner)
    return any(label.rpartition(".")[2] == "argmin" for one in own for label in one.called)


def _is_tie(program: Program, reading: Reading, target: Term, value: Term) -> bool:
    """Both sides are the weight of a layer, and not of the same one."""
    both = target.head == value.head == "attr" and target.label == value.label == "weight"
    if not both or same(target.args[0], value.args[0]):
        return False
    return any(_is_embedding(program, side.args[0]) for side in (target, value))


def _is_embedding(program: Program, module: Term) -> bool:
    """A module whose constructor is an embedding; one in a class of the repository is looked up there."""
    found = held(module)
    if found is module and module.head == "attr" and module.args:
        owner = held(module.args[0])
        if owner.head == "call" and ":" in owner.label:
            found = program.attributes(owner.label).get(module.label, module)
    return any(one.head == "call" and _is_embedding_class(program, one.label) for one in alternatives(held(found)))


def _is_embedding_class(program: Program, label: str) -> bool:
    return label == "torch.nn.Embedding" or (":" in label and program.library_base(label) == "torch.nn.Embedding")


def _table_of_output(term: Term) -> Term | None:
    """The embedding whose weight is the matrix of a linear map."""
    operands = [*term.args[1:], *(v for k, v in term.keywords if k == "weight")]
    for operand in operands:
        for one in peeled(operand, SHAPE_HEADS | {"mT"}):
            module = one.args[0] if one.head == "attr" and one.label == "weight" and one.args else None
            if module is not None and any(m.label == "torch.nn.Embedding" for m in alternatives(held(module))):
                return one
    return None


def has_low_rank_branch(program: Program, reading: Reading) -> Iterator[Match]:
    """A class whose forward is a product of two bias-free maps, the outer one set to zero at first."""
    if reading.name != "forward" or reading.owner is None:
        return
    for returned in reading.returns:
        for one in _low_rank(returned):
            inner = one.args[0]
            made = one.definition
            if made is not None and _is_zeroed(program, reading.owner, one):
                down, up = held(inner), made
                holes = (("a", layer(inner)), ("b", layer(one)), ("r", down.keyword("out_features") or up))
                yield Match(one, holes, (one, inner), "two_maps")


def _low_rank(term: Term) -> Iterator[Term]:
    """Linear of linear, with nothing between."""
    for one in walk(term):
        if one.head == "linear" and one.args and one.args[0].head == "linear":
            outer, inner = one, one.args[0]
            rank, width = outer.keyword("in_features"), inner.keyword("out_features")
            if rank is not None and width is not None and same(rank, width):
                yield one


def _is_zeroed(program: Program, owner: str, up: Term) -> bool:
    """`nn.init.zeros_(self.up.weight)` or `self.up.weight.data.zero_()` in the class."""
    init = program.method(owner, "__init__")
    if init is None:
        return False
    for term in walk(*program.reading(init).terms):
        zero = (term.head == "method" and term.label == "zero_") or term.label == "torch.nn.init.zeros_"
        if zero and any(held(one) is up.definition or _same_made(held(one), up) for one in walk(term)):
            return True
    return False


def _same_made(one: Term, up: Term) -> bool:
    return (
        up.definition is not None and one.head == "call" and same(one, up.definition) and one.node is up.definition.node
    )


def has_routed_experts(program: Program, reading: Reading) -> Iterator[Match]:
    """A router scores experts, the best few are taken, a list of modules holds the experts."""
    for term in reading.walked:
        if term.head != "topk" or not term.args:
            continue
        gates = [one for one in walk(term.args[0]) if one.head == "linear" or _is_gate(one)]
        experts = [one for one in reading.walked if _is_expert_list(one)]
        if gates and experts:
            holes = (("s", term.args[0]), ("k", term.keyword("k") or term), ("e", experts[0]))
            yield Match(term, holes, (term, gates[0], experts[0]), "top_k_of_router")
            return


def _is_gate(term: Term) -> bool:
    return term.head == "matmul" and any(is_parameter(arg) for arg in term.args)


def _is_expert_list(term: Term) -> bool:
    """An attribute that is a list of modules of one class."""
    made = held(term)
    return term.head == "attr" and made.head == "call" and made.label == "torch.nn.ModuleList"
