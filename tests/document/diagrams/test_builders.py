"""The drawings of an analysis: what each shows, and that it is left out where there is nothing to show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.document.diagrams import build_diagrams
from analyzer.document.diagrams.describe import of_instance
from analyzer.document.diagrams.pipelines import MOST_STAGES, _code_label, draw_pipeline, shortened
from analyzer.document.diagrams.ways import within_arms
from analyzer.records.bundles import Analysis, Facts, Shapes
from analyzer.records.configuration import Configuration, Override
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import Arm, Pipeline, Processes, Stage
from analyzer.records.source import Span
from analyzer.records.structure import FileRelation, Structure
from analyzer.records.tensors import Cost
from tests.render import sample


def ids(analysis: Analysis) -> list[str]:
    return [diagram.id for diagram in build_diagrams(analysis)]


def one(analysis: Analysis, name: str):
    return next(diagram for diagram in build_diagrams(analysis) if diagram.id == name)


def with_model(**changes) -> Analysis:
    analysis = sample.analysis()
    model = replace(analysis.shapes.models[0], **changes)
    return replace(analysis, shapes=replace(analysis.shapes, models=(model,)))


def test_a_model_without_a_total_has_no_shares():
    assert {"parameter_shares", "memory"} & set(ids(sample.analysis()))
    unknown = Unknown("size_not_given", ("width",))
    assert not {"parameter_shares", "cost_shares", "memory"} & set(ids(with_model(parameters=unknown)))


def test_loops_of_the_same_words_in_two_places_are_two_frames():
    loop = ("for m in modules",)
    stages = tuple(
        Stage(kind, Span("run.py", n, n), f"{kind}()", "run", loops=loops)
        for n, (kind, loops) in enumerate([("build", loop), ("tokenize", ()), ("forward", loop), ("sample", loop)], 1)
    )
    drawn = draw_pipeline("p", Pipeline("inference", Span("run.py", 1, 9), "run", True, (), stages))
    assert [box.group for box in drawn.boxes] == ["loop0", None, "loop1", "loop1"]
    assert [(arrow.source, arrow.target) for arrow in drawn.arrows if arrow.dashed] == [("s3", "s2")]


def test_an_empty_repository_has_no_drawings():
    facts = Facts(sample.repository(), (), Structure(), Configuration(), Processes())
    assert build_diagrams(Analysis(facts, Shapes())) == ()


def test_ids_are_unique_and_every_flow_has_few_boxes():
    diagrams = build_diagrams(sample.analysis())
    assert len({diagram.id.casefold() for diagram in diagrams}) == len(diagrams)
    assert all(len(diagram.boxes) <= 25 for diagram in diagrams)
    assert all(diagram.title.en and diagram.title.zh for diagram in diagrams)


def test_the_architecture_follows_forward():
    drawn = one(sample.analysis(), "architecture")
    assert [box.label for box in drawn.boxes] == ["x", "up", "down", "return"]
    assert [arrow.label for arrow in drawn.arrows] == ["[B, width]", "[B, 4*width]", "[B, width]"]


def test_without_a_trace_only_containment_is_drawn_and_said():
    drawn = one(with_model(traces=()), "architecture")
    assert "not derived" in drawn.title.en
    labels = {box.id: box.label for box in drawn.boxes}
    assert {(labels[arrow.source], labels[arrow.target]) for arrow in drawn.arrows} == {("Net", "up"), ("Net", "down")}


def test_a_model_without_tree_and_trace_has_no_architecture():
    assert "architecture" not in ids(with_model(traces=(), tree=None))


def test_shared_weights_are_marked_and_counted_once():
    analysis = with_model(ties=(("up.weight", "down.weight"),))
    lines = {box.label: box.lines for box in one(analysis, "architecture").boxes}
    assert lines["down"][-1] == "shares up.weight"


def test_parameter_bars_add_up_to_the_total():
    drawn = one(sample.analysis(), "parameter_shares")
    assert drawn.categories == ("up", "down")
    assert sum(drawn.series[0].y) == 552


def test_children_that_hold_more_than_their_parent_are_not_shown_in_its_place():
    tree = sample.analysis().shapes.models[0].tree
    assert tree is not None
    assert "parameter_shares" not in ids(with_model(tree=replace(tree, parameters=500)))


def test_what_a_module_holds_itself_stands_beside_its_children():
    tree = sample.analysis().shapes.models[0].tree
    assert tree is not None
    drawn = one(with_model(tree=replace(tree, parameters=600)), "parameter_shares")
    assert dict(zip(drawn.categories, drawn.series[0].y, strict=True))["Net: own"] == 600 - 552
    assert sum(drawn.series[0].y) == 600


def test_the_training_pipeline_frames_its_loop():
    drawn = one(sample.analysis(), "training_pipeline")
    assert [group.label for group in drawn.groups] == ["for step in range(100)"]
    kinds = [box.lines[0].split(" · ")[0] for box in drawn.boxes]
    assert kinds == ["data", "forward", "loss", "backward", "step"]
    assert [(arrow.source, arrow.target) for arrow in drawn.arrows if arrow.dashed] == [("s4", "s0")]
    assert drawn.arrows[0].label == "x"


def stage(kind: str, number: int) -> Stage:
    return Stage(kind, sample.span("train.py", 1), f"call_{number}()", "f", (), (), 0)  # type: ignore[arg-type]


def test_a_long_pipeline_loses_its_least_important_stages_first():
    stages = tuple(stage(kind, n) for n in range(12) for kind in ("log", "forward", "step"))
    kept, left_out = shortened(stages)
    assert len(kept) == MOST_STAGES
    assert left_out == 36 - MOST_STAGES
    assert "log" not in {one.stage.kind for one in kept}


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("loss.backward()", "loss.backward()"),
        ("optimizer = torch.optim.AdamW(model.parameters(), lr=lr)", "optimizer = torch.optim.AdamW(…)"),
        ("x = " + "a" * 50, "x = " + "a" * 31 + "…"),
    ],
)
def test_a_long_statement_is_shown_without_its_arguments(code, label):
    assert _code_label(code) == label


def test_neighbours_of_one_kind_are_one_stage():
    kept, left_out = shortened((stage("data", 1), stage("data", 2), stage("loss", 3)))
    assert [(one.stage.code, len(one.also)) for one in kept] == [("call_1()", 1), ("call_3()", 0)]
    assert left_out == 0


def test_both_modes_stand_side_by_side_only_where_both_exist():
    analysis = sample.analysis()
    assert "training_versus_inference" not in ids(analysis)
    training = analysis.facts.processes.training[0]
    processes = replace(analysis.facts.processes, inference=(replace(training, kind="inference"),))
    both = replace(analysis, facts=replace(analysis.facts, processes=processes))
    drawn = one(both, "training_versus_inference")
    assert [group.id for group in drawn.groups] == ["training", "inference"]
    assert abs(drawn.groups[0].y - drawn.groups[1].y) < 1
    assert drawn.groups[0].x + drawn.groups[0].width < drawn.groups[1].x


def test_the_learning_rate_is_the_codes_own_curve():
    drawn = one(sample.analysis(), "learning_rate_curve")
    assert drawn.series[0].label == "get_lr"
    assert drawn.series[0].x[:3] == (0.0, 5.0, 10.0)
    assert drawn.series[0].y[:3] == (0.0, 0.0005, 0.001)


def test_the_cache_grows_with_its_bytes_per_token():
    assert "kv_cache" not in ids(sample.analysis())
    cost = Cost(Known(1000, (), "counted"), "1000", "x")
    drawn = one(with_model(costs=(("kv_bytes_per_token", cost),)), "kv_cache")
    assert drawn.series[0].y[1] / drawn.series[0].x[1] == 1000


def test_a_chain_of_overrides_ends_at_the_effective_value():
    drawn = one(sample.analysis(), "configuration_chain")
    assert [box.label for box in drawn.boxes] == ["lr = 0.001", "command line", "0.001"]
    assert drawn.boxes[-1].lines == ("effective",)


def test_a_definition_alone_is_no_chain():
    analysis = sample.analysis()
    table = analysis.facts.configuration.tables[0]
    only = replace(table.values[0], overrides=(Override("default", "1e-3", Known(1, (), "read"), table.where),))
    configuration = replace(analysis.facts.configuration, tables=(replace(table, values=(only,)),))
    analysis = replace(analysis, facts=replace(analysis.facts, configuration=configuration))
    assert "configuration_chain" not in ids(analysis)


@pytest.mark.parametrize(("imports", "drawn"), [((("net/model.py", ("Net",)),), True), ((), False)])
def test_files_are_drawn_where_one_uses_another(imports, drawn):
    analysis = sample.analysis()
    relations = (FileRelation("net/model.py", ("Net",), (), ("train.py",)), FileRelation("train.py", (), imports, ()))
    facts = replace(analysis.facts, structure=replace(analysis.facts.structure, relations=relations))
    assert ("file_relations" in ids(replace(analysis, facts=facts))) is drawn


def test_the_same_analysis_gives_the_same_drawings():
    assert build_diagrams(sample.analysis()) == build_diagrams(sample.analysis())


@pytest.mark.parametrize(("optimizer", "bars"), [("AdamW", 3), ("SGD", 2)])
def test_memory_shows_two_moments_only_where_the_optimizer_keeps_them(optimizer: str, bars: int):
    names = ("parameter_bytes", "gradient_bytes", "optimizer_bytes")
    costs = tuple((name, Cost(Known(8 * size, (), "counted"), None, "own_dtype")) for size, name in enumerate(names, 1))
    analysis = with_model(costs=costs)
    training = analysis.facts.processes.training[0]
    optimizers = (replace(training.optimizers[0], class_name=f"torch.optim.{optimizer}"),)
    processes = replace(analysis.facts.processes, training=(replace(training, optimizers=optimizers),))
    drawn = one(replace(analysis, facts=replace(analysis.facts, processes=processes)), "memory")
    assert drawn.categories == ("parameter", "gradient", "optimizer")[:bars]


def test_a_drawing_of_one_instance_says_so_where_others_have_other_shapes():
    modules = sample.analysis().shapes.models[0].traces[0].modules
    up = next(record for record in modules if record.calls and record.path)
    other = replace(up, path="more", calls=tuple(replace(call, outputs=call.inputs) for call in up.calls))
    assert of_instance((up, replace(up, path="more")), up).en == ""
    assert of_instance((up, other), up).en == f", shapes of {up.path}"


def in_arm(kind: str, line: int, number: int, loops: tuple[str, ...] = (), depth: int = 0) -> Stage:
    where = Span("run.py", line, line)
    arms = (Arm(1, number, f"way == {number}" if number < 3 else "", Span("run.py", 2, 2), depth),) if number else ()
    return Stage(kind, where, f"{kind}{line}()", "run", condition=None, loops=loops, arms=arms)  # type: ignore[arg-type]


def drawn_arrows(stages: tuple[Stage, ...]) -> set[tuple[str, str, str]]:
    drawn = draw_pipeline("p", Pipeline("inference", Span("run.py", 1, 9), "run", True, (), stages))
    labels = {box.id: box.label for box in drawn.boxes}
    return {(labels[a.source], labels[a.target], a.label) for a in drawn.arrows if not a.dashed}


def test_arms_of_a_choice_stand_beside_each_other():
    stages = (
        in_arm("data", 1, 0),
        in_arm("build", 3, 1),
        in_arm("load_checkpoint", 4, 2),
        in_arm("build", 5, 2),
        in_arm("build", 6, 3),
        in_arm("forward", 7, 0),
    )
    assert drawn_arrows(stages) == {
        ("data1()", "A: one of 3", ""),
        ("A: one of 3", "build3()", "A1: if way == 1"),
        ("A: one of 3", "load_checkpoint4()", "A2: if way == 2"),
        ("A: one of 3", "build6()", "A3: otherwise"),
        ("load_checkpoint4()", "build5()", ""),
        ("build3()", "forward7()", ""),
        ("build5()", "forward7()", ""),
        ("build6()", "forward7()", ""),
    }


def test_a_way_whose_stages_are_not_drawn_passes_by():
    stages = (
        *(in_arm("log", n, 2) for n in range(10, 14)),
        *(in_arm("forward", n, 0, (f"for {n}",)) for n in range(14)),
    )
    stages = (in_arm("data", 1, 0), in_arm("build", 3, 1), *stages)
    found = drawn_arrows(stages)
    assert {("A: one of 2", "build3()", "A1: if way == 1"), ("A: one of 2", "forward0()", "")} <= found


def test_what_arms_share_is_on_the_way_of_the_first_that_reaches_it():
    stages = (in_arm("batch", 3, 1), in_arm("loss", 9, 0), in_arm("step", 4, 1), in_arm("batch", 5, 2))
    assert [stage.arms[0].number for stage in within_arms(stages)] == [1, 1, 1, 2]
    drawn = draw_pipeline("p", Pipeline("inference", Span("run.py", 1, 9), "run", True, (), stages))
    assert [box.lines[0].split(" · ")[0] for box in drawn.boxes][1:] == ["A1 batch", "loss", "A1 step", "A2 batch"]


@pytest.mark.parametrize(("depth", "frames"), [(0, 2), (1, 1)])
def test_loops_in_two_arms_are_two_loops(depth, frames):
    loop = ("for x in data",)
    stages = (in_arm("forward", 3, 1, loop, depth), in_arm("sample", 4, 2, loop, depth))
    drawn = draw_pipeline("p", Pipeline("inference", Span("run.py", 1, 9), "run", True, (), stages))
    assert len(drawn.groups) == frames
