"""Where programs start: scripts, notebooks, functions and methods that train or infer, and which is the main one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from analyzer.facts.branches import split_program
from analyzer.facts.command_starts import command_functions
from analyzer.facts.evaluation_calls import bodies_below
from analyzer.facts.flow.foreign import is_module_object
from analyzer.facts.flow.frameworks import LOSS_HOOKS
from analyzer.facts.flow.scopes import CodeScope
from analyzer.facts.flow.starts import hook_start, method_start
from analyzer.facts.flow.steps import Body
from analyzer.facts.program import Flow, Program
from analyzer.facts.testing import is_test_file
from analyzer.index import SourceIndex
from analyzer.index.main_guard import main_guard
from analyzer.records.evidence import Evidence
from analyzer.records.processes import Start
from analyzer.records.source import Span
from analyzer.records.structure import Structure

INVENTED = frozenset(f"torch.{name}" for name in ("randn", "rand", "randint", "ones", "zeros", "randn_like"))
KEEPING = frozenset({"data", "checkpoint"})
"""What a training has and a self-test of gradients has not."""
Ranked = tuple[Program, tuple[Evidence, ...]]


def training_programs(flow: Flow) -> Iterator[Program]:
    """Scripts that take gradients and step; then functions that do so and that no script reaches."""
    covered: set[str] = set()
    starts: set[Span] = set()
    for program in _started_programs(flow, covered):
        if {"backward"} <= program.kinds and program.kinds & {"step", "optimizer"}:
            covered |= {body.scope.key for body in bodies_of(program)}
            yield program
    for key, scope in flow.inference.scopes.by_key.items():
        is_method = scope.is_function and not isinstance(scope.node, ast.Lambda) and not _is_tested(flow, key)
        if is_method and key not in covered and _takes_gradients(scope.nodes):
            started = _started_by(flow, key)
            if started is not None and started.entry not in starts:
                starts.add(started.entry)
                covered |= {inner.scope.key for inner in bodies_of(started)}
                yield started
            key, scope = _outermost(flow, key)  # noqa: PLW2901  the loop around it is part of the program
            body = method_start(flow.inference, flow.walker, key) if key not in covered else None
            if body is not None and {"backward", "step"} <= flow.kinds(body):
                covered |= {inner.scope.key for inner in bodies_below(body)}
                start: Start = "method" if scope.parent is not None and scope.parent.is_class else "function"
                yield Program(flow, key, body, flow.index.span(scope.path, scope.node), start=start)

    yield from _hook_programs(flow, covered)


def _started_by(flow: Flow, key: str) -> Program | None:
    """The one function at the top of a file from which a method is reached and which nothing calls: what it hands to
    the method's class is what the method works with.
    """
    scopes = flow.inference.scopes.by_key
    above, pending = {key}, [key]
    while pending:
        fresh = {caller for caller in flow.callers.get(pending.pop(), set()) - above if not _is_tested(flow, caller)}
        above |= fresh
        pending += sorted(fresh)
    uncalled = sorted(caller for caller in above - {key} if not flow.callers.get(caller, set()) & above)
    scope = scopes[uncalled[0]] if len(uncalled) == 1 else None
    if scope is None or not scope.is_function or scope.parent is None or scope.parent.parent is not None:
        return None
    body = flow.walker.function(uncalled[0])
    if body is None or not {"backward", "step"} <= flow.kinds(body):
        return None
    return Program(flow, uncalled[0], body, flow.index.span(scope.path, scope.node), start="function")


def _is_tested(flow: Flow, key: str) -> bool:
    """The code belongs to a test: what it trains, it trains for a check."""
    return is_test_file(flow.index, flow.inference.scopes.by_key[key].path)


def _outermost(flow: Flow, key: str) -> tuple[str, CodeScope]:
    """The method of the same class from which a method is called, and so on, while there is but one."""
    scopes = flow.inference.scopes.by_key
    seen = {key}
    while True:
        owner = scopes[key].parent
        callers = {c for c in flow.callers.get(key, ()) if owner is not None and scopes[c].parent is owner} - seen
        if len(callers) != 1 or owner is None or not owner.is_class:
            return key, scopes[key]
        key = callers.pop()
        seen.add(key)


def _hook_programs(flow: Flow, covered: set[str]) -> Iterator[Program]:
    """Classes whose methods a framework runs, and that no script hands to it."""
    scopes = flow.inference.scopes.by_key
    for key, scope in scopes.items():
        is_owner = scope.is_class and not _is_tested(flow, key)
        hooks = [hook for name in LOSS_HOOKS if (hook := f"{key}.{name}") in scopes] if is_owner else []
        body = hook_start(flow.inference, flow.walker, key) if hooks and not covered & set(hooks) else None
        if body is not None and "backward" in flow.kinds(body):
            yield Program(flow, key, body, flow.index.span(scope.path, scope.node), start="hooks")


def _takes_gradients(nodes: Sequence[ast.AST]) -> bool:
    return any(isinstance(n, ast.Attribute) and n.attr == "backward" for n in nodes)


def _started_programs(flow: Flow, covered: set[str]) -> Iterator[Program]:
    """Scripts; then commands, such as console scripts, that no script reaches."""
    reached: set[str] = set()
    for path in flow.index.trees():
        if is_test_file(flow.index, path):
            continue
        program = _script(flow, path)
        reached |= {body.scope.key for body in bodies_of(program)}
        yield from split_program(program)
    for key in command_functions(flow.index):
        body = flow.walker.function(key) if key not in covered | reached else None
        if body is not None:
            yield from split_program(Program(flow, key, body, flow.index.span(body.scope.path, body.scope.node)))


def _script(flow: Flow, path: str) -> Program:
    tree = flow.index.tree(path)
    body = flow.walker.script(path)
    first = main_guard(tree) if isinstance(tree, ast.Module) else None
    last = flow.index.files[path].lines or 1
    entry = flow.index.span(path, first) if first is not None else flow.index.span(path, 1, last)
    return Program(flow, path, body, entry)


def inference_programs(flow: Flow, structure: Structure, evaluations: Sequence[Program] = ()) -> Iterator[Program]:
    """Scripts and commands that run forwards and never take gradients; where there are none the evaluations of
    trainings, which show how the model is run; else what the main model itself offers.
    """
    covered: set[str] = set()
    has_real = False
    for program in _started_programs(flow, covered):
        if "forward" in program.kinds and "backward" not in program.kinds:
            covered |= {body.scope.key for body in bodies_of(program)}
            has_real = has_real or is_real(program)
            yield program
    for program in () if has_real else _offered_functions(flow, structure, covered):
        covered |= {body.scope.key for body in bodies_of(program)}
        has_real = True
        yield program
    for program in () if has_real else evaluations:
        covered |= {body.scope.key for body in bodies_of(program)}
        has_real = True
        yield program
    for model in structure.models:
        yield from _model_programs(flow, model.qualified_name, covered, model.main and not has_real)


def _offered_functions(flow: Flow, structure: Structure, covered: set[str]) -> Iterator[Program]:
    """Functions at the top of files that no code names and that run the main model with weights or texts: what a user
    calls to infer.
    """
    main = next((model.qualified_name for model in structure.models if model.main), "")
    for key, scope in sorted(flow.inference.scopes.by_key.items()):
        is_top = scope.parent is not None and scope.parent.parent is None and not scope.parent.is_class
        name = str(getattr(scope.node, "name", "_"))
        is_named = name.startswith("_") or name in flow.named
        if not scope.is_function or not is_top or is_named or key in covered or _is_tested(flow, key):
            continue
        body = flow.walker.function(key)
        if body is None or "forward" not in flow.kinds(body) or "backward" in flow.kinds(body):
            continue
        program = Program(flow, key, body, flow.index.span(scope.path, scope.node), start="function")
        runs_main = bool(main) and any(inner.scope.key.startswith(f"{main}.") for inner in bodies_of(program))
        if runs_main and is_real(program) and _is_guarded(program):
            yield program


def _is_guarded(program: Program) -> bool:
    """Somewhere below gradients are switched off, or the model is switched to evaluation."""
    contexts = (c for body in bodies_of(program) for step in body.steps for c in step.around.contexts)
    return "eval" in program.kinds or any("no_grad" in d or "inference_mode" in d for c in contexts for d in c.dotted)


def _model_programs(flow: Flow, owner: str, covered: set[str], with_forward: bool) -> Iterator[Program]:
    """Methods of a model that run without gradients, those that another one of them calls apart; where there are none
    and nothing else runs the model, its forward: what that computes is all that can be told.
    """
    scopes = flow.inference.scopes.by_key
    methods = [key for key, scope in sorted(scopes.items()) if scope.parent is not None and scope.parent.key == owner]
    generating = [key for key in methods if key not in covered and _generates(flow, key)]
    found = [key for key in generating if not _is_below(flow, key, {*generating} - {key})]
    for key in found:
        yield from _method_program(flow, key, "method")
    for key in methods if with_forward and not found else ():
        if key.endswith(".forward"):
            yield from _method_program(flow, key, "forward")


def _method_program(flow: Flow, key: str, start: Start) -> Iterator[Program]:
    body, scope = flow.walker.function(key), flow.inference.scopes.by_key[key]
    if body is not None:
        yield Program(flow, key, body, flow.index.span(scope.path, scope.node), start=start)


def _generates(flow: Flow, key: str) -> bool:
    """A method that switches gradients off itself and runs forwards."""
    body = flow.walker.function(key) if flow.inference.scopes.by_key[key].is_function else None
    contexts = [c for step in body.steps for c in step.around.contexts] if body is not None else []
    is_guarded = any("no_grad" in d or "inference_mode" in d for c in contexts for d in c.dotted)
    return body is not None and is_guarded and "forward" in flow.kinds(body)


def _is_below(flow: Flow, key: str, others: set[str]) -> bool:
    """One of the others leads to the function, and it does not lead there itself."""
    above, pending = {key}, [key]
    while pending:
        fresh = flow.callers.get(pending.pop(), set()) - above
        above |= fresh
        pending += sorted(fresh)
    return bool(above & others) and not any(key in flow.callers.get(other, set()) for other in above & others)


def is_real(program: Program) -> bool:
    """Trains, or runs a model with weights or inputs of its own; a mere call with random numbers is a self-test."""
    if program.kinds & {"load_checkpoint", "tokenize"} or ("backward" in program.kinds and program.kinds & KEEPING):
        return True
    return bool(program.kinds & {"eval", "backward", "sample"}) and not _invents_inputs(program)


def _invents_inputs(program: Program) -> bool:
    """Tensors of random or constant numbers are made in the program's own code, as a self-test makes its inputs."""
    own = [body for body in bodies_of(program) if body.scope.path == program.body.scope.path and body.scope.parent]
    bodies = [program.body, *(body for body in own if body.scope.parent is not None and not body.scope.parent.is_class)]
    return any(dotted in INVENTED for body in bodies for step in body.steps for dotted in step.foreign)


