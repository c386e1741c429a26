"""Feed-forward layers: two linear maps with an activation between, gated or not."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.techniques.containers import held
from analyzer.techniques.patterns import Match, Notes, fits, parse_pattern
from analyzer.techniques.predicates.basics import layer, peeled
from analyzer.techniques.program import Program, Reading, lambda_parts
from analyzer.techniques.terms import Term, alternatives, number, same, walk

_BETWEEN = frozenset({"dropout", "identity"})
GELU_FORMS = (
    "0.5 * __x__ * (1.0 + torch.tanh(__any_scale__ * (__x__ + 0.044715 * torch.pow(__x__, 3.0))))",
    "0.5 * __x__ * (1.0 + torch.tanh(__any_scale__ * (__x__ + 0.044715 * torch.pow(__x__, 3))))",
    "__x__ * 0.5 * (1.0 + torch.erf(__x__ / math.sqrt(2.0)))",
    "__x__ * 0.5 * (1.0 + torch.erf(__any_scaled__))",
    "__x__ * torch.sigmoid(1.702 * __x__)",
)
SILU_FORMS = ("__x__ * torch.sigmoid(__x__)",)
_TABLE_NAMES = ("transformers.activations.ACT2FN",)


def activation_kind(program: Program, term: Term) -> tuple[str, Term] | None:
    """(`gelu` | `relu` | `silu` | `squared_relu` | `named`, its input) of an activation, however it is written."""
    if term.head in ("relu", "gelu", "silu", "sigmoid") and term.args:
        return term.head, term.args[0]
    if term.head == "pow" and number(term.args[1]) == 2 and term.args[0].head == "relu":
        return "squared_relu", term.args[0].args[0]
    if term.head == "invoke" and ":" in term.label and len(term.args) == 1:
        return _class_activation(program, term)
    if term.head == "mul":
        for kind, forms in (("gelu", GELU_FORMS), ("silu", SILU_FORMS)):
            for source in forms:
                holes = fits(parse_pattern(source), term)
                if holes is not None:
                    return kind, holes["x"]
    if term.head == "apply" and _is_table_lookup(term.args[0]) and len(term.args) == 2:
        return "named", term.args[1]
    return None


def _class_activation(program: Program, term: Term) -> tuple[str, Term] | None:
    reading = program.forward(term.label)
    if reading is None or len(reading.returns) != 1 or len(reading.steps) > 6:
        return None
    found = activation_kind(program, reading.returns[0]) if reading.returns[0].head != "invoke" else None
    return (found[0], term.args[0]) if found is not None and found[1].head == "param" else None


def _is_table_lookup(callee: Term) -> bool:
    """`ACT2FN[name]`."""
    made = held(callee)
    return made.head == "index" and made.args[0].label in _TABLE_NAMES


def _feed_forwards(program: Program, reading: Reading) -> Iterator[tuple[Term, Term, str, Term]]:
    """(outer map, activation, kind, inner map) of every linear–activation–linear."""
    for term in reading.walked:
        if term.head != "linear" or not term.args:
            continue
        for one in peeled(term.args[0], _BETWEEN):
            found = activation_kind(program, one)
            if found is None:
                continue
            for inner in peeled(found[1], _BETWEEN):
                if inner.head == "linear" and _is_same_width(term, inner):
                    yield term, one, found[0], inner
                    break


def _is_same_width(outer: Term, inner: Term) -> bool:
    """The maps lead back to the width they started from; a classifier's layers do not."""
    width, back = inner.keyword("in_features"), outer.keyword("out_features")
    return width is None or back is None or any(same(a, b) for a in alternatives(width) for b in alternatives(back))


def _plain(program: Program, reading: Reading, kind: str) -> Iterator[Match]:
    for outer, middle, found, inner in _feed_forwards(program, reading):
        if found == kind:
            holes = (("w1", layer(inner)), ("w2", layer(outer)), ("x", inner.args[0]))
            notes = _gelu_note(program, middle) if kind == "gelu" else ()
            yield Match(outer, _maps(holes), (outer, middle, inner), f"linear_{kind}_linear", notes)


def _maps(holes: tuple[tuple[str, Term], ...]) -> tuple[tuple[str, Term], ...]:
    return tuple((name, term) for name, term in holes if term.node is not None)


def _gelu_note(program: Program, activation: Term) -> Notes:
    """Which of its forms GELU has, where the code says it: a class of the repository is looked into."""
    form = activation.keyword("approximate")
    if activation.head == "invoke":
        reading = program.forward(activation.label)
        return _gelu_note(program, reading.returns[0]) if reading is not None and reading.returns else ()
    if form is not None:
        return (("gelu_by_tanh", ()),) if form.payload == "tanh" else ()
    if activation.head == "gelu":
        return (("gelu_exact", ()),)
    if activation.head == "mul" and any(number(one) == _SIGMOID_SCALE for one in walk(activation)):
        return (("gelu_by_sigmoid", ()),)
    return (("gelu_by_tanh", ()),) if any(one.head == "tanh" for one in walk(activation)) else ()


_SIGMOID_SCALE = 1.702


def is_relu_feed_forward(program: Program, reading: Reading) -> Iterator[Match]:
    yield from _plain(program, reading, "relu")


