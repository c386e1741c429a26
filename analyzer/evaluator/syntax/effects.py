"""What code that was not run could have changed: names it binds, containers it fills, modules it is handed.

Nothing is evaluated here: objects are looked up where they stand. What cannot be found that way is left alone,
and a module that might have gained or lost parts is reported as incomplete.
"""

from __future__ import annotations

import ast
import builtins
import types
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from analyzer.evaluator.errors import Cause
from analyzer.evaluator.frame import Frame
from analyzer.evaluator.values import UnknownValue

MUTATORS_TEXT = """
append extend insert add update add_module register_module register_buffer register_parameter pop remove
clear setdefault discard popitem appendleft sort reverse
"""
MUTATORS = frozenset(MUTATORS_TEXT.split())
LEAVING = (ast.Return, ast.Raise, ast.Break, ast.Continue, ast.Yield, ast.YieldFrom)
CHANGING_BUILTINS = ("setattr", "delattr", "vars", "exec", "eval")
HARMLESS_TEXT = """
eval train parameters named_parameters buffers named_buffers modules named_modules children named_children
state_dict zero_grad extra_repr get_parameter get_buffer get_submodule cpu cuda
"""
HARMLESS = frozenset(HARMLESS_TEXT.split())
DEPTH = 4
NOT_FOUND = object()


class Effects:
    """The effects that a statement could have; `targets` are what it binds, `leaves` whether it could end a block."""

    def __init__(self, node: ast.AST) -> None:
        self.leaves = False
        self._calls: list[ast.Call] = []
        self._containers: list[ast.expr] = []
        self._rebound: set[str] = set()
        found: dict[str, ast.expr] = {}
        for part in _parts(node):
            self.leaves = self.leaves or isinstance(part, LEAVING)
            changed = self._changed_by(part)
            if changed is not None:
                found[ast.unparse(changed)] = changed
        self.targets = [found[text] for text in sorted(found)]

    def _changed_by(self, part: ast.AST) -> ast.expr | None:
        """The name or attribute that a part binds anew, or whose container it changes."""
        if isinstance(part, (ast.Name, ast.Attribute)) and isinstance(part.ctx, ast.Store):
            self._rebound.add(ast.unparse(part))
            return part
        if isinstance(part, ast.Subscript) and not isinstance(part.ctx, ast.Load):
            return self._container(part.value)
        if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Del):
            return self._container(part.value, rebound=False)
        if isinstance(part, ast.Call):
            self._calls.append(part)
            if isinstance(part.func, ast.Attribute) and part.func.attr in MUTATORS:
                return self._container(part.func.value, rebound=part.func.attr not in ("register_buffer", "add_module"))
        return None

    def _container(self, node: ast.expr, *, rebound: bool = True) -> ast.expr | None:
        self._containers.append(node)
        return node if rebound and isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) else None

    def keeps_form(self, frame: Frame, target: ast.expr) -> Any:
        """The tensor of which only entries could be written: its sizes stay, its contents are not known any more."""
        value = find_object(frame, target) if ast.unparse(target) not in self._rebound else None
        return value if isinstance(value, torch.Tensor) else None

    def spread(self, frame: Frame, unknown: UnknownValue) -> None:
        """Make unknown, in place, the objects that could have been changed."""
        for node in self._containers:
            _touch(frame, find_object(frame, node), unknown)
        for call in self._calls:
            for value in _reached(frame, call):
                _touch(frame, value, unknown)


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    pending: list[ast.AST] = [node]
    while pending:
        part = pending.pop()
        yield part
        if not isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            pending += ast.iter_child_nodes(part)


def _reached(frame: Frame, call: ast.Call) -> Iterator[Any]:
    """Objects that a call could change: the owner of its method, and what it is handed."""
    func = call.func
    callee = find_object(frame, func)
    if isinstance(callee, nn.Module):
        return
    if isinstance(func, ast.Attribute):
        owner = find_object(frame, func.value)
        harmless = func.attr in HARMLESS and getattr(type(owner), func.attr, None) is getattr(nn.Module, func.attr)
        if not isinstance(owner, (list, dict, set)) and not harmless:
            yield owner
    by_name = callee is NOT_FOUND and isinstance(func, ast.Name)
    if by_name and hasattr(builtins, func.id) and func.id not in CHANGING_BUILTINS:  # type: ignore[attr-defined]
        return
    containers = by_name or isinstance(callee, (types.FunctionType, types.MethodType, UnknownValue))
    for node in (*call.args, *(keyword.value for keyword in call.keywords)):
        value = find_object(frame, node.value if isinstance(node, ast.Starred) else node)
        if containers or not isinstance(value, (list, dict, set)):
            yield value


def _touch(frame: Frame, value: Any, unknown: UnknownValue) -> None:
    if isinstance(value, (list, dict, set)):
        frame.session.will_change(value)
    if isinstance(value, list):
        value.append(unknown)
    elif isinstance(value, dict):
        value[unknown] = unknown
    elif isinstance(value, set):
        value.add(unknown)
    elif frame.session.recording or value is NOT_FOUND or isinstance(value, type):
        return  # while a model is called its parts have been counted
    elif holds_module(value):
        frame.session.gap(lost_part(value, unknown))


def lost_part(value: Any, unknown: UnknownValue) -> Cause:
    """That a module could lack parts, since something unknown could have changed it."""
    owner = value.__self__ if isinstance(value, types.MethodType) else value
    return Cause("unknown_change_of_module", (type(owner).__name__, unknown.cause.reason), unknown.cause.place)


def holds_module(value: Any, depth: int = 0) -> bool:
    """Whether a module can be reached from a value: it is one, or a container, method or object that has one."""
    if isinstance(value, nn.Module):
        return True
    if depth >= DEPTH or isinstance(value, (type, str, int, float)):
        return False
    if isinstance(value, types.MethodType):
        return holds_module(value.__self__, depth + 1)
    if isinstance(value, dict):
        return any(holds_module(item, depth + 1) for item in list(value.values()))
    if isinstance(value, (list, tuple, set)):
        return any(holds_module(item, depth + 1) for item in value)
    own = getattr(type(value), "__module__", "").startswith(("torch", "builtins", "analyzer."))
    return not own and holds_module(getattr(value, "__dict__", {}), depth + 1)


def find_object(frame: Frame, node: ast.expr) -> Any:
    """The object that a name or a path of attributes stands for, without running anything."""
    if isinstance(node, ast.Name):
        return _find_name(frame, node.id)
    if isinstance(node, ast.Subscript):
        return find_object(frame, node.value)
    if not isinstance(node, ast.Attribute):
        return NOT_FOUND
    owner = find_object(frame, node.value)
    if owner is NOT_FOUND or isinstance(owner, UnknownValue):
        return owner
    return _find_attribute(owner, node.attr)


def _find_name(frame: Frame, name: str) -> Any:
    scope: Frame | None = frame
    while scope is not None:
        if name in scope.variables:
            return scope.variables[name]
        scope = scope.parent
    return dict.get(frame.module.variables, name, NOT_FOUND)


def _find_attribute(owner: Any, name: str) -> Any:
    own = getattr(owner, "__dict__", {})
    tables = [own, *(own.get(table, {}) for table in ("_modules", "_parameters", "_buffers"))]
    for table in tables:
        if name in table:
            return table[name]
    for kind in type(owner).__mro__ if isinstance(owner, nn.Module) else ():
        function = vars(kind).get(name)
        if isinstance(function, types.FunctionType):
            return types.MethodType(function, owner)
    return NOT_FOUND