def bodies_of(program: Program) -> list[Body]:
    """Every body that a program may run."""
    return bodies_below(program.body)


# --- which one is the main one


def ranked(index: SourceIndex, structure: Structure, programs: Sequence[Program]) -> list[Ranked]:
    """Programs with the evidence for their rank, best first."""
    main = next((model.qualified_name for model in structure.models if model.main), "")
    mentioned = _mentions(structure)
    scored = []
    for program in programs:
        evidence = [Evidence(program.entry, "entry_of_program", (("program", program.name),))]
        runs_main = bool(main) and any(body.scope.key.startswith(f"{main}.") for body in bodies_of(program))
        if runs_main:
            evidence.append(Evidence(program.entry, "runs_main_model", (("model", main),)))
        place = mentioned.get(program.script or program.name.partition(":")[0])
        if place is not None:
            evidence.append(Evidence(structure.entry_points[place].where, "named_in_documents"))
        evidence += _document_lines(structure, program, main)
        starts_anew = "backward" in program.kinds and not loads_weights(program)
        if starts_anew:
            evidence.append(Evidence(program.entry, "trains_from_scratch"))
        draws = "sample" in program.kinds and "backward" not in program.kinds
        has_data = bool(program.kinds & {"data", "checkpoint", "tokenize"})
        is_script = bool(program.script) or ":" not in program.name or _is_offered(program)
        is_method = not is_script and "backward" not in program.kinds and not is_real(program)
        is_notebook = program.name.endswith(".ipynb")
        place = place if place is not None else len(structure.entry_points)
        key = (
            not (is_real(program) or is_method),
            not runs_main,
            not is_script,
            not program.name.startswith(f"{main}."),
            is_notebook,
            not starts_anew,
            place == len(structure.entry_points),
            not draws,
            place,
            not has_data,
            program.name,
        )
        scored.append((key, program, tuple(evidence)))
    return [(program, evidence) for _, program, evidence in sorted(scored, key=lambda item: item[0])]


