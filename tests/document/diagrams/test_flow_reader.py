"""What flows where in a `forward`: followed from name to name, only through lines that ran."""

from __future__ import annotations

import ast
from dataclasses import replace
from textwrap import dedent
from types import SimpleNamespace

import pytest

from analyzer.document.diagrams.details import _residual, _skips
from analyzer.document.diagrams.flow import Edge, Flow, Step, folded, inline, without_functions
from analyzer.document.diagrams.flow_reader import Forward, read_flow
from analyzer.records.source import Span
from analyzer.records.tensors import Dim, ModuleCall, ModuleRecord, ShapeRow, ShapeTarget, TensorSpec

X = TensorSpec((Dim(2, "B"), Dim(8, "C")), "float32")


def forward(source: str, modules: str = "", skipped: tuple[int, ...] = ()) -> Forward:
    """The function as if every line ran but those skipped, for a module with these children."""
    tree = ast.parse(dedent(source).strip())
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    rows = {}
    for node in ast.walk(function):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.Return, ast.FunctionDef)) and node.lineno not in skipped:
            rows[node.lineno] = ShapeRow(
                Span("m.py", node.lineno, node.lineno), "", "", ("",), "M", "M.forward", 1, tuple(targets(node))
            )
    records = {"": ModuleRecord("", "M", 0)}
    for item in modules.split():
        path, _, name = item.partition(":")
        records[path] = ModuleRecord(path, name or "Linear", 10, calls=(ModuleCall((X,), (X,)),))
    return Forward("", function, "m.py", rows, records)


def targets(node: ast.stmt):
    match node:
        case ast.FunctionDef(args=arguments):
            names = [argument.arg for argument in arguments.args[1:]]
        case ast.Return():
            names = ["return"]
        case ast.Assign(targets=[ast.Tuple(elts=elements)]):
            names = [ast.unparse(element) for element in elements]
        case ast.Assign(targets=[target]) | ast.AugAssign(target=target):
            names = [ast.unparse(target)]
    return [ShapeTarget(name, (X,)) for name in names]


def arrows(flow: Flow) -> set[tuple[str, str]]:
    labels = {step.id: step.label for step in flow.steps}
    return {(labels[edge.source], labels[edge.target]) for edge in flow.edges}


