"""Which positions attention sees and how far they count: bands, windows, distances; and keys from a narrow latent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.techniques.patterns import Match, find_matches, parse_pattern
from analyzer.techniques.predicates.attention import PRODUCTS, Core, attention_cores, leads_to, match_of
from analyzer.techniques.predicates.basics import (
    NORM_HEADS,
    below,
    is_parameter,
    peeled,
    text_argument,
    walk_definitions,
)
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, contains, number, same, walk

_WINDOWED = ("flash_attn.flash_attn_func", "flash_attn.flash_attn_varlen_func", "flash_attn.flash_attn_with_kvcache",
             "flash_attn.flash_attn_interface.flash_attn_func",
             "flash_attn.flash_attn_interface.flash_attn_varlen_func")  # fmt: skip
_PARTS = NORM_HEADS | SHAPE_HEADS | {"item", "index", "split", "chunk", "dropout", "identity"}


# ---- keys and values from a narrow latent


def has_latent_keys(program: Program, reading: Reading) -> Iterator[Match]:
    """Keys and values are projected up from one narrow projection of the input, which the queries do not use."""
    for core in attention_cores(reading):
        for up, down in _raised(core.key):
            if any(same(down, other) for _, other in _raised(core.value)) and _is_beside_queries(core, down):
                yield Match(core.root, (("c", down), ("k", up)), (down, up, core.root), "shared_narrow_projection")
                break


def _raised(side: Term) -> Iterator[tuple[Term, Term]]:
    """(up, down) of every linear map of a linear map, with at most a norm or a split between."""
    for up in walk(side):
        if up.head == "linear" and up.args:
            for one in _through(up.args[0]):
                if one.head == "linear" and one.args:
                    yield up, one


def _through(term: Term) -> Iterator[Term]:
    """Past norms and splits, a norm of the repository's own being a module of one operand."""
    for one in peeled(term, _PARTS):
        if one.head == "invoke" and len(one.args) == 1:
            yield from peeled(one.args[0], _PARTS)
        elif one.head == "mul":
            yield from (inner for part in one.args for inner in peeled(part, _PARTS))
        else:
            yield one


def _is_beside_queries(core: Core, down: Term) -> bool:
    """The latent is made from the queries' own input, and the queries are not."""
    return not contains(core.query, down) and contains(core.query, down.args[0])


# ---- bands


def has_sliding_window(program: Program, reading: Reading) -> Iterator[Match]:
    """A position sees a fixed number of neighbours: a band in the mask, or the kernel's own window."""
    for core in attention_cores(reading):
        for mask in _masks(core):
            limit = _band(mask)
            if limit is not None:
                yield match_of(core, "band_in_mask", ("w", limit), ("m", mask))
                break
    for label in _WINDOWED:
        for term in reading.called.get(label, ()):
            window = term.keyword("window_size")
            if window is not None and not all(number(side) == -1 for side in window.args or (window,)):
                yield Match(term, (("w", window),), (term,), "kernel_window")
    yield from _made_bands(reading)


def _masks(core: Core) -> Iterator[Term]:
    if core.scores is None:
        mask = core.root.keyword("attn_mask")
        if mask is not None:
            yield mask
        return
    for term in below(core.scores, lambda t: t.head in PRODUCTS):
        if term.head == "masked_fill":
            yield term.args[1]
        elif term.head == "where":
            yield term.args[0]
        elif term.head == "add":
            yield from (part for part in term.args if not leads_to(part, core.product))


def _band(mask: Term) -> Term | None:
    """The width of a band: two triangles, one of them shifted, or a distance held against a bound."""
    terms = list(walk_definitions(mask))
    lower = [t.keyword("diagonal") for t in terms if t.head == "tril"]
    upper = [t.keyword("diagonal") for t in terms if t.head == "triu"]
    if lower and upper:
        return next((d for d in (*upper, *lower) if d is not None and not _is_near(d)), None)
    return next((limit for t in terms if (limit := _bound_of_distance(t)) is not None), None)


