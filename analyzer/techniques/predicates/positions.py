"""Positions: rotary rotation in its three spellings, sinusoids, learned tables, class token and patches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.techniques.containers import held
from analyzer.techniques.frame import Step
from analyzer.techniques.patterns import Match, find_matches, fits, parse_pattern
from analyzer.techniques.predicates.basics import (
    CONV_HEADS,
    below,
    is_parameter,
    layer,
    parameter_data,
    peeled,
    text_argument,
    walk_definitions,
)
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, alternatives, contains, number, same, walk

FREQUENCIES = (
    "1.0 / (__base__ ** (torch.arange(0, __d__, 2) / __any_d__))",
    "1.0 / (__base__ ** (torch.arange(0, __d__, 2)[__any_slice__] / __any_d__))",
    "__base__ ** (-torch.arange(0, __d__, 2) / __any_d__)",
    "__base__ ** -(torch.arange(0, __d__, 2) / __any_d__)",
)
_RESHAPED = SHAPE_HEADS | {"index"}


def has_rotation(program: Program, reading: Reading) -> Iterator[Match]:
    """Pairs of channels turned by an angle: half-split, complex, or pair by pair."""
    yield from _half_rotations(reading)
    yield from _complex_rotations(reading)
    yield from _pair_rotations(reading)


def _half_rotations(reading: Reading) -> Iterator[Match]:
    """`x * cos + cat(-x2, x1) * sin`."""
    for term in reading.walked:
        if term.head != "add" or len(term.args) != 2:
            continue
        for plain, turned in (term.args, term.args[::-1]):
            found = _rotation_parts(plain, turned)
            if found is not None:
                x, cos, sin, half = found
                yield Match(term, (("x", x), ("cos", cos), ("sin", sin)), (term, half), "half_split")
                break


def _rotation_parts(plain: Term, turned: Term) -> tuple[Term, Term, Term, Term] | None:
    if plain.head != "mul" or turned.head != "mul" or not len(plain.args) == len(turned.args) == 2:
        return None
    for half, sin in (turned.args, turned.args[::-1]):
        for x, cos in (plain.args, plain.args[::-1]):
            if _is_turned_half(half, x):
                return x, cos, sin, half
    return None


def _is_turned_half(half: Term, x: Term) -> bool:
    """`cat((-x2, x1), -1)` or `stack((-x2, x1), -1)` of two parts of `x`, folded back or not."""
    for one in peeled(half, SHAPE_HEADS):
        parts = one.args[0].args if one.head in ("cat", "stack") and one.args and one.args[0].head == "tuple" else ()
        if len(parts) == 2 and parts[0].head == "neg":
            return all(_is_part_of(part, x) for part in (parts[0].args[0], parts[1]))
    return False


def _is_part_of(part: Term, x: Term) -> bool:
    inner = part.args[0] if part.head in ("item", "index") else part
    return any(
        same(one, x)
        for start in alternatives(inner)
        for one in peeled_all(start, SHAPE_HEADS | {"chunk", "split", "unbind", "index", "item"})
    )


def peeled_all(term: Term, heads: frozenset[str]) -> Iterator[Term]:
    """The term and everything on the way while operations of `heads` are taken off."""
    here = term
    yield here
    while here.head in heads and here.args:
        here = here.args[0]
        yield here


def _complex_rotations(reading: Reading) -> Iterator[Match]:
    """`view_as_real(view_as_complex(x) * freqs)`."""
    for term in reading.walked:
        if term.head != "view_as_real" or not term.args or term.args[0].head != "mul":
            continue
        for part in term.args[0].args:
            if part.head == "view_as_complex":
                angle = next(p for p in term.args[0].args if p is not part)
                x = next(iter(peeled(part.args[0], SHAPE_HEADS)))
                yield Match(term, (("x", x), ("cos", angle)), (term, part), "complex")


def _pair_rotations(reading: Reading) -> Iterator[Match]:
    """`cat/stack(x1 * cos - x2 * sin, x2 * cos + x1 * sin)`, the second sign either way round."""
    for term in reading.walked:
        parts = (
            term.args[0].args if term.head in ("cat", "stack") and term.args and term.args[0].head == "tuple" else ()
        )
        if len(parts) == 2 and (found := _turned_pair(parts[0], parts[1])) is not None:
            x, cos, sin = found
            yield Match(term, (("x", x), ("cos", cos), ("sin", sin)), (term, *parts), "pairs")


def _turned_pair(first: Term, second: Term) -> tuple[Term, Term, Term] | None:
    for source in _PAIRS:
        pattern = parse_pattern(source)
        holes = fits(pattern, Term("tuple", (first, second)))
        if holes is not None:
            one, two = holes["a"], holes["b"]
            whole = one.args[0] if one.head in ("item", "index") and two.head == one.head else one
            return whole, holes["c"], holes["s"]
    return None


_PAIRS = (
    "(__a__ * __c__ - __b__ * __s__, __b__ * __c__ + __a__ * __s__)",
    "(__a__ * __c__ + __b__ * __s__, __b__ * __c__ - __a__ * __s__)",
)


def has_rotary_frequencies(program: Program, reading: Reading) -> Iterator[Match]:
    """Angles `position / base^(2i/d)` whose cosine and sine are kept apart, for a rotation elsewhere."""
    for term in reading.walked:
        if term.head not in ("outer", "mul", "matmul", "einsum"):
            continue
        table = next((m for part in term.args for m in _frequencies(part)), None)
        if table is None or not _is_used_for_rotation(reading, term):
            continue
        holes = tuple(pair for pair in table.holes if pair[0] in ("base", "d"))
        yield Match(term, holes, (term, table.root), "frequencies")


def _frequencies(term: Term) -> Iterator[Match]:
    for source in FREQUENCIES:
        yield from find_matches(parse_pattern(source), walk_definitions(term))


def _is_used_for_rotation(reading: Reading, angles: Term) -> bool:
    """`polar` of the angles, or cosine and sine of them that are not joined to one vector."""
    turned = [t for t in reading.walked if t.head in ("cos", "sin") and any(same(o, angles) for o in walk(t))]
    polar = any(t.head == "polar" and any(same(o, angles) for o in walk(t)) for t in reading.walked)
    both = {t.head for t in turned} == {"cos", "sin"}
    return polar or (both and not any(_joins_sine_and_cosine(t) for t in reading.walked))


def _joins_sine_and_cosine(term: Term) -> bool:
    """`cat([sin(a), cos(a)])` of one angle."""
    if term.head not in ("cat", "stack") or not term.args or term.args[0].head != "tuple":
        return False
    parts = [next(iter(peeled(part, SHAPE_HEADS))) for part in term.args[0].args]
    heads = {part.head for part in parts}
    return heads == {"sin", "cos"} and len({part.args[0].digest for part in parts}) == 1


def is_sinusoidal(program: Program, reading: Reading) -> Iterator[Match]:
    """Sine and cosine of position times a geometric row of frequencies, joined to one vector."""
    for term in reading.walked:
        if _joins_sine_and_cosine(term):
            angle = next(iter(peeled(term.args[0].args[0], SHAPE_HEADS))).args[0]
            if _is_geometric(angle):
                yield Match(term, (("a", angle),), (term, angle), "joined")
    yield from _stored_sinusoids(reading)


def _stored_sinusoids(reading: Reading) -> Iterator[Match]:
    """`pe[:, 0::2] = sin(a)` and `pe[:, 1::2] = cos(a)`."""
    stores = [s for s in reading.steps if s.kind == "store" and s.target is not None and s.term.head in ("sin", "cos")]
    sines = [s for s in stores if s.term.head == "sin"]
    for sine in sines:
        cosine = next((s for s in stores if s.term.head == "cos" and _stores_into_one(s, sine)), None)
        if cosine is not None and _is_geometric(sine.term.args[0]):
            yield Match(sine.term, (("a", sine.term.args[0]),), (sine.term, cosine.term), "interleaved")
            return


def _stores_into_one(one: Step, other: Step) -> bool:
    """Both steps fill the same table: a rotation keeps cosine and sine apart."""
    assert one.target is not None and other.target is not None
    tables = [next(iter(peeled(step.target.args[0], {"stored"}))) for step in (one, other) if step.target.args]  # type: ignore[union-attr]
    return len(tables) == 2 and same(*tables)


def _is_geometric(angle: Term) -> bool:
    """The angle contains `exp(log(base) * arange)` or `base ** arange`."""
    for term in walk(angle):
        if term.head == "exp" and any(one.head == "log" for one in walk(term)) and _has_range(term):
            return True
        if term.head == "pow" and _has_range(term.args[1]) and not any(number(a) == 2 for a in term.args):
            return True
    return False


def _has_range(term: Term) -> bool:
    return any(one.head in ("arange", "linspace") for one in walk(term))


def is_learned_position(program: Program, reading: Reading) -> Iterator[Match]:
    """An embedding of a range of positions, or a learned table added to a sequence."""
    for term in reading.walked:
        if term.head == "embedding" and term.args and _is_positions(term.args[0]):
            made = held(term) if term.definition is None else term.definition
            holes = [("n", made.keyword("num_embeddings")), ("d", made.keyword("embedding_dim"))]
            third = _third_table(reading, term)
            form = "embedding_of_range" if third is None else "one_of_three_tables"
            filled = (("P", layer(term)), *holes, ("S", third))
            yield Match(term, tuple((k, v) for k, v in filled if v is not None), (term,), form)
        elif term.head == "add":
            yield from _added_tables(term)


def _third_table(reading: Reading, positions: Term) -> Term | None:
    """The embedding that is added to those of tokens and positions: what it looks up is neither."""
    for total in reading.walked:
        if total.head == "add" and any(same(part, positions) for part in total.args):
            others = [part for part in total.args if part.head == "embedding" and not same(part, positions)]
            if len(others) > 1:
                return layer(others[-1])
    return None


def _is_positions(term: Term) -> bool:
    """A range, or a stored one cut to length."""
    for one in peeled(term, _RESHAPED):
        if one.head == "arange":
            return True
        if one.head == "attr" and one.definition is not None:
            return any(d.head == "arange" for d in peeled(one.definition, _RESHAPED))
    return False


def _added_tables(total: Term) -> Iterator[Match]:
    for part in total.args:
        for one in peeled(part, _RESHAPED):
            data = parameter_data(one) if is_trained(one) else None
            others = [p for p in total.args if p is not part and not contains(p, one)]
            if data is not None and _is_table(data) and any(_is_sequence(o) for o in others):
                yield Match(total, (("P", one),), (total,), "added_parameter")


def is_trained(term: Term) -> bool:
    """A parameter that is not excluded from training."""
    made = next(alternatives(held(term)))
    frozen = made.keyword("requires_grad") if is_parameter(term) else None
    return is_parameter(term) and not (frozen is not None and frozen.payload is False)


def _is_table(data: Term) -> bool:
    """Sizes of a table over positions: at least two axes longer than one."""
    sizes = data.args[0].args if len(data.args) == 1 and data.args[0].head == "tuple" else data.args
    if data.head not in ("rand", "zeros", "mul") or len(sizes) < 2:
        return data.head == "mul" and any(_is_table(part) for part in data.args)
    long = [size for size in sizes if number(size) != 1]
    return len(long) >= 2


def _is_sequence(term: Term) -> bool:
    """Embedded tokens or patches, by what made them."""
    return any(
        one.head in ("embedding", "linear", "cat", "rearrange", "invoke", "layer_norm") or one.head in CONV_HEADS
        for one in peeled(term, SHAPE_HEADS | {"dropout", "gelu", "index", "stored"})
    )


def has_class_token(program: Program, reading: Reading) -> Iterator[Match]:
    """A learned vector, expanded over the batch, put at the head of the sequence."""
    for term in reading.walked:
        parts = term.args[0].args if term.head == "cat" and term.args and term.args[0].head == "tuple" else ()
        if len(parts) < 2 or number(term.keyword("dim")) != 1:
            continue
        token = next((one for one in peeled(parts[0], _RESHAPED | {"einops_repeat"}) if is_parameter(one)), None)
        if token is not None and _is_single_vector(token) and not any(is_parameter(p) for p in parts[1:]):
            yield Match(term, (("t", token),), (term,), "prepended_parameter")


def _is_single_vector(token: Term) -> bool:
    data = parameter_data(token)
    if data is None:
        return False
    sizes = data.args[0].args if len(data.args) == 1 and data.args[0].head == "tuple" else data.args
    if data.head == "mul":
        return any(part.head in ("rand", "zeros") and _long_axes(part) == 1 for part in data.args)
    return data.head in ("rand", "zeros") and len([s for s in sizes if not _is_at_most_one(s)]) == 1


def _long_axes(data: Term) -> int:
    sizes = data.args[0].args if len(data.args) == 1 and data.args[0].head == "tuple" else data.args
    return len([s for s in sizes if not _is_at_most_one(s)])


def _is_at_most_one(size: Term) -> bool:
    """1, or a setting that chooses between one and none: `1 if pool == "cls" else 0`."""
    chosen = [number(one) for one in alternatives(held(size))]
    return 1.0 in chosen and set(chosen) <= {0.0, 1.0}


def is_patch_embedding(program: Program, reading: Reading) -> Iterator[Match]:
    """Non-overlapping patches, each mapped to a vector: a strided convolution, or a fold and a linear map."""
    for term in reading.walked:
        if term.head in CONV_HEADS and _is_patchifying(term):
            size = term.keyword("kernel_size")
            if size is not None and _is_flattened(reading, term):
                yield Match(term, (("p", size), ("d", term.keyword("out_channels") or term)), (term,), "convolution")
        elif term.head == "linear" and term.args and (fold := _patch_fold(term.args[0])) is not None:
            size = term.keyword("out_features")
            yield Match(fold, (("d", size),) if size is not None else (), (fold, term), "fold_and_linear")


def _is_patchifying(term: Term) -> bool:
    size, stride = term.keyword("kernel_size"), term.keyword("stride")
    known = size is not None and stride is not None and same(size, stride)
    taken, made = term.keyword("in_channels"), term.keyword("out_channels")
    if taken is not None and made is not None and same(taken, made):
        return False  # a map that keeps its channels is made smaller, not embedded
    return known and (number(size) is None or (number(size) or 0) >= 4)


def _is_flattened(reading: Reading, conv: Term) -> bool:
    """The feature map becomes a sequence: flatten and transpose, or a rearrangement."""
    for term in reading.walked:
        if term.head in ("transpose", "mT", "permute") and any(
            one.head in ("flatten", "reshape", "view") and any(same(p, conv) for p in peeled(one, SHAPE_HEADS))
            for one in peeled_all(term, SHAPE_HEADS | {"mT"})
        ):
            return True
        if term.head == "rearrange" and any(same(one, conv) for one in peeled(term, SHAPE_HEADS)):
            text = text_argument(term, "pattern") or ""
            return bool(re.search(r"->.*\(\s*\w+\s+\w+\s*\)", text))
    return False


def _patch_fold(term: Term) -> Term | None:
    """`b c (h p1) (w p2) -> b (h w) (p1 p2 c)` below an optional norm."""
    for one in below(term, lambda t: t.head not in ("layer_norm", "rearrange")):
        if one.head == "rearrange" and (text := text_argument(one, "pattern")) is not None and "->" in text:
            left, right = text.split("->")
            inner = [group.split()[-1] for group in re.findall(r"\(([^)]*)\)", left) if len(group.split()) == 2]
            last = re.findall(r"\(([^)]*)\)\s*$", right)
            if len(inner) >= 2 and last and set(inner) <= set(last[0].split()):
                return one
    return None