@pytest.mark.parametrize(
    ("source", "modules", "expected"),
    [
        (
            "def forward(self, x):\n for one in self.blocks:\n  x = one.forward(x)\n return x",
            "blocks:ModuleList blocks.0 blocks.1",
            {("x", "blocks"), ("blocks", "x")},
        ),
        (
            "def forward(self, q, k):\n q, k = [f(t) for f, t in zip(self.maps, (q, k))]\n return self.a(q, k)",
            "maps:ModuleList maps.0 maps.1 a",
            {("q", "maps"), ("k", "maps"), ("maps", "a"), ("a", "return")},
        ),
        (
            "def forward(self, x, mask):\n x = self.around(x, lambda y: self.inner.forward(y, mask))\n return x",
            "around inner",
            {("x", "around"), ("mask", "around"), ("around", "x")},
        ),
        (
            "def forward(self, x):\n x = self.a(x)\n return self.b(x)",
            "a b",
            {("x", "a"), ("a", "b"), ("b", "return")},
        ),
        (
            "def forward(self, x):\n x = x + self.a(self.n(x))\n return x",
            "a n",
            {("x", "n"), ("n", "a"), ("x", "+"), ("a", "+"), ("+", "x")},
        ),
        (
            "def forward(self, x):\n x += self.a(x)\n return x",
            "a",
            {("x", "a"), ("x", "+"), ("a", "+"), ("+", "x")},
        ),
        (
            "def forward(self, x):\n for block in self.h:\n  x = block(x)\n return x",
            "h:ModuleList h.0:Block h.1:Block",
            {("x", "h"), ("h", "x")},
        ),
        (
            "def forward(self, x):\n for i, (a, b) in enumerate(zip(self.a, self.b)):\n  x = b(a(x))\n return x",
            "a:ModuleList a.0 b:ModuleList b.0",
            {("x", "a.0"), ("a.0", "b.0"), ("b.0", "x")},
        ),
        (
            "def forward(self, x):\n x = self.t.wte(x)\n x = self.layers[0](x)\n return x",
            "t:ModuleDict t.wte layers:ModuleList layers.0",
            {("x", "t.wte"), ("t.wte", "layers.0"), ("layers.0", "x")},
        ),
        (
            "def forward(self, x):\n q, k = self.qkv(x).split(4)\n y = F.attention(q, k.transpose(1, 2))\n return y",
            "qkv",
            {("x", "qkv"), ("qkv", "attention"), ("attention", "y")},
        ),
        (
            "def forward(self, x):\n q, k = self.q(x), self.k(x)\n q, k = self.n(q), self.m(k)\n return q @ k",
            "q k n m",
            {("x", "q"), ("x", "k"), ("q", "n"), ("k", "m"), ("n", "@"), ("m", "@"), ("@", "return")},
        ),
        (
            "def forward(self, x):\n s = x.float().pow(2).mean(-1)\n y = x.float() * torch.rsqrt(s)\n return y",
            "",
            {("x", "pow"), ("pow", "mean"), ("mean", "rsqrt"), ("x", "×"), ("rsqrt", "×"), ("×", "y")},
        ),
        (
            "def forward(self, x):\n x = self.a(x) + self.pos\n x = self.weight * x\n return x / 2",
            "a",
            {("x", "a"), ("a", "+ self.pos"), ("+ self.pos", "× self.weight"), ("× self.weight", "return")},
        ),
        (
            "def forward(self, x):\n x = self.a(x) + self.pos[:, :4].to(x)\n return self.b(x)",
            "a b",
            {("x", "a"), ("a", "+ self.pos"), ("+ self.pos", "b"), ("b", "return")},
        ),
        (
            "def forward(self, x):\n y = checkpoint(self.a, x)\n return y",
            "a",
            {("x", "a"), ("a", "y")},
        ),
        (
            "def forward(self, x):\n o = []\n for b in self.h:\n  x = b(x)\n  o.append(x)\n y = cat(o)\n return y",
            "h:ModuleList h.0 h.1",
            {("x", "h"), ("h", "cat"), ("cat", "y")},
        ),
        (
            "def forward(self, x):\n kept = {}\n kept[3] = self.a(x)\n x = x * kept[3]\n return x",
            "a",
            {("x", "a"), ("x", "×"), ("a", "×"), ("×", "x")},
        ),
        (
            "def forward(self, x):\n p = torch.arange(4)\n x = self.a(x) + self.b(p)\n return x",
            "a b",
            {("x", "a"), ("arange", "b"), ("a", "+"), ("b", "+"), ("+", "x")},
        ),
        (
            "def forward(self, x, scale):\n n = 3\n x = self.a(x) * n / 2\n return x",
            "a",
            {("x", "a"), ("a", "x")},
        ),
    ],
)
def test_values_are_followed_from_name_to_name(source, modules, expected):
    assert arrows(read_flow(forward(source, modules))) == expected


def test_a_branch_that_did_not_run_is_left_out():
    source = """
    def forward(self, x):
        if self.flash:
            y = self.fast(x)
        else:
            y = self.slow(x)
        return y
    """
    flow = read_flow(forward(source, "fast slow", skipped=(3,)))
    assert arrows(flow) == {("x", "slow"), ("slow", "y")}


def test_a_number_taken_from_a_tensor_is_no_value_to_follow():
    source = "def forward(self, x):\n n = float(x.max())\n y = self.a(x) * n\n return y"
    assert arrows(read_flow(forward(source, "a", skipped=(2,)))) == {("x", "a"), ("a", "y")}


def test_nothing_behind_the_return_that_ran_is_read():
    source = """
    def forward(self, x):
        y = self.a(x)
        return y
        y = self.b(y)
        return y
    """
    assert [step.label for step in read_flow(forward(source, "a b")).modules()] == ["a"]


def test_the_shape_of_a_value_stands_on_its_arrow_until_it_is_rearranged():
    flow = read_flow(forward("def forward(self, x):\n y = self.a(x)\n return self.b(y.view(-1))", "a b"))
    labels = {step.id: step.label for step in flow.steps}
    shapes = {(labels[edge.source], labels[edge.target]): edge.label for edge in flow.edges}
    assert shapes == {("x", "a"): "[B, C]", ("a", "b"): "", ("b", "return"): "[B, C]"}


