"""`object.__getattribute__` and its kin: past the hooks that a class of the target defines, not past the policy."""

from __future__ import annotations

from functools import partial
from typing import Any

from analyzer.evaluator.native.builtin_functions import Provided
from analyzer.evaluator.objects import is_own_instance


def provide(session: Any) -> Provided:
    names = {
        "object.__getattribute__": partial(_read, session),
        "object.__setattr__": partial(_write, session),
        "object.__delattr__": partial(_delete, session),
    }
    return names, {}, {}


def _read(session: Any, value: Any, name: str) -> Any:
    if not is_own_instance(value):
        return session.attribute(value, name)
    return session.policy.attribute_past_hooks(value, name)


def _write(session: Any, value: Any, name: str, new: Any) -> None:
    if not is_own_instance(value):
        session.set_attribute(value, name, new)
        return
    session.policy.check_writable(value, name)
    session.will_change(value)
    object.__setattr__(value, name, new)  # past `nn.Module.__setattr__` too: a parent kept so is no submodule


def _delete(session: Any, value: Any, name: str) -> None:
    if not is_own_instance(value):
        session.delete_attribute(value, name)
        return
    session.policy.check_writable(value, name)
    object.__delattr__(value, name)
