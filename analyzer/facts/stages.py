"""Stages of a program in the order of their execution, each by what its call does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from analyzer.facts.augmentations import draws_at_random
from analyzer.facts.collected_stages import CollectedStages
from analyzer.facts.evaluation_calls import is_eval
from analyzer.facts.evaluation_stages import EvaluationStages
from analyzer.facts.flow import Foreign, Function, Instance, Klass
from analyzer.facts.flow.driven import is_open
from analyzer.facts.flow.steps import Body, Step
from analyzer.facts.flow.trace import Occurrence, helped_by, is_forward, trains_itself
from analyzer.facts.framework_stages import is_off, place_of, without_replaced
from analyzer.facts.interfaces import stage_of
from analyzer.facts.loss_slices import LossSlices
from analyzer.facts.made_inputs import MadeInputs
from analyzer.facts.optimizer_choices import choices_at
from analyzer.facts.program import (
    DATA_BASES,
    OPTIMIZER_BASES,
    Program,
    is_unresolved_backward,
    is_unresolved_clearing,
    is_unresolved_update,
)
from analyzer.facts.repeated_saves import RepeatedSaves
from analyzer.facts.text_codecs import codec_methods
from analyzer.facts.trial_steps import is_trial, trial_scopes
from analyzer.index import Definition, External
from analyzer.records.processes import FrameworkName, Stage, StageKind

BATCH_SOURCES = frozenset(
    {
        "numpy.memmap", "torch.stack", "torch.from_numpy", "torch.randint", "torch.tensor", "builtins.next",
        "torch.utils.data.DataLoader", "numpy.load", "torch.load", "torch.randn", "torch.rand",
    }
)  # fmt: skip
SIMPLE_STATEMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.Delete, ast.Assert, ast.Raise)


def build_stages(program: Program) -> tuple[tuple[Stage, Occurrence], ...]:
    """Stages with the occurrences they come from, each line once; a line with several losses once for each of them."""
    builder = _StageBuilder(program)
    trials, saves, inputs = trial_scopes(program), RepeatedSaves(program), MadeInputs(program)
    found = CollectedStages()
    for occurrence in program.occurrences:
        found.pass_by(occurrence)
        if is_trial(occurrence, trials):
            continue
        kind = "checkpoint" if saves.tells(occurrence) else builder.kind(occurrence)
        kind = "batch" if kind is None and inputs.tells(occurrence) else kind
        if kind is not None and not is_off(program, occurrence):
            stage = builder.stage(kind, occurrence)
            term = id(occurrence.step.node) if kind == "loss" else helped_by(occurrence)
            found.add((stage.kind, stage.where, stage.function, term), stage, builder.shown(occurrence))
    augmented = {stage.where for stage, _ in found.stages() if stage.kind == "augment"}
    runs = {s.where for s, _ in found.stages() if s.kind in ("forward", "sample") and s.framework is None}
    hidden = {"build": augmented, "batch": runs}
    kept = [item for item in found.stages() if item[0].where not in hidden.get(item[0].kind, ())]
    told = without_replaced(tuple(_results_last(program, kept)))
    return tuple(found.with_choices(told, program.flow.index))


def _results_last(program: Program, stages: list[tuple[Stage, Occurrence]]) -> Iterator[tuple[Stage, Occurrence]]:
    """Where the model only runs, what opens files after its last run works on results: it prepares no input."""
    runs = [place for place, (stage, _) in enumerate(stages) if stage.kind in ("forward", "sample", "evaluate")]
    last = runs[-1] if runs and "backward" not in program.kinds else len(stages)
    for place, (stage, occurrence) in enumerate(stages):
        yield (replace(stage, kind="postprocess") if place > last and stage.kind == "preprocess" else stage), occurrence


class _StageBuilder:
    def __init__(self, program: Program) -> None:
        self._program = program
        self._inference = program.flow.inference
        self._losses = LossSlices(program)
        self._evaluation = EvaluationStages(program)
        self._is_training = "backward" in program.kinds
        backward = [
            o for o in program.occurrences if "backward" in self._foreign_kinds(o) or is_unresolved_backward(o.step)
        ]
        self._backward_loops = {o.around.loops for o in backward}
        self._training_lines = {loop for loops in self._backward_loops for loop in loops}
        self._mode_is_eval = False
        self._eval_scope = ""
        self._forward_inputs = self._inputs_of_forwards()

    @staticmethod
    def _foreign_kinds(occurrence: Occurrence) -> set[StageKind]:
        return {kind for dotted in occurrence.dotted if (kind := stage_of(dotted)) is not None}

    def _inputs_of_forwards(self) -> set[tuple[str, str]]:
        """(scope, name) of what the forwards of models read."""
        found = set()
        for occurrence in self._program.occurrences:
            call = occurrence.call
            if call is not None and not occurrence.in_forward and self._is_forward(occurrence):
                for argument in (*call.args, *(k.value for k in call.keywords)):
                    names = {n.id for n in ast.walk(argument) if isinstance(n, ast.Name)}
                    found |= {(occurrence.step.scope.key, name) for name in names}
        return found

    def _is_forward(self, occurrence: Occurrence) -> bool:
        call = occurrence.call
        is_given = call is None or bool(call.args or call.keywords)
        found = is_given and any(is_forward(self._inference, t) for t in occurrence.step.targets)
        return found and not self._is_loss(occurrence)

    @staticmethod
    def _is_loss(occurrence: Occurrence) -> bool:
        return any(stage_of(dotted) == "loss" for dotted in occurrence.dotted)

    # --- what kind of stage

    def kind(self, occurrence: Occurrence) -> StageKind | None:
        """The kind of stage that a step is, None for the many that are none."""
        found = self._raw_kind(occurrence)
        if found == "mode":
            self._mode_is_eval = is_eval(occurrence.step)
        if found is None or (occurrence.in_construction and found != "optimizer"):
            return None
        if occurrence.in_forward and found != "loss":
            return None
        if self._program.in_evaluation(occurrence) and found != "checkpoint":
            return None
        return found

    def _raw_kind(self, occurrence: Occurrence) -> StageKind | None:
        step = occurrence.step
        if step.act is not None or (occurrence.call is not None and is_open(occurrence.call)):
            return step.act.kind if step.act is not None else None
        if step.kind == "store":
            return "schedule" if self._stores_rate(occurrence) else None
        if step.kind == "loop":
            return self._loop_kind(occurrence)
        if id(step) in self._program.evaluation_calls:
            return "evaluate"
        unresolved = unresolved_kind(step)
        if unresolved is not None:
            return unresolved
        judged = "loss" if self._losses.is_loss_call(step) else self._evaluation.kind(occurrence)
        if judged is not None:
            return judged
        foreign = next((kind for dotted in occurrence.dotted if (kind := stage_of(dotted))), None)
        if foreign is not None:
            return self._checked(foreign, occurrence)
        return self._own_kind(occurrence) or self._log_kind(occurrence)

    def _checked(self, kind: StageKind, occurrence: Occurrence) -> StageKind | None:
        if kind in ("zero_grad", "optimizer") and not self._is_training:
            return None
        if kind == "load_checkpoint" and _copies_weights(occurrence.call):
            return None
        if kind == "preprocess" and "numpy.frombuffer" in occurrence.dotted and self._is_in_module(occurrence):
            return None
        if kind == "loss" and not self._is_differentiated(occurrence):
            return None
        if kind == "augment" and occurrence.call is not None:
            is_random = draws_at_random(self._inference, occurrence.call, occurrence.step.scope)
            return "augment" if is_random else "preprocess"
        return kind

    def _is_in_module(self, occurrence: Occurrence) -> bool:
        """In a method of a module: what is unpacked there is a part of the model, no input."""
        owner = occurrence.step.scope.parent
        return owner is not None and owner.is_class and self._inference.is_module(Instance(owner.key))

    def _is_differentiated(self, occurrence: Occurrence) -> bool:
        """The value of `backward` is followed through this call, or through a call that leads to it."""
        steps = [occurrence.step, *(step for step, _ in occurrence.stack)]
        return self._is_training and any(self._losses.is_on_the_way(step) for step in steps)

    def _own_kind(self, occurrence: Occurrence) -> StageKind | None:
        if not occurrence.in_forward and self._is_forward(occurrence):
            return self._forward_kind(occurrence)
        for target in occurrence.step.targets:
            found = target.type
            if isinstance(found, Klass):
                return None if self._in_registry_call(occurrence) else self._built_kind(found)
            if isinstance(found, Function) and isinstance(found.receiver, Instance):
                is_step = found.name.endswith(".step")
                if is_step and self._program.is_own_class(found.receiver, OPTIMIZER_BASES):
                    return "step"
                codec = self._codec_kind(found.name)
                if codec is not None:
                    return codec
        if self._is_registry_call(occurrence.step):
            return "build"
        if choices_at(self._program, occurrence):
            return "optimizer"
        is_next = "builtins.next" in occurrence.dotted and occurrence.call is not None
        if is_next and self._program.loader_of(occurrence.step.node, occurrence.step):
            return "batch"
        return "batch" if self._is_batch_call(occurrence) else None

    def _codec_kind(self, method: str) -> StageKind | None:
        """A method of an own class that turns text into numbers or back."""
        owner = self._program.flow.index.symbols.definition(method.rpartition(".")[0])
        if owner is None or not isinstance(owner.node, ast.ClassDef):
            return None
        kind = codec_methods(self._program.flow.index, owner).get(method)
        return {"encode": "tokenize", "decode": "postprocess"}.get(kind or "")  # type: ignore[return-value]

    def _is_registry_call(self, step: Step) -> bool:
        """A call of several factories, of which the configuration chooses one, each building a module."""
        makers = [t.type.name for t in step.targets if isinstance(t.type, Function)]
        made = [self._inference.returned(name) for name in makers]
        return len(makers) > 1 and all(types and all(map(self._inference.is_module, types)) for types in made)

    def _in_registry_call(self, occurrence: Occurrence) -> bool:
        return any(self._is_registry_call(step) for step, _ in occurrence.stack)

    def _built_kind(self, found: Klass) -> StageKind | None:
        if self._inference.is_module(Instance(found.owner)) and not trains_itself(
            self._inference, Instance(found.owner)
        ):
            return "build"
        if self._program.is_own_class(found, OPTIMIZER_BASES):
            return "optimizer"
        return "data" if self._program.is_own_class(found, DATA_BASES) else None

    def _forward_kind(self, occurrence: Occurrence) -> StageKind | None:
        if any(is_forward(self._inference, t) for step, _ in occurrence.stack for t in step.targets):
            return None
        is_evaluation = (
            self._is_training
            and self._mode_is_eval
            and self._program.is_under_no_grad(occurrence)
            and occurrence.around.loops not in self._backward_loops
        )
        return "evaluate" if is_evaluation else "forward"

    def _is_batch_call(self, occurrence: Occurrence) -> bool:
        """A call of own code whose result a model's forward reads, and which draws from data."""
        called = (t for t in occurrence.step.targets if isinstance(t.type, Function) and not t.note)
        bodies = [target.body for target in called if target.body is not None]
        if not bodies:
            return False
        produced = {(occurrence.step.scope.key, name) for name in names_stored(occurrence.step.statement)}
        return bool(produced & self._forward_inputs) and any(map(self._draws_data, bodies))

    def _draws_data(self, body: Body) -> bool:
        direct = {dotted for step in body.steps for dotted in step.foreign}
        return bool(direct & BATCH_SOURCES) and "forward" not in self._program.flow.kinds(body)

    def _loop_kind(self, occurrence: Occurrence) -> StageKind | None:
        node = occurrence.step.node
        hands_on = any(isinstance(n, (ast.Yield, ast.YieldFrom)) for n in occurrence.step.scope.nodes)
        if isinstance(node, (ast.For, ast.AsyncFor)) and self._program.loader_of(node.iter, occurrence.step):
            return None if hands_on else "batch"
        return None

    def _stores_rate(self, occurrence: Occurrence) -> bool:
        """`group['lr'] = …` for a group of an optimizer."""
        node = occurrence.step.node
        if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Constant) or node.slice.value != "lr":
            return False
        types = self._inference.types(node.value, occurrence.step.scope)
        return any(isinstance(t, Foreign) and "param_groups" in t.dotted for t in types)

    def _log_kind(self, occurrence: Occurrence) -> StageKind | None:
        """Printing or logging a number taken out of a tensor, inside a training loop."""
        if occurrence.call is not None and self._evaluation.reports(occurrence.call, occurrence):
            return "log"
        if not self._is_training or not set(occurrence.around.loops) & self._training_lines:
            return None
        call = occurrence.call
        prints = "builtins.print" in occurrence.dotted or any(d.startswith("logging.") for d in occurrence.dotted)
        for target in occurrence.step.targets:
            is_own = isinstance(target.type, Function) and target.body is not None and not target.note
            if is_own and target.body is not None and "print" in self._program.flow.kinds(target.body):
                prints = prints or len(target.body.steps) <= 6
        return "log" if prints and call is not None and self._reports_number(call, occurrence) else None

    def _reports_number(self, call: ast.Call, occurrence: Occurrence) -> bool:
        numbers = {
            name
            for node in occurrence.step.scope.nodes
            if isinstance(node, (ast.Assign, ast.AugAssign)) and _takes_item(node.value)
            for name in names_stored(node)
        }
        read = {
            n.id
            for a in (*call.args, *(k.value for k in call.keywords))
            for n in ast.walk(a)
            if isinstance(n, ast.Name)
        }
        return bool(read & numbers) or _takes_item(call)

    # --- the record

    def stage(self, kind: StageKind, occurrence: Occurrence) -> Stage:
        """The record of a stage: its statement, or the head of the compound statement it stands in."""
        occurrence = self.shown(occurrence)
        step, index = occurrence.step, self._program.flow.index
        if step.act is not None and step.driver is not None:
            return self._framework_stage(kind, occurrence, step.driver.framework)
        place = _place(step.node, step.statement)
        where = index.span(step.scope.path, *_lines(place, step.statement))
        loops, condition = occurrence.around.loops, occurrence.around.conditions
        return Stage(
            kind=kind,
            where=where,
            code=_code(index.segment(step.scope.path, place), place),
            function=step.scope.key,
            consumes=tuple(name for name in names_loaded(place) if not self._is_import(name, step)),
            produces=names_stored(step.statement),
            depth=len(loops),
            loops=tuple(loop.header for loop in loops),
            condition=condition[-1] if condition else None,
            outer_conditions=tuple(text for text in condition[:-1] if "__name__" not in text),
            called=self._called(occurrence),
        )

    def shown(self, occurrence: Occurrence) -> Occurrence:
        """The step itself; the call of a short helper around it where the program calls that helper more than once."""
        callers = self._program.calls_of.get(occurrence.step.scope.key, ())
        if not helped_by(occurrence) or len(callers) < 2:
            return occurrence
        outer = occurrence.stack[-1][0]
        around = replace(occurrence.around, conditions=outer.around.conditions, branches=outer.around.branches)
        return replace(occurrence, step=outer, around=around, stack=occurrence.stack[:-1])

    def _called(self, occurrence: Occurrence) -> tuple[str, ...]:
        """Modules of the repository whose forward the call runs."""
        found = (t.type for t in occurrence.step.targets if is_forward(self._inference, t))
        owners = (t.receiver if isinstance(t, Function) else t for t in found)
        return tuple(sorted({owner.owner for owner in owners if isinstance(owner, Instance)}))

    def _framework_stage(self, kind: StageKind, occurrence: Occurrence, framework: FrameworkName) -> Stage:
        where, code = place_of(self._program, occurrence)
        loops = tuple(loop.header for loop in occurrence.around.loops)
        body = next((t.body for t in occurrence.step.targets if t.body is not None), None)
        function = body.scope.key if body is not None else occurrence.step.scope.key
        return Stage(kind, where, code, function, depth=len(loops), loops=loops, framework=framework)

    def _is_import(self, name: str, step: Step) -> bool:
        """Modules, classes and functions are not data."""
        root = name.partition(".")[0]
        owner = self._inference.scopes.owner_of(step.scope, root)
        if owner is not None and owner.is_function:
            imports = (n for n in owner.nodes if isinstance(n, (ast.Import, ast.ImportFrom)))
            return any((a.asname or a.name.partition(".")[0]) == root for n in imports for a in n.names)
        found = self._program.flow.index.symbols.resolve(step.scope.path, root)
        if isinstance(found, Definition):
            return isinstance(found.node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        return isinstance(found, (External, str))


def _copies_weights(call: ast.Call | None) -> bool:
    """`a.load_state_dict(b.state_dict())`: weights go from one module to another; nothing is read from a file."""
    given = call.args[0] if call is not None and call.args else None
    return isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute) and given.func.attr == "state_dict"


