"""Calls of a module's `forward` by its name: `block.forward(x)`.

Torch runs no hooks for them, so that a truth told by hooks does not have them; for a reader they are calls of that
module. What a module asks of its own class or base (`super().forward(x)`) belongs to the call that is running.
"""

from __future__ import annotations

import types
from typing import Any

from torch import nn

from analyzer.evaluator.recorder import Recorder


def call_noted(session: Any, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Call the function; where it is another module's own `forward`, the recorder sees a call of that module."""
    recorder: Recorder = session.recorder
    module = _called(recorder, function) if recorder.tracing else None
    if module is None:
        return function(*args, **kwargs)
    recorder.enter(module, args, hooked=False)
    result = function(*args, **kwargs)
    recorder.leave(module, args, kwargs, result)
    return result


def _called(recorder: Recorder, function: Any) -> nn.Module | None:
    if type(function) is not types.MethodType or getattr(function, "__name__", "") != "forward":
        return None
    module = function.__self__
    return module if isinstance(module, nn.Module) and recorder.current_module is not module else None
