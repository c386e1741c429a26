"""Names of sizes: what is printed must hold at values that took no part in choosing it."""

import ast
import math
from dataclasses import replace

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from analyzer.evaluator.dims import DimNamer, source_forms
from analyzer.evaluator.handing import divided_names
from analyzer.evaluator.probes import ProbeRules, Relations, draw_probes, find_relations

NANO = {"B": 2, "T": 16, "n_head": 12, "n_embd": 768, "block_size": 1024, "vocab_size": 50304, "n_layer": 12}
NANO_SOURCE = ast.parse("""
assert config.n_embd % config.n_head == 0
for _ in range(config.n_layer): pass
self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
self.c_fc = nn.Linear(config.n_embd, 4 * config.n_embd)
k = k.view(B, T, self.n_head, C // self.n_head)
""")
VIT = {"B": 2, "H": 64, "W": 96, "patch": 8, "dim": 48, "heads": 6, "channels": 3}
VIT_SOURCE = ast.parse("n = (H // patch) * (W // patch)\nx = torch.cat([cls, x]) ; m = num_patches + 1 ; dim % heads")


def namer(base, source, number=4, rules=None):
    """Probes near the base, and the two far ones that a source without further demands accepts."""
    relations = find_relations([source], base)
    rules = rules or ProbeRules()
    far = [draw_probes(base, relations, replace(rules, span=span), 1)[0] for span in ("small", "large")]
    runs = [base, *draw_probes(base, relations, rules, number), *(far if number > 1 else ())]
    return DimNamer(runs, source_forms([source]))