def _is_offered(program: Program) -> bool:
    """An inference function that only users call stands as a script does."""
    return program.start == "function" and "backward" not in program.kinds


def _document_lines(structure: Structure, program: Program, main: str) -> list[Evidence]:
    """Where the documents build the model whose forward is all that runs it."""
    if program.name != f"{main}.forward":
        return []
    lines = [e for model in structure.models if model.main for e in model.evidence if e.rule == "built_in_readme"]
    return [Evidence(line.where, "named_in_documents") for line in lines[:1]]


def loads_weights(program: Program) -> bool:
    """True where a default run reads weights: a `torch.load`, or a library's trained model, that no condition with
    its default values rules out.
    """
    return any(
        any(dotted == "torch.load" or _is_trained(dotted) for dotted in occurrence.dotted)
        and not program.in_evaluation(occurrence)
        and program.holds(occurrence) is not False
        for occurrence in program.occurrences
    )


def _is_trained(dotted: str) -> bool:
    return dotted.endswith(".from_pretrained") and is_module_object(f"{dotted}()")


def _mentions(structure: Structure) -> dict[str, int]:
    """First place among the documents' commands, by the file that the command starts."""
    found: dict[str, int] = {}
    for place, entry in enumerate(structure.entry_points):
        if entry.kind in ("readme", "makefile", "shell", "console_script") and entry.target:
            found.setdefault(entry.target, place)
    return found
