"""The formula of the form at hand, where it differs from the sheet's: a norm without shift, GELU by tanh, scores
without scale. Says nothing where the code leaves the form open.
"""

from __future__ import annotations

from collections.abc import Callable

from analyzer.techniques.containers import held
from analyzer.techniques.patterns import Match
from analyzer.techniques.predicates.basics import peeled
from analyzer.techniques.terms import SHAPE_HEADS, Term, alternatives, number, walk

_MEAN_SQUARE = r"\frac{1}{d}\sum_{i} x_i^2"
_MEAN = r",\qquad \mu = \frac{1}{d}\sum_{i} x_i,"
_STATISTICS = _MEAN + r"\quad \sigma^2 = \frac{1}{d}\sum_{i}(x_i - \mu)^2"
_UNBIASED = _MEAN + r"\quad \sigma^2 = \frac{1}{d - 1}\sum_{i}(x_i - \mu)^2"
_LAYER = r"y = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}"
_GELU = r"y = W_2\,\mathrm{GELU}(W_1 x),\qquad \mathrm{GELU}(z) = "
_TURN = (
    r"\begin{pmatrix} x'_{i} \\ x'_{i+d/2} \end{pmatrix} = \begin{pmatrix} \cos m\theta_i & -\sin m\theta_i \\"
    r" \sin m\theta_i & \cos m\theta_i \end{pmatrix} \begin{pmatrix} x_{i} \\ x_{i+d/2} \end{pmatrix},"
    r"\qquad \theta_i = b^{-2i/d}"
)


def formula_of(sheet: str, match: Match) -> str | None:
    """The formula of a match, None where the sheet's own holds."""
    rule = _FORMS.get(sheet)
    return rule(match) if rule is not None else None


def _rms_norm(match: Match) -> str | None:
    gain = dict(match.holes).get("w")
    notes = {note for note, _ in match.notes}
    factor = r"(1 + \gamma)" if gain is not None and gain.head == "add" else r"\gamma"
    if _is_off(match.root, "elementwise_affine"):
        return rf"y = \frac{{x}}{{\sqrt{{{_MEAN_SQUARE} + \epsilon}}}}"
    if "eps_of_unit_vector" in notes:
        unit = r"y = \sqrt{d}\,\frac{x}{\lVert x \rVert_2}"
        return unit if len(match.root.args) == 2 else unit + r" \odot \gamma"
    if "eps_outside_root" in notes:
        return rf"y = \frac{{x}}{{\sqrt{{{_MEAN_SQUARE}}} + \epsilon}} \odot {factor}"
    if "no_eps" in notes:
        return rf"y = \frac{{x}}{{\sqrt{{{_MEAN_SQUARE}}}}} \odot {factor}"
    whole = rf"y = \frac{{x}}{{\sqrt{{{_MEAN_SQUARE} + \epsilon}}}} \odot {factor}"
    return whole if gain is not None and gain.head == "add" else None


def _layer_norm(match: Match) -> str | None:
    root = match.root
    if root.label == "torch.nn.LayerNorm":
        if _is_off(root, "elementwise_affine"):
            return _LAYER + _STATISTICS
        return _LAYER + r" \odot \gamma" + _STATISTICS if _is_off(root, "bias") else None
    if root.head == "layer_norm" and root.label == "torch.nn.functional.layer_norm":
        weight, bias = _is_absent(root.keyword("weight")), _is_absent(root.keyword("bias"))
        if weight and bias:
            return _LAYER + _STATISTICS
        return _LAYER + r" \odot \gamma" + _STATISTICS if bias else None
    return _written_layer_norm(match)


def _written_layer_norm(match: Match) -> str:
    """Where the small constant stands, which variance, what is learned: as the code has it."""
    notes, holes = {note for note, _ in match.notes}, dict(match.holes)
    outside = r"y = \frac{x - \mu}{\sigma + \epsilon}"
    learned = (r" \odot \gamma" if "w" in holes else "") + (r" + \beta" if "b" in holes else "")
    spread = _UNBIASED if "unbiased_spread" in notes else _STATISTICS
    return (outside if "eps_outside_root" in notes else _LAYER) + learned + spread


