"""In which order the loops of training frameworks run the methods of a user's class, and what they do themselves.

Knowledge of published interfaces, as tables: Lightning's `Trainer.fit` by the pseudo-code of its manual, section
"Hooks", and by lightning 2.6; the `Trainer` of Hugging Face by its manual, section "Trainer", and by transformers 5.23.
What is told with these tables names its framework, so that a report can mark it as knowledge from outside the source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from analyzer.records.processes import FrameworkName, StageKind

LOSS_HOOKS = frozenset({"training_step", "compute_loss"})
"""Methods of a user's class that return the loss to the framework."""
EPOCH = ("each epoch",)
BATCH = ("each epoch", "each batch")
VALIDATION = ("each epoch", "each validation batch")


@dataclass(frozen=True)
class Act:
    """One thing that a framework's loop does: it calls a method of the user's class (`hook`), or does a stage itself.

    With both, the method is where the user's code has its say in the stage.
    """

    kind: StageKind | None = None
    hook: str = ""
    loops: tuple[str, ...] = ()
    setting: str = ""
    """The stage is there only where this setting of the trainer is given."""
    unless: tuple[str, ...] = ()
    """The stage is not there where the user's class has one of these methods."""
    made: str = ""
    """The stage is there where the program constructs something of this name, and that line stands for it."""
    interval: Literal["", "step", "epoch"] = ""
    """The stage of a scheduler that is stepped at this interval."""


@dataclass(frozen=True)
class Driver:
    """A call that runs a framework's loop over a user's object."""

    framework: FrameworkName
    call: re.Pattern[str]
    """Dotted name of the call."""
    acts: tuple[Act, ...]
    bases: re.Pattern[str]
    """Dotted names of the framework's classes below which the classes with hooks stand."""
    main_hook: str
    """The method without which a class has no loop of this kind."""


def _hooks(names: str, loops: tuple[str, ...] = ()) -> tuple[Act, ...]:
    return tuple(Act(hook=name, loops=loops) for name in names.split())


LIGHTNING = r"(pytorch_lightning|lightning(\.pytorch)?)\.(\w+\.)*"
LIGHTNING_DATA = _hooks("prepare_data setup configure_model configure_optimizers train_dataloader val_dataloader")
LIGHTNING_FIT = (
    *LIGHTNING_DATA,
    *_hooks("on_fit_start on_train_start"),
    *_hooks("on_train_epoch_start", EPOCH),
    Act("batch", loops=BATCH),
    *_hooks("on_after_batch_transfer on_train_batch_start training_step", BATCH),
    Act("zero_grad", "optimizer_zero_grad", BATCH),
    Act("backward", "backward", BATCH),
    *_hooks("on_after_backward on_before_optimizer_step", BATCH),
    Act("clip", "configure_gradient_clipping", BATCH, setting="gradient_clip_val"),
    Act("step", "optimizer_step", BATCH),
    Act("schedule", "lr_scheduler_step", BATCH, interval="step"),
    *_hooks("on_train_batch_end", BATCH),
    *_hooks("on_validation_epoch_start", EPOCH),
    Act("evaluate", "validation_step", VALIDATION),
    *_hooks("validation_epoch_end on_validation_epoch_end training_epoch_end on_train_epoch_end", EPOCH),
    Act("checkpoint", "", EPOCH, made="ModelCheckpoint"),
    *_hooks("on_save_checkpoint", EPOCH),
    Act("schedule", "lr_scheduler_step", EPOCH, interval="epoch"),
    *_hooks("on_train_end on_fit_end"),
)
LIGHTNING_TEST = (
    *_hooks("prepare_data setup configure_model test_dataloader on_test_start"),
    Act("mode"),
    Act("batch", loops=("each batch",)),
    *_hooks("test_step", ("each batch",)),
    *_hooks("test_epoch_end on_test_epoch_end on_test_end"),
)
LIGHTNING_PREDICT = (
    *_hooks("prepare_data setup configure_model predict_dataloader on_predict_start"),
    Act("mode"),
    Act("batch", loops=("each batch",)),
    *_hooks("predict_step", ("each batch",)),
    *_hooks("on_predict_epoch_end on_predict_end"),
)
TRANSFORMERS_TRAIN = (
    *_hooks("get_train_dataloader"),
    Act("optimizer", "create_optimizer", unless=("create_optimizer_and_scheduler",)),
    *_hooks("create_optimizer_and_scheduler create_scheduler"),
    Act("batch", loops=BATCH),
    *_hooks("training_step", BATCH),
    Act(hook="compute_loss", loops=BATCH, unless=("training_step",)),
    Act("forward", loops=BATCH, unless=("training_step", "compute_loss")),
    Act("loss", loops=BATCH, unless=("training_step", "compute_loss")),
    Act("backward", loops=BATCH),
    Act("clip", loops=BATCH, setting="max_grad_norm"),
    Act("step", loops=BATCH),
    Act("schedule", loops=BATCH),
    Act("zero_grad", loops=BATCH),
    Act("evaluate", "evaluate", BATCH),
    Act("evaluate", "prediction_step", BATCH, unless=("evaluate",)),
    Act("evaluate", "", BATCH, setting="eval_strategy", unless=("evaluate", "prediction_step")),
    Act("evaluate", "", BATCH, setting="evaluation_strategy", unless=("evaluate", "prediction_step")),
    Act("checkpoint", "", BATCH, setting="save_strategy"),
)
LIGHTNING_CLASS = re.compile(rf"{LIGHTNING}Lightning(Data)?Module")
TRAINER_CLASS = re.compile(r"(transformers|trl|sentence_transformers)\.(\w+\.)*\w*Trainer")
DRIVERS = (
    Driver("lightning", re.compile(rf"{LIGHTNING}(Trainer\(\)\.fit|LightningCLI)"), LIGHTNING_FIT, LIGHTNING_CLASS,
           "training_step"),
    Driver("lightning", re.compile(rf"{LIGHTNING}Trainer\(\)\.(test|validate)"), LIGHTNING_TEST, LIGHTNING_CLASS,
           "test_step"),
    Driver("lightning", re.compile(rf"{LIGHTNING}Trainer\(\)\.predict"), LIGHTNING_PREDICT, LIGHTNING_CLASS,
           "predict_step"),
    Driver("transformers", re.compile(rf"{TRAINER_CLASS.pattern}\(\)\.train"), TRANSFORMERS_TRAIN, TRAINER_CLASS,
           "compute_loss"),
)  # fmt: skip


def driver_of(dotted: str) -> Driver | None:
    """The loop that a call runs, None for calls that run none."""
    return next((driver for driver in DRIVERS if driver.call.fullmatch(dotted)), None)