def _is_near(diagonal: Term) -> bool:
    value = number(diagonal)
    return value is not None and abs(value) <= 1


def _bound_of_distance(test: Term) -> Term | None:
    """`w` of `i - j < w` where both are ranges of positions."""
    if test.head != "compare" or test.label not in ("Lt", "LtE", "Gt", "GtE") or len(test.args) != 2:
        return None
    for distance, limit in (test.args, test.args[::-1]):
        if _is_distance(distance) and not _is_near(limit) and not any(t.head == "arange" for t in walk(limit)):
            return limit
    return None


def _is_distance(term: Term) -> bool:
    """The difference of two ranges laid across each other, its sign kept or not."""
    for one in peeled(term, SHAPE_HEADS | {"abs", "index"}):
        if one.head == "add" and len(one.args) == 2 and any(part.head == "neg" for part in one.args):
            sides = [part.args[0] if part.head == "neg" else part for part in one.args]
            if all(any(_is_range(o) for o in peeled(side, SHAPE_HEADS | {"index", "add"})) for side in sides):
                return True
    return False


def _is_range(term: Term) -> bool:
    return term.head == "arange" or (term.definition is not None and term.definition.head == "arange")


def _made_bands(reading: Reading) -> Iterator[Match]:
    """A mask of both bounds made for use elsewhere: `(d >= 0) & (d < w)`."""
    for term in reading.walked:
        if term.head in ("bitand", "and") and len(term.args) == 2:
            tests = [one for one in term.args if one.head == "compare" and len(one.args) == 2]
            limit = next((b for t in tests if (b := _bound_of_distance(t)) is not None), None)
            if len(tests) == 2 and limit is not None and any(_is_order(t) for t in tests):
                yield Match(term, (("w", limit),), (term,), "band_made")


def _is_order(test: Term) -> bool:
    """`i >= j`, or their difference held against nought."""
    ranges = all(any(_is_range(o) for o in peeled(side, SHAPE_HEADS | {"index"})) for side in test.args)
    return ranges or any(_is_distance(side) and number(other) == 0 for side, other in (test.args, test.args[::-1]))


# ---- distances


_SLOPES = (
    "2 ** (-(2 ** -(math.log2(__n__) - 3)))",
    "2 ** (-2 ** -(math.log2(__n__) - 3))",
    "1.0 / torch.pow(2, torch.arange(1, __any_h__) * (__any_c__ / __n__))",
    "1.0 / torch.pow(2, torch.arange(1, __any_h__) * __any_c__ / __n__)",
    "2 ** (torch.arange(1, __any_h__) * (-8 / __n__))",
    "2 ** (-8 * torch.arange(1, __any_h__) / __n__)",
    "torch.pow(2, -torch.arange(1, __any_h__) * 8 / __n__)",
)


def has_distance_bias(program: Program, reading: Reading) -> Iterator[Match]:
    """Scores fall in proportion to the distance, with a slope per head that is not learned."""
    for core in attention_cores(reading):
        for term in below(core.scores, lambda t: t.head in PRODUCTS) if core.scores is not None else ():
            if term.head == "add":
                for part in term.args:
                    product = None if leads_to(part, core.product) else _slope_times_distance(part)
                    if product is not None:
                        yield Match(term, (("b", part),), (term, product), "slope_times_distance")
    for source in _SLOPES:
        pattern = parse_pattern(source)
        for match in find_matches(pattern, iter(t for t in reading.walked if t.head == pattern.head)):
            holes = tuple(pair for pair in match.holes if pair[0] == "n")
            yield Match(match.root, holes, (match.root,), "slopes")


def _slope_times_distance(addend: Term) -> Term | None:
    for term in walk_definitions(addend):
        if term.head == "mul" and any(_holds_distance(part) for part in term.args):
            slopes = [part for part in term.args if not _holds_distance(part)]
            if slopes and all(_is_geometric(part) for part in slopes):
                return term
    return None


