"""Training and inference programs of the repository: where they start, what they do in which order, kept apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.facts.argument_values import ArgumentValues
from analyzer.facts.call_chains import build_call_chain
from analyzer.facts.configuration.config_nodes import holder_sites
from analyzer.facts.configuration.evaluation import ValueOf, no_evaluator
from analyzer.facts.data import find_data
from analyzer.facts.features import find_features, find_seeds
from analyzer.facts.flow import Inference
from analyzer.facts.flow.walk import Body, Step, Target, Walker
from analyzer.facts.losses import find_losses
from analyzer.facts.optimization import find_optimizers, find_schedules
from analyzer.facts.program import Flow, Program
from analyzer.facts.stages import build_stages
from analyzer.index import SourceIndex
from analyzer.records.configuration import Configuration
from analyzer.records.evidence import Evidence
from analyzer.records.processes import CallChain, Pipeline, Processes
from analyzer.records.structure import Structure


def derive_processes(
    index: SourceIndex, structure: Structure, configuration: Configuration, value_of: ValueOf = no_evaluator
) -> Processes:
    """All pipelines, the main one of each kind first, with their call chains."""
    flow = open_flow(index, configuration, value_of)
    training = _ranked(index, structure, list(_training_programs(flow)))
    inference = _ranked(index, structure, list(_inference_programs(flow, structure)))
    trained = tuple(
        _pipeline("training", p, place == 0, evidence, value_of) for place, (p, evidence) in enumerate(training)
    )
    inferred = tuple(
        _pipeline("inference", p, place == 0, evidence, value_of) for place, (p, evidence) in enumerate(inference)
    )
    return Processes(trained, inferred, tuple(_chains(training, inference)))


def open_flow(index: SourceIndex, configuration: Configuration, value_of: ValueOf) -> Flow:
    """What all questions about the repository's running code share."""
    inference = Inference(index, holder_sites(index))
    return Flow(index, inference, Walker(inference), ArgumentValues(index, inference, configuration, value_of))


# --- where programs start


def _training_programs(flow: Flow) -> Iterator[Program]:
    """Scripts that take gradients and step; then functions that do so and that no script reaches."""
    covered: set[str] = set()
    for path in flow.index.trees():
        program = _script(flow, path)
        if {"backward"} <= program.kinds and program.kinds & {"step", "optimizer"}:
            covered |= {body.scope.key for body in _bodies(program)}
            yield program
    for key, scope in flow.inference.scopes.by_key.items():
        is_method = scope.is_function and not isinstance(scope.node, ast.Lambda)
        if is_method and key not in covered and _takes_gradients(scope.nodes):
            body = flow.walker.function(key)
            if body is not None and {"backward", "step"} <= flow.kinds(body):
                covered |= {inner.scope.key for inner in _inner_bodies(body)}
                yield Program(flow, key, body, flow.index.span(scope.path, scope.node))


def _takes_gradients(nodes: Sequence[ast.AST]) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr == "backward" for n in nodes)


def _script(flow: Flow, path: str) -> Program:
    tree = flow.index.tree(path)
    body = flow.walker.script(path)
    first = _main_part(tree) if isinstance(tree, ast.Module) else None
    last = len(flow.index.lines(path)) or 1
    entry = flow.index.span(path, first) if first is not None else flow.index.span(path, 1, last)
    return Program(flow, path, body, entry)


def _main_part(tree: ast.Module) -> ast.If | None:
    """`if __name__ == "__main__":`."""
    for node in tree.body:
        if isinstance(node, ast.If) and any(
            isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test)
        ):
            return node
    return None


def _inference_programs(flow: Flow, structure: Structure) -> Iterator[Program]:
    """Scripts and commands that run forwards and never take gradients; else what the main model itself offers."""
    covered: set[str] = set()
    for path in flow.index.trees():
        program = _script(flow, path)
        if "forward" in program.kinds and "backward" not in program.kinds:
            covered |= {body.scope.key for body in _bodies(program)}
            yield program
    for model in structure.models:
        yield from _model_programs(flow, model.qualified_name, covered, model.main and not covered)


def _model_programs(flow: Flow, owner: str, covered: set[str], with_forward: bool) -> Iterator[Program]:
    """Methods of a model that run without gradients, and its forward where nothing else runs it."""
    for key, scope in sorted(flow.inference.scopes.by_key.items()):
        is_method = scope.parent is not None and scope.parent.key == owner and scope.is_function
        if not is_method or key in covered:
            continue
        body = flow.walker.function(key)
        if body is None:
            continue
        runs_without_gradient = any(
            "no_grad" in d or "inference_mode" in d
            for step in body.steps
            for c in step.around.contexts
            for d in c.dotted
        )
        is_generation = runs_without_gradient and "forward" in flow.kinds(body)
        if is_generation or (with_forward and scope.dotted.endswith(".forward")):
            yield Program(flow, key, body, flow.index.span(scope.path, scope.node))