def unresolved_kind(step: Step) -> StageKind | None:
    """The stage of a call of which only its name in torch's interface is known."""
    if is_unresolved_backward(step):
        return "backward"
    if is_unresolved_update(step):
        return "step"
    return "zero_grad" if is_unresolved_clearing(step) else None


def _place(node: ast.AST, statement: ast.stmt) -> ast.AST:
    """The statement where it is simple, the call itself inside a compound one."""
    return statement if isinstance(statement, (*SIMPLE_STATEMENTS, ast.For, ast.AsyncFor)) else node


def _lines(place: ast.AST, statement: ast.stmt) -> tuple[int, int]:
    first = getattr(place, "lineno", statement.lineno)
    if isinstance(place, (ast.For, ast.AsyncFor)):
        return first, place.iter.end_lineno or first
    return first, getattr(place, "end_lineno", None) or first


def _code(segment: str, place: ast.AST) -> str:
    """As written; of a loop its header up to the colon."""
    if not isinstance(place, (ast.For, ast.AsyncFor)):
        return segment
    last = (place.iter.end_lineno or place.lineno) - place.lineno
    lines = segment.encode("utf-8", "surrogateescape").split(b"\n")[: last + 1]
    before = 0 if last else place.col_offset
    lines[-1] = lines[-1][: (place.iter.end_col_offset or 0) - before]
    return b"\n".join(lines).decode("utf-8", "surrogateescape")