def test_a_loop_over_a_container_is_one_step_with_its_count():
    modules = "h:ModuleList h.0:Block h.1:Block h.2:Block"
    flow = read_flow(forward("def forward(self, x):\n for b in self.h:\n  x = b(x)\n return x", modules))
    (step,) = flow.modules()
    assert (step.label, step.lines, step.modules) == ("h", ("Block ×3", "30 parameters"), ("h.0", "h.1", "h.2"))


def test_every_name_is_a_step_when_values_are_asked_for():
    source = "def forward(self, x):\n q, k = self.qkv(x).split(4)\n k = k.transpose(1, 2)\n return q @ k"
    flow = read_flow(forward(source, "qkv"), values=True)
    assert [step.label for step in flow.steps if step.kind == "value"] == ["q", "k", "k"]
    assert {edge.label for edge in flow.edges} == {"", "[B, C]", "split", "transpose"}


def test_opening_a_module_connects_what_it_was_called_with():
    outer = read_flow(forward("def forward(self, x):\n y = self.a(x)\n return self.b(y)", "a b"))
    inner = read_flow(forward("def forward(self, z):\n z = z + self.f(z)\n return z", "f"))
    whole = inline(outer, outer.modules()[0].id, inner, "a: Block")
    assert arrows(whole) == {("x", "f"), ("x", "+"), ("f", "+"), ("+", "b"), ("b", "return")}
    assert {step.group for step in whole.steps if step.label in ("f", "+")} == {outer.modules()[0].id}


@pytest.mark.parametrize(
    "called",
    [
        " h, aux = self.m(x)\n h = self.head(h)\n return h, aux",
        " out = self.m(x)\n h = self.head(out[0])\n return h, out[1]",
    ],
)
def test_each_result_of_an_opened_module_goes_where_it_is_used(called):
    outer = read_flow(forward(f"def forward(self, x):\n{called}", "m head"))
    inner = read_flow(forward("def forward(self, z):\n a = self.f(z)\n b = self.g(z)\n return a, b", "f g"))
    opened = next(step for step in outer.modules() if step.label == "m")
    found = arrows(inline(outer, opened.id, inner, "m: M"))
    last = next(iter({target for _, target in found} - {"f", "g", "head", "h"}))
    assert found == {("x", "f"), ("x", "g"), ("f", "head"), ("head", "h"), ("g", last)}


def test_a_result_that_nothing_uses_is_not_drawn_and_a_loss_is():
    source = "def forward(self, x):\n z = pad(norm(x))\n l = F.mse_loss(x, 1)\n y = self.a(x)\n return y"
    assert arrows(read_flow(forward(source, "a"))) == {("x", "a"), ("a", "y"), ("x", "mse_loss")}


def test_functions_give_way_and_their_values_pass():
    flow = read_flow(forward("def forward(self, x):\n x = F.relu(self.a(x))\n return self.b(x)", "a b"))
    assert arrows(without_functions(flow)) == {("x", "a"), ("a", "b"), ("b", "return")}


def test_a_long_chain_is_folded_and_keeps_its_parameters():
    names = [f"l{n}" for n in range(30)]
    body = "\n".join(f" x = self.{name}(x)" for name in names)
    flow = folded(read_flow(forward(f"def forward(self, x):\n{body}\n return x", " ".join(names))), 10)
    assert len(flow.steps) == 10
    assert sum(step.parameters for step in flow.modules()) == 300
    assert sorted(path for step in flow.modules() for path in step.modules) == sorted(names)


POOLED = "def forward(self, x):\n x = self.a(x) if self.mean else self.b(x)\n return x"


@pytest.mark.parametrize(
    ("ran", "drawn"),
    [((True, False), {"a"}), ((False, True), {"b"}), ((True, True), {"a", "b"})],
)
def test_of_a_conditional_expression_only_what_ran_is_drawn(ran, drawn):
    flow = read_flow(replace(forward(POOLED, "a b"), arms={(2, 5): ran}))
    assert {target for source, target in arrows(flow) if source == "x"} == drawn