def _is_off(term: Term, name: str) -> bool:
    given = term.keyword(name)
    return given is not None and given.payload is False


def _is_absent(term: Term | None) -> bool:
    """Not given, or certainly `None`."""
    if term is None:
        return True
    options = [held(one) for one in alternatives(held(term))]
    return all(one.head == "const" and one.payload is None for one in options)


def _batch_norm(match: Match) -> str | None:
    return r"y = \frac{x - \mu_B}{\sqrt{\sigma_B^2 + \epsilon}}" if _is_off(match.root, "affine") else None


def _group_norm(match: Match) -> str | None:
    return r"y = \frac{x - \mu_G}{\sqrt{\sigma_G^2 + \epsilon}}" if _is_off(match.root, "affine") else None


def _gelu(match: Match) -> str | None:
    notes = {note for note, _ in match.notes}
    if "gelu_by_tanh" in notes:
        return _GELU + r"\tfrac{1}{2} z\left(1 + \tanh\left(\sqrt{2/\pi}\,(z + 0.044715\,z^3)\right)\right)"
    return _GELU + r"z\,\sigma(1.702\,z)" if "gelu_by_sigmoid" in notes else None


def _attention(match: Match) -> str | None:
    bare = any(note == "no_scale" for note, _ in match.notes)
    return r"\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\left(Q K^{\top}\right) V" if bare else None


def _rotary(match: Match) -> str | None:
    """Halves are turned against each other, not neighbours: two parts of a split, joined end to end."""
    joined = match.evidence[1] if match.form == "half_split" and len(match.evidence) == 2 else match.root
    inner = next(peeled(joined, SHAPE_HEADS))
    parts = inner.args[0].args if inner.head == "cat" and inner.args and inner.args[0].head == "tuple" else ()
    return _TURN if match.form in ("half_split", "pairs") and len(parts) == 2 else None


def _warm_up(match: Match) -> str | None:
    """`t + 1` above, `w + 1` below, as the code has them."""
    holes = dict(match.holes)
    quotient = next((t for t in walk(match.root) if t.head == "div" and len(t.args) == 2), None)
    if quotient is None or "t" not in holes or "w" not in holes:
        return None
    top, bottom = quotient.args
    factors = top.args if top.head == "mul" else (top,)
    above = any(_is_raised(one, holes["t"]) for one in factors)
    below = _is_raised(bottom, holes["w"])
    if not above and not below:
        return None
    return rf"\eta_t = \eta\,\frac{{{'t + 1' if above else 't'}}}{{{'w + 1' if below else 'w'}}}\quad (t < w)"


def _is_raised(term: Term, value: Term) -> bool:
    """`value + 1`."""
    plus = term.head == "add" and len(term.args) == 2 and any(number(arg) == 1 for arg in term.args)
    return plus and any(arg.digest == value.digest for arg in term.args)


def _penalty(match: Match) -> str | None:
    """The norm itself is penalised, not its distance from a target."""
    base = match.root.args[0]
    aimed = base.head == "add" and any(part.head == "norm" for part in base.args)
    return None if aimed else r"L = \lambda\,\mathbb{E}_{x}\left[\lVert \nabla_{x} D(x) \rVert_2^2\right]"


def _positions(match: Match) -> str | None:
    return r"h_t = E_{w_t} + P_t + S_{s_t}" if match.form == "one_of_three_tables" else None


def _guidance(match: Match) -> str | None:
    """The step goes on from the prediction with the condition, not from the one without."""
    beyond = match.form == "beyond_the_condition"
    return r"\hat\varepsilon = \varepsilon_c + s\,(\varepsilon_c - \varepsilon_u)" if beyond else None


_FORMS: dict[str, Callable[[Match], str | None]] = {
    "batch_norm": _batch_norm,
    "classifier_free_guidance": _guidance,
    "gelu_ffn": _gelu,
    "gradient_penalty": _penalty,
    "group_norm": _group_norm,
    "layer_norm": _layer_norm,
    "learned_position_embedding": _positions,
    "linear_warmup": _warm_up,
    "rms_norm": _rms_norm,
    "rotary_position_embedding": _rotary,
    "scaled_dot_product_attention": _attention,
}
