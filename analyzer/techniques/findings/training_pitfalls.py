"""Pitfalls of a whole training run: schedules that nobody advances, evaluation that leaves its mode behind or never
enters it, resumed runs without their optimizer, weight decay that follows shapes or names.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from analyzer.records.bundles import Facts, Shapes
from analyzer.records.evidence import Known
from analyzer.records.processes import Optimizer, Pipeline, Stage
from analyzer.records.source import Span
from analyzer.records.techniques import Pitfall, TechniqueFinding
from analyzer.records.tensors import ModuleRecord
from analyzer.techniques.findings.searches import mode_switches, own_nodes, reached_readings, runs_in_library
from analyzer.techniques.program import Program, Reading

PROGRESS = frozenset(
    {"epoch", "step", "steps", "iter", "iteration", "iter_num", "global_step", "start_epoch", "epochs"}
)
RANDOM = ("dropout", "batch_norm", "stochastic_depth")
BY_SHAPE = re.compile(r"(\.dim\(\)|\.ndim|len\(\w+(\.\w+)*\.(shape|size\(\))\))\s*(>=\s*2|>\s*1|!=\s*1)")
BY_NAME = re.compile(r"any\(.*\bin\b.*\)|not in|\bin\b")
NORMS = ("LayerNorm", "RMSNorm", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "GroupNorm", "SyncBatchNorm")
MOST_NAMES = 3


def find_training_pitfalls(
    program: Program, facts: Facts, shapes: Shapes, techniques: Sequence[TechniqueFinding]
) -> tuple[Pitfall, ...]:
    """Findings on every training of the repository; what needs the built model on the main one."""
    found: list[Pitfall] = []
    random = sorted({t.sheet_id for t in techniques if t.in_use and t.sheet_id in RANDOM})
    for pipeline in facts.processes.training:
        if any(stage.framework is not None for stage in pipeline.stages):
            continue
        readings = reached_readings(program, pipeline)
        found += _schedules(program, pipeline, readings)
        found += _resumed(program, pipeline, readings)
        found += _modes(program, pipeline, readings, random)
        if pipeline.main:
            modules = next((model.modules for model in shapes.models if model.main), ())
            found += [p for optimizer in pipeline.optimizers for p in _decay(program, optimizer, modules)]
    return tuple(dict.fromkeys(found))


# --- schedules


def _schedules(program: Program, pipeline: Pipeline, readings: Sequence[Reading]) -> Iterator[Pitfall]:
    """A scheduler of torch is made, and every `.step()` in reach belongs to something else that is known."""
    made = [s for s in pipeline.schedules if s.kind.startswith("torch.optim.lr_scheduler.")]
    if not made or any(stage.kind == "schedule" for stage in pipeline.stages):
        return
    known = {(s.where.path, line) for s in pipeline.stages for line in range(s.where.first_line, s.where.last_line + 1)}
    steps = {(r.path, n.lineno) for r in readings for n in own_nodes(r) if _is_call(n, "step")}  # type: ignore[attr-defined]
    if steps <= known:
        for schedule in made:
            yield Pitfall("scheduler_never_stepped", (schedule.where,), (("name", schedule.kind.rpartition(".")[2]),))


def _is_call(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name


# --- resumed runs


def _resumed(program: Program, pipeline: Pipeline, readings: Sequence[Reading]) -> Iterator[Pitfall]:
    """Weights and progress come from a checkpoint, the optimizer's state does not."""
    loads = [n for r in readings for n in own_nodes(r) if _is_call(n, "load_state_dict")]
    texts = [ast.unparse(n).lower() for n in loads]
    if not pipeline.optimizers or not texts or any("optim" in text or "opt" in text for text in texts):
        return
    if runs_in_library(program, tuple(readings)):
        return
    made = {name for stage in pipeline.stages if stage.kind == "optimizer" for name in stage.produces}
    if any(
        ast.unparse(n.func.value) in made
        for n in loads
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
    ):
        return
    for reading in readings:
        read = [n for n in own_nodes(reading) if _is_progress(n)]
        weights = [n for n in own_nodes(reading) if _is_call(n, "load_state_dict")]
        if read and weights:
            spans = tuple(program.index.span(reading.path, n.lineno) for n in (weights[0], read[0]))  # type: ignore[attr-defined]
            yield Pitfall("resume_without_optimizer", spans, (("name", pipeline.optimizers[0].class_name),))
            return


def _is_progress(node: ast.AST) -> bool:
    """`start = checkpoint["epoch"]`."""
    value = node.value if isinstance(node, ast.Assign) else None
    is_item = isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant)
    return is_item and isinstance(value, ast.Subscript) and getattr(value.slice, "value", None) in PROGRESS


# --- modes


