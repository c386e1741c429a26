"""Decoding: how the next token is chosen, and what is kept between steps."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analyzer.techniques.frame import Step
from analyzer.techniques.patterns import Match
from analyzer.techniques.predicates.attention import attention_cores
from analyzer.techniques.predicates.basics import is_minus_infinity, is_parameter, peeled
from analyzer.techniques.program import Program, Reading
from analyzer.techniques.terms import SHAPE_HEADS, Term, alternatives, contains, number, same, walk

_LOGIT_STEPS = SHAPE_HEADS | {
    "stored",
    "index",
    "masked_fill",
    "div",
    "softmax",
    "log_softmax",
    "scatter",
    "mul",
    "item",
}


def _draws(reading: Reading) -> list[Term]:
    """Where a token is drawn: `multinomial`, a categorical sample, or the most probable one."""
    return [term for term in reading.walked if term.head == "multinomial" or _is_categorical(term)]


def _is_categorical(term: Term) -> bool:
    made = term.args[0] if term.head == "method" and term.label in ("sample", "rsample") and term.args else None
    return made is not None and made.label in (
        "torch.distributions.Categorical",
        "torch.distributions.categorical.Categorical",
    )


def is_temperature(program: Program, reading: Reading) -> Iterator[Match]:
    """The logits of the last position are divided before a token is drawn."""
    for draw in _draws(reading):
        for term in _logit_path(draw):
            if term.head == "div" and _is_logits(term.args[0]) and not _has_sum(term):
                yield Match(term, (("T", term.args[1]), ("z", term.args[0])), (term,), "logits_divided")


def _logit_path(draw: Term) -> Iterator[Term]:
    """From a draw back along the scores themselves, past masks and selections but not into them."""
    stack, seen = list(draw.children()), set()
    while stack:
        here = stack.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        yield here
        if here.head == "choice":
            stack.extend(here.args)
        elif here.head == "where":
            stack.extend(here.args[1:])
        elif here.head in _LOGIT_STEPS | {"topk", "sort", "call"} and here.args:
            stack.append(here.args[0])
        elif here.head == "call":
            stack.extend(here.children())


def _is_logits(term: Term) -> bool:
    """Neither probabilities nor the product of an attention: scores of the model itself."""
    head = next(peeled(term, SHAPE_HEADS | {"stored", "masked_fill"}))
    return head.head in ("index", "param", "linear", "invoke", "item", "apply", "attr", "method", "element")


def _has_sum(quotient: Term) -> bool:
    """A division by a sum normalises; it is no temperature."""
    return any(one.head in ("sum", "norm", "size", "len") for one in walk(quotient.args[1]))


def is_top_k(program: Program, reading: Reading) -> Iterator[Match]:
    """Logits below the k-th largest are set to minus infinity, or only the k largest are drawn from."""
    for step in reading.steps:
        if step.kind == "store" and is_minus_infinity(step.term) and step.target is not None:
            yield from _below_kth(step.target.args[1] if len(step.target.args) > 1 else step.target, step)
    for term in reading.walked:
        if term.head == "masked_fill" and len(term.args) == 3 and is_minus_infinity(term.args[2]):
            yield from _compared_with_topk(term.args[1], term)
        elif term.head == "where" and len(term.args) == 3 and any(is_minus_infinity(a) for a in term.args[1:]):
            yield from _compared_with_topk(term.args[0], term)


def _below_kth(mask: Term, step: Step) -> Iterator[Match]:
    yield from _compared_with_topk(mask, step.term)


def _compared_with_topk(mask: Term, root: Term) -> Iterator[Match]:
    for test in peeled(mask, SHAPE_HEADS | {"scatter", "invert"}):
        if test.head == "compare" and len(test.args) == 2:
            top = next((one for one in walk(test.args[1]) if one.head == "topk"), None)
            if top is not None:
                k = top.keyword("k")
                yield Match(test, (("k", k),) if k is not None else (), (test, top, root), "below_kth_largest")
                return


def is_top_p(program: Program, reading: Reading) -> Iterator[Match]:
    """The running sum of sorted probabilities is compared with a threshold."""
    for test in reading.walked:
        if test.head != "compare" or len(test.args) != 2 or test.label not in ("Lt", "LtE", "Gt", "GtE"):
            continue
        total = next((one for one in walk(test.args[0]) if one.head == "cumsum"), None)
        if total is not None and _is_sorted_probability(total.args[0]):
            yield Match(test, (("p", test.args[1]),), (test, total), "running_sum")


def _is_sorted_probability(term: Term) -> bool:
    """A softmax that is sorted before or behind, with nothing compared between."""
    chain, here = {term.head}, term
    while here.args and here.head != "compare":
        here = next(alternatives(here.args[0]))
        chain.add(here.head)
    found = {one.head for one in walk(term)}
    return "softmax" in chain and ("sort" in found or "topk" in found or "argsort" in found)


def is_min_p(program: Program, reading: Reading) -> Iterator[Match]:
    """Tokens less probable than a share of the most probable one are dropped."""
    for test in reading.walked:
        if test.head == "compare" and test.label in ("Lt", "LtE") and len(test.args) == 2:
            limit = test.args[1]
            if limit.head == "mul" and _is_probability(test.args[0]) and any(_is_maximum(p) for p in limit.args):
                share = next((p for p in limit.args if not _is_maximum(p)), limit)
                yield Match(test, (("p", share),), (test,), "share_of_maximum")


def _is_probability(term: Term) -> bool:
    return any(one.head == "softmax" for one in peeled(term, SHAPE_HEADS))


def _is_maximum(term: Term) -> bool:
    here = next(peeled(term, SHAPE_HEADS | {"item", "index", "attr"}))
    largest = here.head in ("reduce", "maximum") or (here.head == "method" and here.label == "amax")
    return largest and bool(here.args) and _is_probability(here.args[0])


def is_repetition_penalty(program: Program, reading: Reading) -> Iterator[Match]:
    """Scores of tokens seen before are divided where positive and multiplied where negative."""
    for term in reading.walked:
        if term.head == "where" and len(term.args) == 3 and term.args[0].head == "compare":
            down = next((p for p in term.args[1:] if p.head == "div"), None)
            up = next((p for p in term.args[1:] if p.head == "mul"), None)
            if down is not None and up is not None and any(same(p, down.args[1]) for p in up.args):
                yield Match(term, (("r", down.args[1]), ("z", down.args[0])), (term,), "divided_or_multiplied")
    for step in reading.steps:
        if step.kind == "store" and step.target is not None and step.term.head == "div" and _is_seen(step):
            yield Match(
                step.term, (("r", step.term.args[1]),), (step.term,), "divided", (("penalty_divides_only", ()),)
            )


def _is_seen(step: Step) -> bool:
    """`logits[i, unique(tokens[i])] /= r`."""
    assert step.target is not None
    return same(step.term.args[0], step.target) and any(one.head == "unique" for one in walk(step.target))


def is_greedy(program: Program, reading: Reading) -> Iterator[Match]:
    """The most probable token of the last position is appended to the sequence."""
    for term in _appended(reading):
        for one in walk(term):
            if _is_most_probable(one) and _is_token_score(one.args[0]):
                yield Match(one, (("z", one.args[0]),), (one, term), "most_probable")


def _is_token_score(term: Term) -> bool:
    """Scores that a model made, not a count or mask."""
    here = next(peeled(term, _LOGIT_STEPS | {"item"}))
    return here.head in ("index", "param", "linear", "invoke", "apply", "attr", "method", "stored", "element")


def _appended(reading: Reading) -> Iterator[Term]:
    """`cat([sequence, next], …)` inside a loop or function that decodes."""
    for term in reading.walked:
        parts = term.args[0].args if term.head == "cat" and term.args and term.args[0].head == "tuple" else ()
        if len(parts) == 2:
            yield parts[1]


def _is_most_probable(term: Term) -> bool:
    if term.head == "argmax":
        return bool(term.args)
    return term.head == "topk" and number(term.keyword("k")) == 1


def is_beam_search(program: Program, reading: Reading) -> Iterator[Match]:
    """Running sums of log-probabilities of several continuations are kept and sorted."""
    for top in reading.walked:
        if top.head != "topk" or not top.args or number(top.keyword("k")) == 1:
            continue
        if not any(one.head == "log_softmax" for one in walk(top)):
            continue
        sums = [t for t in reading.walked if t.head == "add" and any(_draws_from(a, top) for a in t.args)]
        if sums:
            k = top.keyword("k")
            yield Match(top, (("k", k),) if k is not None else (), (top, sums[0]), "summed_log_probabilities")
            return


def _draws_from(term: Term, top: Term) -> bool:
    return any(same(one, top) for one in walk(term))


def has_key_cache(program: Program, reading: Reading) -> Iterator[Match]:
    """Keys and values of earlier steps are joined with the new ones before attention."""
    for core in attention_cores(reading):
        key = next((t for t in walk(core.key) if _extends_past(t)), None)
        value = next((t for t in walk(core.value) if _extends_past(t)), None)
        if key is not None and value is not None and not same(key, value):
            yield Match(key, (("k", key), ("v", value)), (key, value), "joined_with_past")
    yield from _growing_stores(reading)
    yield from _written_stores(reading)


def _extends_past(term: Term) -> bool:
    """`cat([past, new], time)` where the past is handed in or kept, and the new part is projected."""
    parts = term.args[0].args if term.head == "cat" and term.args and term.args[0].head == "tuple" else ()
    if len(parts) != 2:
        return False
    past, new = parts
    given = any(one.head in ("param", "attr") for one in peeled(past, SHAPE_HEADS | {"index", "item"}))
    computed = any(one.head in ("linear", "invoke") for one in walk(new))
    return (
        given
        and computed
        and not any(one.head in ("linear", "invoke") for one in walk(past))
        and not is_parameter(next(peeled(past, SHAPE_HEADS | {"index", "item"})))
    )


def _growing_stores(reading: Reading) -> Iterator[Match]:
    """`cache[key] = cat([cache[key], new])`."""
    for step in reading.steps:
        if step.kind != "store" or step.target is None:
            continue
        for one in (w for option in alternatives(step.term) for w in walk(option)):
            parts = one.args[0].args if one.head == "cat" and one.args and one.args[0].head == "tuple" else ()
            if len(parts) == 2 and same(parts[0], step.target) and not contains(parts[1], step.target):
                yield Match(one, (("k", step.target),), (one,), "stored_per_module")


def _written_stores(reading: Reading) -> Iterator[Match]:
    """Rows are written into two buffers of the object, and slices of both are given back or attended to."""
    written = {
        s.target.args[0].digest: s for s in reading.steps if s.kind == "store" and s.target and _is_row(s.target)
    }
    if len(written) < 2:
        return
    used = [*reading.returns, *(part for core in attention_cores(reading) for part in (core.key, core.value))]
    read = {one.args[0].digest: one for one in walk(*used) if _is_row(one) and one.args[0].digest in written}
    if len(read) >= 2:
        rows = [(written[digest].target, one) for digest, one in read.items()]
        holes = tuple((name, one) for name, (_, one) in zip("kv", rows, strict=False))
        evidence = tuple(term for target, one in rows for term in (target, one) if term is not None)
        yield Match(evidence[0], holes, evidence, "written_in_place")


def _is_row(term: Term) -> bool:
    """A slice of a buffer that belongs to the object."""
    if term.head != "index" or len(term.args) != 2 or term.args[0].head != "attr":
        return False
    owned = bool(term.args[0].args) and term.args[0].args[0].head == "self"
    return owned and any(one.head == "slice" and one.args[1].head != "const" for one in walk(term.args[1]))


def is_streaming(program: Program, reading: Reading) -> Iterator[Match]:
    """A generator hands out tokens while its loop decodes."""
    drawn = _draws(reading) or [t for t in _appended(reading) if any(_is_most_probable(o) for o in walk(t))]
    for step in reading.steps if drawn else ():
        if step.kind == "yield" and step.loops:
            here = Term("yield", (step.term,), path=step.path, node=step.node)
            yield Match(here, (("w", step.term),), (here,), "generator")
            return


def has_streamer(program: Program, reading: Reading) -> Iterator[Match]:
    """A streamer object is handed each token: `streamer.put(token)` in the decoding loop."""
    if not _draws(reading) or not isinstance(reading.node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return
    for step in reading.steps:
        term = step.term
        if term.head == "method" and term.label == "put" and step.loops and term.args[0].head == "param":
            yield Match(term, (("s", term.args[0]),), (term,), "streamer")
            return