def _holds_distance(term: Term) -> bool:
    terms = list(walk_definitions(term))
    return any(t.head == "arange" for t in terms) and not any(t.head == "pow" for t in terms)


def _is_geometric(term: Term) -> bool:
    """Powers of a base, and no parameter."""
    terms = list(walk_definitions(term))
    return any(t.head == "pow" for t in terms) and not any(is_parameter(t) for t in terms)


# ---- windows of an image


def has_window_partition(program: Program, reading: Reading) -> Iterator[Match]:
    """An image is cut into windows that become the batch: by view and permutation, or by a rearrangement around an
    attention.
    """
    for term in reading.walked:
        if term.head in ("view", "reshape") and term.args and (found := _partition(term)) is not None:
            source, side = found
            yield Match(term, (("x", source), ("w", side)), (term, term.args[0]), "partition")
    if not attention_cores(reading):
        return
    for term in reading.walked:
        text = text_argument(term, "pattern") if term.head == "rearrange" else None
        name = _rearranged_window(text) if text is not None and not _is_behind_attention(term) else None
        if name is not None:
            given = term.keyword(name)
            holes = (("x", term.args[0]), *((("w", given),) if given is not None else ()))
            yield Match(term, holes, (term,), "rearranged")


def _is_behind_attention(term: Term) -> bool:
    """What attention gave is folded back: the same rearrangement the other way round."""
    return any(one.head in ("softmax", "sdpa") for one in walk(term.args[0]))


def _partition(merged: Term) -> tuple[Term, Term] | None:
    """(image, side) of `x.view(b, h // w, w, k // w, w, c).permute(0, 1, 3, 2, 4, 5).view(-1, …, c)`."""
    moved = merged.args[0]
    order = [number(arg) for arg in _spread(moved.args[1:])] if moved.head == "permute" and moved.args else []
    cut = moved.args[0] if order == [0, 1, 3, 2, 4, 5] else None
    sizes, after = (_spread(cut.args[1:]) if cut is not None else ()), _spread(merged.args[1:])
    if cut is None or cut.head not in ("view", "reshape") or len(sizes) != 6 or len(after) < 3:
        return None
    sides = [(sizes[1], sizes[2]), (sizes[3], sizes[4])]
    divided = all(count.head == "floordiv" and same(count.args[1], side) for count, side in sides)
    joined = not same(after[0], sizes[0]) and not any(part.head == "floordiv" for part in after)
    return (cut.args[0], sizes[2]) if divided and joined and same(after[-1], sizes[5]) else None


def _spread(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    return terms[0].args if len(terms) == 1 and terms[0].head == "tuple" else terms


def _rearranged_window(text: str) -> str | None:
    """The name of a window's side: the inner names of two groups stay together behind the batch."""
    if text.count("->") != 1:
        return None
    left, right = text.split("->")
    pairs = [group.split() for group in re.findall(r"\(([^)]*)\)", left) if len(group.split()) == 2]
    if len(pairs) < 2 or left.split()[0].startswith("("):
        return None
    outer, inner = {pair[0] for pair in pairs[:2]}, [pair[1] for pair in pairs[:2]]
    groups = [group.split() for group in re.findall(r"\(([^)]*)\)", right)]
    batch = left.split()[0]
    if any({batch, *outer} == set(group) for group in groups):
        alone = re.sub(r"\([^)]*\)", " ", right).split()
        return inner[0] if all(name in alone for name in inner) or sorted(inner) in map(sorted, groups) else None
    last = [group for group in groups if sorted(group) == sorted(inner)]
    joined = any(set(group) == outer for group in groups)
    return inner[0] if last and joined and right.rindex("(" + " ".join(last[0])) > _place(right, outer) else None


def _place(right: str, names: set[str]) -> int:
    found = [m.start() for m in re.finditer(r"\(([^)]*)\)", right) if set(m.group(1).split()) == names]
    return found[0] if found else -1
