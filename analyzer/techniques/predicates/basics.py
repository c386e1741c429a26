"""Small questions about terms that several recognisers ask."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator

from analyzer.techniques.containers import held
from analyzer.techniques.patterns import fits, parse_pattern
from analyzer.techniques.program import Program
from analyzer.techniques.terms import SHAPE_HEADS, Term, alternatives, number, walk

NORM_HEADS = frozenset({"layer_norm", "rms_norm", "batch_norm", "group_norm", "instance_norm"})
CONV_HEADS = frozenset({"conv1d", "conv2d", "conv3d"})
ACTIVATIONS = frozenset({
    "relu", "gelu", "silu", "sigmoid", "tanh", "relu6", "hardswish", "leaky_relu", "elu",
})  # fmt: skip
POOLS = frozenset({"mean", "global_pool", "pool", "einops_reduce"})
FUSED_NORMS = {
    "apex.normalization.FusedLayerNorm": "layer_norm",
    "apex.normalization.FusedRMSNorm": "rms_norm",
}

RMS_PATTERNS = (
    "__x__ * torch.rsqrt(__x__.pow(2).mean(-1) + __eps__)",
    "__x__ * torch.rsqrt(__x__.pow(2).mean(-1))",
    "__x__ / (torch.sqrt(__x__.pow(2).mean(-1)) + __eps__)",
    "__x__ / torch.sqrt(__x__.pow(2).mean(-1)).clamp(min=__eps__)",
    "__x__ * torch.rsqrt(__x__.pow(2).sum(-1) / __d__ + __eps__)",
    "__x__ * torch.rsqrt(__x__.pow(2).mean(__axis__) + __eps__)",
)
LAYER_PATTERNS = (
    "__w__ * (__x__ - __x__.mean(-1)) / (__x__.std(-1) + __eps__)",
    "(__x__ - __x__.mean(-1)) * torch.rsqrt(__any_variance__ + __eps__)",
    "(__x__ - __x__.mean(-1)) / (__x__.std(-1) + __eps__)",
    "(__x__ - __x__.mean(__axis__)) * torch.rsqrt(__any_variance__ + __eps__)",
)
_CENTRED = "__y__ - __y__.mean(-1)"


def peeled(term: Term, heads: Collection[str]) -> Iterator[Term]:
    """What remains when operations of `heads` are taken off, through every branch."""
    seen: set[int] = set()
    stack = [term]
    while stack:
        here = stack.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        if here.head == "choice":
            stack.extend(reversed(here.args))
        elif here.head in heads and here.args:
            stack.append(here.args[0])
        else:
            yield here


def below(term: Term, stop: Callable[[Term], bool]) -> Iterator[Term]:
    """Terms from the top down; one for which `stop` holds is given but not entered."""
    seen: set[int] = set()
    stack = [term]
    while stack:
        here = stack.pop()
        if id(here) not in seen:
            seen.add(id(here))
            yield here
            if not stop(here):
                stack.extend(reversed(here.children()))


def walk_definitions(term: Term) -> Iterator[Term]:
    """Every term below, also inside what attributes and names stand for."""
    seen: set[int] = set()
    stack = [term]
    while stack:
        here = stack.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        yield here
        stack.extend(reversed(here.children()))
        if here.head in ("attr", "name", "index") and here.definition is not None:
            stack.append(here.definition)


def norm_kind(program: Program, term: Term) -> str | None:
    """`layer_norm`, `rms_norm` … for a term that normalises its first operand, however it is written."""
    if term.head in NORM_HEADS:
        return term.head
    if term.head == "invoke":
        return FUSED_NORMS.get(term.label) or class_norm_kind(program, term.label)
    return written_norm(term)


def class_norm_kind(program: Program, qualified_class: str) -> str | None:
    """The norm that a class of the repository computes, None where its forward is none."""
    reading = program.forward(qualified_class) if ":" in qualified_class else None
    if reading is None or len(reading.parameters) > 3:
        return None
    kinds = {_returned_norm(program, term) for returned in reading.returns for term in alternatives(returned)}
    return kinds.pop() if len(kinds) == 1 else None


def _returned_norm(program: Program, term: Term) -> str | None:
    for one in peeled(term, SHAPE_HEADS | {"add"}):
        parts = one.args if one.head == "mul" else (one,)
        for part in parts:
            if part.head in NORM_HEADS:
                return part.head
        kind = written_norm(one) or scaled_unit_norm(one)
        if kind:
            return kind
    return written_norm(term)


def written_norm(term: Term) -> str | None:
    """`rms_norm` or `layer_norm` for the formula written out."""
    if term.head not in ("mul", "div", "add"):
        return None
    parts = term.args if term.head == "add" else (term,)
    for part in parts:
        if any(fits(parse_pattern(source), part) for source in LAYER_PATTERNS):
            return "layer_norm"
        if any(is_rms(part, source) for source in RMS_PATTERNS):
            return "rms_norm"
    return None


def is_rms(term: Term, source: str) -> bool:
    """Divided by the root of the mean square, the mean not subtracted before."""
    holes = fits(parse_pattern(source), term)
    return holes is not None and not is_centred(holes["x"]) and _is_one_axis(holes.get("axis"))


def _is_one_axis(axis: Term | None) -> bool:
    """No hole for it, or an argument of the norm that names the axis."""
    return axis is None or axis.head in ("attr", "param")


def is_centred(term: Term) -> bool:
    """`x - mean(x)`."""
    return any(fits(parse_pattern(_CENTRED), one) is not None for one in alternatives(term))


def scaled_unit_norm(term: Term) -> str | None:
    """`normalize(x, dim=-1) * sqrt(d) * g`: RMSNorm by way of the unit vector."""
    if term.head != "mul":
        return None
    unit = any(part.head == "normalize" and number(part.keyword("dim")) == -1 for part in term.args)
    root = any(held(part).head == "sqrt" for part in term.args)
    return "rms_norm" if unit and root else None


def is_minus_infinity(term: Term) -> bool:
    """`float('-inf')`, `-torch.inf`, `torch.finfo(...).min`, or a literal that large."""
    if _text(term) == "-inf" or (term.head == "attr" and term.label == "min"):
        return True
    if term.head == "neg":
        inner = term.args[0]
        return _text(inner) in ("inf", "infinity") or inner.label in ("math.inf", "torch.inf", "numpy.inf", "numpy.Inf")
    value = number(term)
    return value is not None and value <= -10_000


def _text(term: Term) -> str:
    return term.payload.lower() if isinstance(term.payload, str) else ""


def is_parameter(term: Term) -> bool:
    """An attribute that holds an `nn.Parameter`."""
    return term.head == "attr" and any(is_parameter_value(one) for one in alternatives(held(term)))


def is_parameter_value(term: Term) -> bool:
    return term.head == "call" and term.label in ("torch.nn.Parameter", "torch.nn.parameter.Parameter")


def parameter_data(term: Term) -> Term | None:
    """The tensor that an `nn.Parameter` attribute is made from."""
    for one in alternatives(held(term)):
        if is_parameter_value(one):
            return one.keyword("data") or (one.args[0] if one.args else None)
    return None


def has_head(term: Term, *heads: str) -> bool:
    return any(one.head in heads for one in walk(term))


def text_argument(term: Term, name: str) -> str | None:
    """A string option or operand of a term (einops patterns)."""
    given = term.keyword(name)
    if given is not None and isinstance(given.payload, str):
        return given.payload
    return next((arg.payload for arg in term.args[1:] if isinstance(arg.payload, str)), None)


def layer(term: Term) -> Term:
    """The layer that a term applies, as the code names it: `self.c_fc` of `self.c_fc(x)`."""
    made = term.definition
    if isinstance(term.node, ast.Call) and (made is None or made.node is not term.node):
        return Term("layer", label=term.label, path=term.path, node=term.node.func)
    return Term("layer", label=term.label, path=term.path, node=term.node)