def _bodies(program: Program) -> list[Body]:
    return _inner_bodies(program.body)


def _inner_bodies(body: Body) -> list[Body]:
    found: dict[int, Body] = {}
    pending = [body]
    while pending:
        current = pending.pop()
        if id(current) not in found:
            found[id(current)] = current
            pending += [t.body for step in current.steps for t in step.targets if t.body is not None]
    return list(found.values())


# --- which one is the main one

Ranked = tuple[Program, tuple[Evidence, ...]]


def _ranked(index: SourceIndex, structure: Structure, programs: Sequence[Program]) -> list[Ranked]:
    """Programs with the evidence for their rank, best first."""
    main = next((model.qualified_name for model in structure.models if model.main), "")
    mentioned = _mentions(structure)
    scored = []
    for program in programs:
        evidence = [Evidence(program.entry, "entry_of_program", (("program", program.name),))]
        runs_main = bool(main) and any(body.scope.key.startswith(f"{main}.") for body in _bodies(program))
        if runs_main:
            evidence.append(Evidence(program.entry, "runs_main_model", (("model", main),)))
        place = mentioned.get(program.name.partition(":")[0])
        if place is not None:
            evidence.append(Evidence(structure.entry_points[place].where, "named_in_documents"))
        starts_anew = "backward" in program.kinds and not loads_weights(program)
        if starts_anew:
            evidence.append(Evidence(program.entry, "trains_from_scratch"))
        has_data = bool(program.kinds & {"data", "checkpoint", "tokenize"})
        is_script = ":" not in program.name
        place = place if place is not None else len(structure.entry_points)
        key = (
            not is_real,
            not runs_main,
            not is_script,
            is_notebook,
            not starts_anew,
            place,
            not has_data,
            program.name,
        )
        scored.append((key, program, tuple(evidence)))
    return [(program, evidence) for _, program, evidence in sorted(scored, key=lambda item: item[0])]


def loads_weights(program: Program) -> bool:
    """True where a default run reads weights: a `torch.load` that no condition with its default values rules out."""
    for occurrence in program.occurrences:
        if "torch.load" in occurrence.dotted and not program.in_evaluation(occurrence):
            places = [(occurrence.step, occurrence.stack)]
            places += [(step, occurrence.stack[:place]) for place, (step, _) in enumerate(occurrence.stack)]
            if not any(_is_ruled_out(program, step, stack) for step, stack in places):
                return True
    return False


def _is_ruled_out(program: Program, step: Step, stack: Sequence[tuple[Step, Target]]) -> bool:
    for text in step.around.conditions:
        try:
            node = ast.parse(text, mode="eval").body
        except SyntaxError:
            continue
        found = program.flow.values.truth(node, step.scope, stack)
        if found is False:
            return True
    return False


def _mentions(structure: Structure) -> dict[str, int]:
    """First place among the documents' commands, by the file that the command starts."""
    found: dict[str, int] = {}
    for place, entry in enumerate(structure.entry_points):
        if entry.kind in ("readme", "makefile", "shell", "console_script") and entry.target:
            found.setdefault(entry.target, place)
    return found


# --- the records


def _pipeline(
    kind: str, program: Program, is_main: bool, evidence: tuple[Evidence, ...], value_of: ValueOf
) -> Pipeline:
    stages = build_stages(program)
    is_training = kind == "training"
    optimizers = find_optimizers(program) if is_training else ()
    return Pipeline(
        kind="training" if is_training else "inference",
        entry=program.entry,
        entry_name=program.name,
        main=is_main,
        evidence=evidence,
        stages=tuple(stage for stage, _ in stages),
        features=find_features(program, stages),
        optimizers=optimizers,
        schedules=find_schedules(program, stages, optimizers, value_of) if is_training else (),
        losses=find_losses(program, stages) if is_training else (),
        data=find_data(program, stages),
        seeds=find_seeds(program),
        files=tuple(sorted({body.scope.path for body in _bodies(program)})),
    )


def _chains(training: Sequence[Ranked], inference: Sequence[Ranked]) -> Iterator[CallChain]:
    for program, _ in training:
        yield CallChain("training", build_call_chain(program), program.name)
    for program, _ in inference:
        yield CallChain("inference", build_call_chain(program), program.name)