def sized(*sizes: int) -> TensorSpec:
    return TensorSpec(tuple(Dim(size) for size in sizes), "float32")


def unlike_blocks() -> Forward:
    """`for up, gate in self.h` over three rounds; the last round has no gate."""
    source = (
        "def forward(self, x):\n for up, gate in self.h:\n  x = up(x)\n  x = x * gate(x)\n x = self.out(x)\n return x"
    )
    found = forward(
        source, "h:ModuleList h.0:ModuleList h.0.0 h.0.1 h.1:ModuleList h.1.0 h.1.1 h.2:ModuleList h.2.0 out"
    )
    widths = [sized(2, 8 // 2**place, 4 * 2**place) for place in range(4)]
    calls = {f"h.{n}.0": ModuleCall((widths[n],), (widths[n + 1],)) for n in range(3)}
    calls |= {f"h.{n}.1": ModuleCall((widths[n + 1],), (widths[n + 1],)) for n in range(2)}
    calls["out"] = ModuleCall((widths[3],), (widths[0],))
    records = {
        path: replace(one, calls=(calls[path],)) if path in calls else one for path, one in found.records.items()
    }
    rows, later = dict(found.rows), {}
    for line in (3, 4):
        variants = [replace(rows[line], targets=(ShapeTarget("x", (width,)),)) for width in widths[1:]]
        rows[line], later[line] = variants[0], tuple(variants[1:])
    return replace(found, rows=rows, records=records, later=later)


def test_a_loop_over_unlike_blocks_tells_its_first_and_last_round():
    flow = read_flow(unlike_blocks())
    up, gate, out = flow.modules()
    assert (up.label, up.modules) == ("h.*.0", ("h.0.0", "h.1.0", "h.2.0"))
    assert up.lines[-2:] == ("first [2, 8, 4] → [2, 4, 8]", "last [2, 2, 16] → [2, 1, 32]")
    assert gate.lines[-1] == "in 2 of 3 rounds"
    assert flow.groups == {up.group: "×3: for up, gate in self.h"} and gate.group == up.group and out.group is None


def test_an_opened_module_keeps_the_frame_of_its_loop():
    outer = read_flow(forward("def forward(self, x):\n x = self.t(x)\n return x", "t:Transformer"))
    inner = read_flow(unlike_blocks())
    whole = inline(outer, outer.modules()[0].id, inner, "t: Transformer")
    (frame,) = whole.groups
    assert whole.groups[frame] == "t, ×3: for up, gate in self.h"
    placed = {step.label: step.group for step in whole.modules()}
    assert placed == {"h.*.0": frame, "h.*.1": frame, "t.out": None}


def test_what_only_some_rounds_do_is_passed_by_in_the_others():
    source = "def forward(self, x):\n for a, b in self.h:\n  if b:\n   x = b(x)\n  x = a(x)\n return x"
    found = forward(source, "h:ModuleList h.0:ModuleList h.0.0 h.0.1 h.1:ModuleList h.1.0")
    rows = {line: replace(row, times=1 if line == 4 else 2) for line, row in found.rows.items()}
    passed = {("x", "h.0.1"), ("h.0.1", "h.*.0"), ("x", "h.*.0"), ("h.*.0", "x")}
    assert arrows(read_flow(replace(found, rows=rows))) == passed
    always = {line: replace(row, times=2) for line, row in found.rows.items()}
    assert arrows(read_flow(replace(found, rows=always))) == passed - {("x", "h.*.0")}


def test_a_value_from_before_such_a_loop_has_no_shape_for_all_rounds():
    found = unlike_blocks()
    source = "def forward(self, x):\n for up, gate in self.h:\n  y = up(x)\n  x = y * x\n x = self.out(x)\n return x"
    flow = read_flow(replace(forward(source), records=found.records, later=found.later))
    labels = {step.id: step.label for step in flow.steps}
    shapes = {(labels[edge.source], labels[edge.target]): edge.label for edge in flow.edges}
    assert shapes["x", "×"] == ""
    assert shapes["x", "h.*.0"] == "[2, 8, 4] … [2, 2, 16]"


def test_what_leaves_such_a_loop_has_the_shape_of_its_last_round():
    flow = read_flow(unlike_blocks())
    labels = {step.id: step.label for step in flow.steps}
    shapes = {(labels[edge.source], labels[edge.target]): edge.label for edge in flow.edges}
    assert shapes["×", "out"] == "[2, 1, 32]"
    assert shapes["h.*.0", "h.*.1"] == "[2, 4, 8] … [2, 2, 16]"


def test_a_module_that_is_handed_on_to_be_called_is_named() -> None:
    source = (
        "def forward(self, x, m):\n x = self.around(x, self.feed)\n return self.around(x, lambda y: self.attend(y, m))"
    )
    flow = read_flow(forward(source, "around feed:Feed attend:Attend"))
    assert [step.lines[-1] for step in flow.modules()] == ["calls feed: Feed", "calls attend: Attend"]


@pytest.mark.parametrize(
    ("source", "skips"),
    [
        ("def forward(self, x):\n return x + self.a(self.n(x))", 1),
        ("def forward(self, x):\n y = self.a(x)\n return 0.5 * y * (1 + torch.tanh(y + 0.04 * torch.pow(y, 3)))", 0),
    ],
)
def test_a_sum_is_a_residual_where_a_module_stands_on_the_branch(source: str, skips: int) -> None:
    assert _skips(read_flow(forward(source, "a n"))) == skips


ENCODE = "def encode(self, y):\n h = self.enc(y)\n return self.quant(h), h"
PATCH = "def encode(self, y):\n return y.reshape(2, -1), y"


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (ENCODE, {("x", "enc"), ("enc", "quant"), ("quant", "dec"), ("enc", "+"), ("dec", "+"), ("+", "return")}),
        (PATCH, {("x", "encode"), ("encode", "dec"), ("encode", "+"), ("dec", "+"), ("+", "return")}),
    ],
)
def test_an_own_method_is_read_where_it_calls_modules(method: str, expected: set[tuple[str, str]]) -> None:
    source, modules = "def forward(self, x):\n q, h = self.encode(x)\n return self.dec(q) + h", "enc quant dec"
    inner = forward(method, modules)
    whole = replace(forward(source, modules), methods=lambda name: inner if name == "encode" else None)
    assert arrows(read_flow(whole)) == expected