def name(which, size, local=()):
    return which.name(tuple(size(**run) for run in which.runs), local)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (lambda B, **_: B, "B"),
        (lambda n_embd, **_: 3 * n_embd, "3*n_embd"),
        (lambda n_embd, n_head, **_: n_embd // n_head, "n_embd//n_head"),
        (lambda n_head, **_: n_head, "n_head"),
        (lambda vocab_size, **_: vocab_size, "vocab_size"),
        (lambda B, T, **_: B * T, "B*T"),
        (lambda n_layer, **_: n_layer, None),
        (lambda **_: 64, None),
        (lambda n_embd, **_: math.ceil(n_embd * math.pi / 64) * 64, None),
        (lambda vocab_size, **_: 64 * ((vocab_size + 63) // 64), None),
    ],
)
def test_a_size_of_a_gpt_is_named_by_the_sources_own_arithmetic(size, text):
    assert name(namer(NANO, NANO_SOURCE), size) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (lambda H, W, patch, **_: (H // patch) * (W // patch), "(H//patch)*(W//patch)"),
        (lambda H, W, patch, **_: (H // patch) * (W // patch) + 1, "(H//patch)*(W//patch) + 1"),
        (lambda H, patch, **_: H // patch, "H//patch"),
        (lambda dim, heads, **_: dim // heads, "dim//heads"),
    ],
)
def test_patches_of_an_image_are_named(size, text):
    assert name(namer(VIT, VIT_SOURCE), size) == text


@pytest.mark.parametrize(("fixed", "text"), [(32, "(image//patch)**2"), (2, None)])
def test_an_exponent_is_doubted_only_where_a_name_that_stays_is_equal_to_it(fixed, text):
    values = [(224, 16), (118, 6), (142, 22), (122, 10), (146, 26), (37, 3), (46, 2)]
    runs = [{"image": image, "patch": patch, "width": fixed} for image, patch in values]
    sizes = tuple((image // patch) ** 2 for image, patch in values)
    assert DimNamer(runs, ()).name(sizes) == text


def test_a_strided_convolution_gets_the_name_that_holds_for_odd_sizes():
    which = namer({"B": 2, "H": 32, "W": 32}, ast.parse(""))
    assert name(which, lambda H, **_: (H - 1) // 2 + 1) == "(H - 1)//2 + 1"
    assert name(which, lambda W, **_: W // 2) == "W//2"


def test_two_probes_are_needed():
    assert name(namer(NANO, NANO_SOURCE, number=1), lambda n_embd, **_: n_embd) is None
    which = namer(NANO, NANO_SOURCE, number=3)
    values = [run["n_embd"] for run in which.runs]
    assert which.name((values[0], values[1], None, None)) is None
    assert which.name((values[0], values[1], None, values[3])) == "n_embd"


def test_doublings_prove_nothing():
    runs = [{"D": 8}, {"D": 16}, {"D": 32}, {"D": 64}]
    assert DimNamer(runs, ()).name((8, 16, 32, 64)) is None


def test_of_equal_candidates_the_local_name_wins():
    runs = [{"a": v, "b": v} for v in (6, 7, 11, 13)]
    assert DimNamer(runs, ()).name((6, 7, 11, 13), local={"b"}) == "b"


def test_probes_keep_what_the_source_demands():
    relations = find_relations([NANO_SOURCE], NANO)
    assert relations == Relations(frozenset({"n_head"}), frozenset({"n_layer"}))
    for rules in (ProbeRules(), ProbeRules(twos=2), ProbeRules(twos=32)):
        for probe in draw_probes(NANO, relations, rules, 5):
            assert probe["n_embd"] % probe["n_head"] == 0
            assert (probe["n_embd"] // probe["n_head"]) % rules.twos == 0
            assert probe["T"] <= probe["block_size"]
            assert probe["n_layer"] == 12


@pytest.mark.parametrize(
    ("loop", "counts"),
    [
        ("range(depth + more)", {"depth", "more"}),
        ("range(1, depth)", {"depth"}),
        ("range(2 * depth)", set()),
        ("range(depth - more)", set()),
        ("range(0, depth + more)", set()),
    ],
)
def test_what_range_is_given_says_how_often(loop, counts):
    assert find_relations([ast.parse(loop)], {"depth", "more"}).counts == counts


def test_a_tie_and_a_pin_are_kept():
    rules = ProbeRules(pinned=frozenset({"B"}), tied={"W": "H"})
    for probe in draw_probes({"B": 2, "H": 32, "W": 32}, Relations(), rules, 4):
        assert probe["B"] == 2
        assert probe["H"] == probe["W"] != 32


BASE = {"B": 2, "T": 16, "heads": 8, "dim": 64, "hidden": 256, "groups": 4}
SIZES = [
    "{a}", "{k}*{a}", "{a}*{b}", "{a}//{b}", "{a}//{k}", "{a} + {b}", "{a} + {k}", "abs({a} - {b}) + 1",
    "-(-{a}*22//(7*{m}))*{m}", "({a} + {m} - 1)//{m}*{m}", "int({a}*2.6)", "int({a}*8/3)", "min({a}, {m})",
    "max({a}, {b})", "({a}*{a}) % {m} + 1", "{a} ^ {k}", "round({a}**0.5) + 1", "len(str({a}))", "{a}*{b}//{k}",
]  # fmt: skip
HOLD_OUT_SOURCE = ast.parse(
    "a=3*dim; b=hidden//heads; c=int(8*dim/3); d=dim*heads//2; e=multiple*((dim+multiple-1)//multiple)"
)
names = st.sampled_from(sorted(BASE))


@settings(max_examples=80, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.sampled_from(SIZES), names, names, st.integers(1, 9), st.sampled_from([4, 8, 64, 256]), st.data())
def test_no_printed_name_is_wrong_at_further_values(form, a, b, k, m, data):
    """The hold-out: sizes by formulas that candidates can and cannot express, checked at 20 further points
    in the probed range, where names keep the order of their values (a `max` of two names has a branch)."""
    text = form.format(a=a, b=b, k=k, m=m)

    def size(**values):
        return int(eval(text, {}, values))

    relations = find_relations([HOLD_OUT_SOURCE], BASE)
    twos = data.draw(st.sampled_from([1, 2, 32]))
    rules = ProbeRules(twos_of={"hidden": twos, "dim": twos})
    runs = [BASE, *draw_probes(BASE, relations, rules, 4)]
    sizes = tuple(size(**run) for run in runs)
    printed = DimNamer(runs, source_forms([HOLD_OUT_SOURCE])).name(tuple(s if s > 0 else None for s in sizes))
    if printed is None:
        return
    ranges = {name: (min(run[name] for run in runs), max(run[name] for run in runs)) for name in BASE}
    for _ in range(20):
        values = {name: data.draw(st.integers(low, high)) for name, (low, high) in ranges.items()}
        step = values["heads"] * values["groups"] * twos
        values["hidden"], values["dim"] = step * (values["hidden"] // step + 1), step * (values["dim"] // step + 1)
        if sorted(BASE, key=lambda n: BASE[n]) == sorted(BASE, key=lambda n: values[n]):
            assert eval(printed, {}, values) == size(**values), (text, printed, values)


ROUNDING = """
class FeedForward:
    def __init__(self, dim, multiple_of):
        self.hidden = multiple_of * ((dim + multiple_of - 1) // multiple_of)
"""


@pytest.mark.parametrize(
    ("sizes", "name"),
    [
        ((512, 840, 240, 6776, 7), "dim"),  # the rounding of `multiple_of` to `dim` says the same of these runs
        ((512, 840, 240, 6776, 10), "multiple_of*((dim + multiple_of - 1)//multiple_of)"),
        ((64, 140, 60, 308, 0), "dim//heads"),
    ],
)
def test_a_name_itself_beats_a_form_of_the_source_with_other_names_in_it(sizes, name):
    dims = (512, 840, 240, 6776, 7)
    heads, multiples = (8, 6, 4, 22, 32), (256, 84, 40, 484, 5)
    runs = [{"dim": d, "heads": h, "multiple_of": m} for d, h, m in zip(dims, heads, multiples, strict=True)]
    assert DimNamer(runs, source_forms([ast.parse(ROUNDING)])).name(sizes) == name


IMAGES = """
class Attention:
    def __init__(self, dim, heads):
        assert dim % heads == 0
class Net:
    def __init__(self, image_size, width, n_head):
        self.attention = Attention(width, heads=n_head)
        self.small = image_size // 2
"""


def test_what_the_code_divides_by_no_name_is_a_multiple_by_chance():
    assert divided_names([ast.parse(IMAGES)], ["image_size", "width", "n_head"]) == {"width"}