def _modes(
    program: Program, pipeline: Pipeline, readings: Sequence[Reading], random: Sequence[str]
) -> Iterator[Pitfall]:
    """Evaluation inside the training loop: does it switch to its mode, and does training switch back?"""
    trained = {name for stage in pipeline.stages if stage.kind == "forward" for name in _called(stage)}
    switches = [(r, n) for r in readings for n in own_nodes(r) if _is_switch(n) and _last(n) in trained]
    off = [(r, n) for r, n in switches if n.func.attr == "eval"]  # type: ignore[attr-defined]
    on = [(r, n) for r, n in switches if n.func.attr == "train"]  # type: ignore[attr-defined]
    evaluations = [stage for stage in pipeline.stages if stage.kind == "evaluate" and stage.depth > 0]
    again = any(s.kind == "mode" and s.depth > 0 and ".train(" in s.code for s in pipeline.stages)
    again = again or any(reading is other for reading, _ in on for other, _ in off)
    if evaluations and off and not again and not _evaluates_copy(off, evaluations):
        reading, node = off[0]
        spans = (program.index.span(reading.path, node.lineno), evaluations[0].where)  # type: ignore[attr-defined]
        yield Pitfall("mode_not_restored", tuple(dict.fromkeys(spans)), (("name", _last(node)),))
    silent = _silent_evaluation(pipeline)
    is_missing = silent is not None and bool(random) and not mode_switches(program, tuple(readings))
    if silent is not None and is_missing and not runs_in_library(program, tuple(readings)):
        yield Pitfall("evaluation_without_eval", (silent.where,), (("layers", ", ".join(random)),))


def _called(stage: Stage) -> set[str]:
    """Names that the code of a forward calls: `net` of `y = self.net(x)`."""
    try:
        tree = ast.parse(stage.code.strip())
    except SyntaxError:
        return set()
    return {ast.unparse(n.func).rpartition(".")[2] for n in ast.walk(tree) if isinstance(n, ast.Call)}


def _is_switch(node: ast.AST) -> bool:
    return (_is_call(node, "eval") or _is_call(node, "train")) and not node.args  # type: ignore[attr-defined]


def _last(node: ast.AST) -> str:
    """`net` of `self.net.eval()`."""
    return ast.unparse(node.func.value).rpartition(".")[2]  # type: ignore[attr-defined]


def _evaluates_copy(off: Sequence[tuple[Reading, ast.AST]], evaluations: Sequence[Stage]) -> bool:
    """The switch stands where no evaluation of the loop is: before it, or after."""
    functions = {(stage.where.path, stage.function.rpartition(":")[2].rpartition(".")[2]) for stage in evaluations}
    called = {name for stage in evaluations for name in _called(stage)}
    return not any((r.path, r.name) in functions or r.name in called for r, _ in off)


def _silent_evaluation(pipeline: Pipeline) -> Stage | None:
    """A forward under `no_grad`, beside the loop that takes gradients and inside of the same outer one."""
    guarded = any(feature.id == "no_grad" for feature in pipeline.features)
    trained = {stage.loops for stage in pipeline.stages if stage.kind == "backward"}
    for stage in pipeline.stages if guarded and trained else ():
        is_other = stage.kind == "forward" and stage.loops not in trained and stage.depth > 1
        if is_other and all(stage.loops[0] == loops[0] for loops in trained if loops):
            return stage
    return None


# --- weight decay


def _decay(program: Program, optimizer: Optimizer, modules: Sequence[ModuleRecord]) -> Iterator[Pitfall]:
    """Groups chosen by shape or by name, held against the modules that the built model has."""
    for group in optimizer.groups:
        decay = dict(group.options).get("weight_decay")
        rate = decay.value if isinstance(decay, Known) else None
        if not isinstance(rate, (int, float)) or not rate:
            continue
        tables = [m.path for m in modules if m.class_name == "Embedding" and m.own_parameters]
        if BY_SHAPE.search(group.selection) and tables:
            yield Pitfall("decay_by_shape", (group.where,), (("value", str(rate)), ("names", _listed(tables))))
        excluded = _excluded(program, group.where, group.selection)
        norms = [m.path for m in modules if m.class_name.startswith(NORMS) and m.own_parameters]
        reached = [path for path in norms if not any(text in f"{path}.weight" for text in excluded)]
        if excluded and any("norm" in text.lower() for text in excluded) and reached:
            arguments = (("value", str(rate)), ("names", _listed(reached)), ("excluded", ", ".join(excluded)))
            yield Pitfall("decay_by_name", (group.where,), arguments)


def _listed(paths: Sequence[str]) -> str:
    more = f" (+{len(paths) - MOST_NAMES})" if len(paths) > MOST_NAMES else ""
    return ", ".join(paths[:MOST_NAMES]) + more


def _excluded(program: Program, where: Span, selection: str) -> tuple[str, ...]:
    """The parts of names that a group leaves out: `not any(part in name for part in ["bias", "LayerNorm.weight"])`."""
    match = re.search(r"not any\(\s*(\w+) in \w+ for \1 in ([^)]+?)\)", selection)
    if match is None:
        return ()
    text = match.group(2).strip()
    tree = program.index.trees().get(where.path)
    node = _parsed(text)
    if isinstance(node, ast.Name) and tree is not None:
        bound = [n.value for n in ast.walk(tree) if isinstance(n, ast.Assign) and text in map(ast.unparse, n.targets)]
        node = bound[0] if len(bound) == 1 else None
    elements = node.elts if isinstance(node, (ast.List, ast.Tuple, ast.Set)) else []
    texts = [e.value for e in elements if isinstance(e, ast.Constant) and isinstance(e.value, str)]
    return tuple(texts) if len(texts) == len(elements) else ()


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return None