def test_the_residual_structure_is_drawn_of_an_instance_that_carries_its_input_on_unchanged() -> None:
    source = "def forward(self, x):\n y = self.a(x)\n {line}\n return y"
    mapped = read_flow(forward(source.format(line="y = y + self.down(x)"), "a down"))
    plain = read_flow(forward(source.format(line="y = y + x"), "a"))
    flows = {"layer.0": mapped, "layer.1": plain, "layer.2": plain}
    records = {path: ModuleRecord(path, "Bottleneck", 4) for path in flows}
    (drawn,) = _residual(SimpleNamespace(records=records, flow=flows.get))  # type: ignore[arg-type]
    assert [box.label for box in drawn.boxes] == ["x", "a", "+", "y"]


def test_an_opened_module_says_what_its_parts_take_and_not_what_it_was_given() -> None:
    inner = Flow([Step("i", "input", "x", (), "io"), Step("m", "module", "a", (), "core")])
    inner.add_edge(Edge("i", "m", "[B, 1, T, T]"))
    outer = Flow([Step("x", "input", "x", (), "io"), Step("b", "module", "net", (), "core")])
    outer.add_edge(Edge("x", "b", "[B, T]", 0))
    assert [edge.label for edge in inline(outer, "b", inner, "net: Net").edges] == ["[B, 1, T, T]"]


def test_a_module_that_is_called_again_tells_no_call_but_its_own() -> None:
    source = "def forward(self, x):\n y = self.act(self.a(x))\n return self.act(self.b(y))"
    whole = forward(source, "a b act:ReLU")
    wide = replace(X, shape=(*X.shape[:1], Dim(64)))
    records = {
        **whole.records,
        "act": replace(whole.records["act"], calls=(ModuleCall((X,), (X,)), ModuleCall((wide,), (wide,)))),
    }
    flow = read_flow(replace(whole, records=records))
    assert [step.lines for step in flow.modules() if step.label == "act"] == [("ReLU", "10 parameters")] * 2
    assert {edge.label for edge in flow.edges if edge.source == "s2"} == {str(X)}