def names_loaded(node: ast.AST) -> tuple[str, ...]:
    """Names that a statement reads, in order, without callees; attributes with their dots."""
    parts = [node.iter] if isinstance(node, (ast.For, ast.AsyncFor)) else [node]
    found: dict[str, None] = {}
    for part in parts:
        for name in _reads(part):
            found.setdefault(name)
    return tuple(found)


def _reads(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        yield from _reads_of_call(node)
    elif isinstance(node, ast.Attribute):
        yield from _reads_of_attribute(node)
    elif isinstance(node, ast.Name):
        yield from [node.id] if isinstance(node.ctx, ast.Load) else []
    else:
        for child in ast.iter_child_nodes(node):
            yield from _reads(child)


def _reads_of_call(node: ast.Call) -> Iterator[str]:
    if isinstance(node.func, ast.Attribute):
        yield from _reads(node.func.value)
    elif not isinstance(node.func, ast.Name):
        yield from _reads(node.func)
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        yield from _reads(argument)


def _reads_of_attribute(node: ast.Attribute) -> Iterator[str]:
    """`config.lr` as a whole; the object of a store is not read."""
    text = ast.unparse(node)
    if isinstance(node.ctx, ast.Load) and text.replace(".", "").replace("_", "").isalnum():
        yield text
    elif isinstance(node.ctx, ast.Load) or not isinstance(node.value, ast.Name):
        yield from _reads(node.value)


def names_stored(node: ast.AST) -> tuple[str, ...]:
    """Names and attributes that a statement binds."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, (ast.AugAssign, ast.AnnAssign, ast.For, ast.AsyncFor, ast.NamedExpr)):
        targets = [node.target]
    found: dict[str, None] = {}
    for target in targets:
        for part in ast.walk(target):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                found.setdefault(part.id)
            elif isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
                found.setdefault(ast.unparse(part))
    return tuple(found)


def _takes_item(node: ast.AST | None) -> bool:
    return node is not None and any(isinstance(n, ast.Attribute) and n.attr == "item" for n in ast.walk(node))