def is_gelu_feed_forward(program: Program, reading: Reading) -> Iterator[Match]:
    yield from _plain(program, reading, "gelu")


def is_squared_relu_feed_forward(program: Program, reading: Reading) -> Iterator[Match]:
    yield from _plain(program, reading, "squared_relu")


def is_timm_gelu_feed_forward(program: Program, reading: Reading) -> Iterator[Match]:
    """Timm's `Mlp`, whose activation is GELU unless another is given."""
    for term in reading.walked:
        if term.head == "call" and term.label in ("timm.models.vision_transformer.Mlp", "timm.layers.Mlp"):
            given = term.keyword("act_layer")
            made = _made_by(program, given) if given is not None else None
            if given is None or (made is not None and made.label == "torch.nn.GELU"):
                hidden = term.keyword("hidden_features")
                holes = (("d_ff", hidden),) if hidden is not None else ()
                by_tanh = made is not None and "tanh" in (p.payload for p in made.children())
                yield Match(term, holes, (term,), "timm_mlp", (("gelu_by_tanh", ()),) if by_tanh else ())


def _made_by(program: Program, factory: Term) -> Term | None:
    """What a class or lambda makes."""
    if factory.head == "lambda":
        node, scope = lambda_parts(factory)
        return program.reader.read(node.body, scope.closure())
    return factory


def _gated(program: Program, reading: Reading) -> Iterator[tuple[Term, Term, str, Term, Term]]:
    """(outer map, product, kind, gate map, value map) of `W(act(G x) * (V x))`."""
    for term in reading.walked:
        if term.head != "mul" or len(term.args) != 2:
            continue
        for gate, value in (term.args, term.args[::-1]):
            kinds = [a for one in alternatives(gate) if (a := activation_kind(program, one)) is not None]
            found = {kind: inner for kind, inner in reversed(kinds) if _is_map(inner) and _is_map(value)}
            yield from ((term, gate, kind, inner, value) for kind, inner in found.items())
            if found:
                break


def _is_map(term: Term) -> bool:
    """A linear map, or one half of one that makes both."""
    return any(
        one.head == "linear" or (one.head == "item" and one.args[0].head in ("chunk", "split", "unbind"))
        for one in peeled(term, _BETWEEN)
    )


def _layer_of(term: Term) -> Term:
    """The layer of a linear map; one half of a joint map stands as it is."""
    return next((layer(one) for one in peeled(term, _BETWEEN) if one.head == "linear"), term)


def _glu(program: Program, reading: Reading, kinds: tuple[str, ...]) -> Iterator[Match]:
    for product, gate, kind, inner, value in _gated(program, reading):
        if kind in kinds:
            holes = _maps((("g", _layer_of(inner)), ("v", _layer_of(value))))
            yield Match(product, holes, (product, gate, inner, value), f"{kind}_gate")


def is_silu_gate(program: Program, reading: Reading) -> Iterator[Match]:
    yield from _glu(program, reading, ("silu",))
    yield from _named(program, reading, ("silu", "swish"))


def is_gelu_gate(program: Program, reading: Reading) -> Iterator[Match]:
    yield from _glu(program, reading, ("gelu",))
    yield from _named(program, reading, ("gelu", "gelu_new", "gelu_pytorch_tanh"))


def _named(program: Program, reading: Reading, names: tuple[str, ...]) -> Iterator[Match]:
    """A gate whose activation is looked up by a name that the configuration's default gives."""
    for product, gate, kind, inner, value in _gated(program, reading):
        calls = [one.args[0] for one in alternatives(gate) if one.head == "apply"]
        place = next((held(callee).args[1] for callee in calls if _is_table_lookup(callee)), None)
        if kind == "named" and place is not None and configured_string(program, place) in names:
            holes = _maps((("g", _layer_of(inner)), ("v", _layer_of(value)), ("act", place)))
            note = (("activation_by_configured_name", ()),)
            yield Match(product, holes, (product, gate, inner, value), "named_gate", note)


def configured_string(program: Program, place: Term) -> str | None:
    """The string that a configuration attribute has by default, where every class that sets it agrees."""
    if isinstance(place.payload, str):
        return place.payload
    if place.head != "attr":
        return None
    found = set()
    for definition in program.index.symbols.classes():
        value = program.attributes(definition.qualified_name).get(place.label)
        if value is not None and (text := _default_string(value)) is not None:
            found.add(text)
    return found.pop() if len(found) == 1 else None


def _default_string(value: Term) -> str | None:
    """A literal, the second argument of `kwargs.get(name, literal)`, or the default of a parameter."""
    if isinstance(value.payload, str):
        return value.payload
    if value.head == "method" and value.label == "get" and len(value.args) == 3:
        return value.args[2].payload if isinstance(value.args[2].payload, str) else None
    if value.head == "param" and isinstance(value.node, ast.FunctionDef):
        arguments = value.node.args
        pairs = zip(reversed(arguments.args), reversed(arguments.defaults), strict=False)
        default = next((d for a, d in pairs if a.arg == value.label), None)
        return default.value if isinstance(default, ast.Constant) and isinstance(default.value, str) else None
    return None
