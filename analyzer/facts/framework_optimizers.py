"""The optimizer and the schedule that a framework builds from the settings which the source gives it.

The class is known where the source names it; else only the method that chooses it. What the source leaves open has
no row here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from analyzer.facts.framework_settings import find_settings
from analyzer.facts.program import Program
from analyzer.records.evidence import Known, Unknown
from analyzer.records.processes import FrameworkSettings, Optimizer, Schedule

CLASSES = {
    "adamw_torch": "torch.optim.AdamW", "adamw_torch_fused": "torch.optim.AdamW", "adamw_hf": "transformers.AdamW",
    "sgd": "torch.optim.SGD", "adagrad": "torch.optim.Adagrad", "rmsprop": "torch.optim.RMSprop",
    "adafactor": "transformers.Adafactor",
}  # fmt: skip
"""What the setting `optim` of transformers stands for."""
OF_OPTIMIZER = ("optim", "learning_rate", "weight_decay", "adam_beta1", "adam_beta2", "adam_epsilon", "optim_args")
OF_SCHEDULE = ("lr_scheduler_type", "warmup_steps", "warmup_ratio", "max_steps", "num_train_epochs", "learning_rate")
BUILT_BY = ("transformers.Trainer.create_optimizer", "transformers.Trainer.create_scheduler")
POINTS = 200

Row = tuple[str, str, Known[object] | Unknown]


def framework_optimizer(program: Program) -> Optimizer | None:
    """What the framework builds where no code of the repository does."""
    made = _arguments_of(program, "optimizer")
    if made is None:
        return None
    rows = _rows(made, OF_OPTIMIZER)
    chosen = next((value.value for name, _, value in rows if name == "optim" and isinstance(value, Known)), None)
    return Optimizer(CLASSES.get(str(chosen), BUILT_BY[0]), rows, (), made.where)


def framework_schedule(program: Program) -> Schedule | None:
    """The schedule with its curve where length, peak and form are all given."""
    made = _arguments_of(program, "schedule")
    if made is None:
        return None
    rows = _rows(made, OF_SCHEDULE)
    curve = _curve({name: value.value for name, _, value in rows if isinstance(value, Known)})
    gap = None if curve else Unknown("schedule_not_sampled", (("schedule", BUILT_BY[1]),), made.where)
    return Schedule(BUILT_BY[1], made.where, tuple(row for row in rows if row[0] != "learning_rate"), curve, gap)


def _arguments_of(program: Program, kind: str) -> FrameworkSettings | None:
    """The arguments of a run in which the framework itself does a stage; the settings' class has them."""
    own = [o for o in program.occurrences if o.step.act is not None and o.step.act.kind == kind]
    if not own or any(o.step.targets or o.step.driver is None for o in own):
        return None
    if own[0].step.driver is None or own[0].step.driver.framework != "transformers":
        return None
    made = [item for item in find_settings(program) if item.framework == "transformers"]
    return next((item for item in made if not item.made.endswith("Trainer")), None)


def _rows(made: FrameworkSettings, names: Sequence[str]) -> tuple[Row, ...]:
    return tuple(row for row in made.settings if row[0] in names)


def _curve(given: dict[str, object]) -> tuple[tuple[int, float], ...]:
    """Linear warm-up, then the named decay to nought, as the manual of `get_scheduler` says."""
    last, peak, warm = given.get("max_steps"), given.get("learning_rate"), given.get("warmup_steps", 0)
    form = given.get("lr_scheduler_type")
    is_told = type(last) is int and last > 0 and isinstance(peak, float) and type(warm) is int and warm != 1
    if not is_told or "warmup_ratio" in given or form not in ("linear", "cosine"):
        return ()
    assert isinstance(last, int) and isinstance(peak, float) and isinstance(warm, int)
    steps = sorted({round(last * at / POINTS) for at in range(POINTS + 1)})
    return tuple((step, peak * _share(step, warm, last, str(form))) for step in steps)


def _share(step: int, warm: int, last: int, form: str) -> float:
    if step < warm:
        return step / max(1, warm)
    if form == "linear":
        return max(0.0, (last - step) / max(1, last - warm))
    return max(0.0, 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, last - warm))))
