"""What every line of a model's source really binds: the model is imported, built, called and watched twice.

Once by a tracer of our own, which sees each name, attribute of `self` and return value when a statement has bound it.
Once by TorchLens, which sees each operator with the lines that called it. As a program: one request on standard
input, one answer on standard output.
"""

from __future__ import annotations

import ast
import dis
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import torch
from torch import nn

from benchmarks.accuracy.execution import Tensor, arguments, evaluated, imported, tensors_in
from benchmarks.accuracy.operators import declare_missing_operators

"""dtype and sizes."""
Tensors = tuple[Tensor, ...]
Site = tuple[str, int, str, str]
"""Path, first line of the statement, path of the module, target."""
COMPREHENSIONS = ("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>", "<module>")
BINDING = (ast.Assign, ast.AugAssign, ast.AnnAssign)


def main() -> None:
    """Answer the request of standard input; what the model prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    declare_missing_operators()
    json.dump(measure(json.loads(sys.stdin.read())), answers)
    answers.flush()
    os._exit(0)


def measure(request: Mapping[str, Any]) -> dict[str, object]:
    """Lines and operators; `failed` names what real torch did not get through."""
    sys.path[:0] = request["path"]
    try:
        model = evaluated(request["build"], vars(imported(request["module"])))
        args, kwargs = arguments(model, request)
        model.train(request["training"])
        lines = lines_of(model, Path(request["root"]), lambda: model(*args, **kwargs))
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"[:200]}
    answer: dict[str, object] = {"lines": [[*site, list(seen)] for site, seen in lines.items()]}
    try:
        answer["operators"] = operators_of(model, Path(request["root"]), args, kwargs)
    except Exception as error:
        answer["no_operators"] = f"{type(error).__name__}: {error}"[:200]
    return answer


def lines_of(model: nn.Module, root: Path, call: Callable[[], object]) -> dict[Site, dict[Tensors, None]]:
    """What statements of the files below `root` bind during a call, in order of first appearance."""
    watcher = _Watcher(model, root)
    with torch.set_grad_enabled(False):
        sys.settrace(watcher.enter)
        try:
            call()
        finally:
            sys.settrace(None)
    return watcher.seen


class _Watcher:
    """Reads a target right after the instruction that stores it."""

    def __init__(self, model: nn.Module, root: Path) -> None:
        self.seen: dict[Site, dict[Tensors, None]] = {}
        self._root = f"{root.resolve()}{os.sep}"
        self._modules: dict[int, str] = {}
        for path, module in model.named_modules(remove_duplicate=False):
            self._modules.setdefault(id(module), path)
        self._waiting: dict[FrameType, tuple[int, str]] = {}

    def enter(self, frame: FrameType, event: str, _argument: object) -> Any:
        if not frame.f_code.co_filename.startswith(self._root) or frame.f_code.co_name in COMPREHENSIONS:
            return None
        frame.f_trace_opcodes = True
        line = _source(frame.f_code.co_filename).defined_at(frame.f_code)
        for name in list(frame.f_locals):
            self._note(frame, line, name, frame.f_locals[name])
        return self._watch if frame.f_code.co_name != "<lambda>" else None

    def _watch(self, frame: FrameType, event: str, argument: object) -> Any:
        waiting = self._waiting.pop(frame, None)
        source = _source(frame.f_code.co_filename)
        if waiting is not None:
            self._read(frame, *waiting)
        if event == "opcode":
            stored = _stores(frame.f_code).get(frame.f_lasti)
            if stored is not None:
                self._waiting[frame] = stored
        elif event == "return" and source.is_return(frame.f_lineno):
            self._note(frame, source.first_line(frame.f_lineno), "return", argument)
        return self._watch

    def _read(self, frame: FrameType, line: int, name: str) -> None:
        source = _source(frame.f_code.co_filename)
        for target in source.targets(line):
            if target in (name, f"self.{name}"):
                holder = frame.f_locals.get("self")
                value = frame.f_locals.get(name) if target == name else getattr(holder, name, None)
                self._note(frame, source.first_line(line), target, value)

    def _note(self, frame: FrameType, line: int, target: str, value: object) -> None:
        tensors = tuple(tensors_in(value))
        if tensors:
            path = frame.f_code.co_filename.removeprefix(self._root).replace(os.sep, "/")
            self.seen.setdefault((path, line, self._subject(frame), target), {}).setdefault(tensors)

    def _subject(self, frame: FrameType | None) -> str:
        """The module whose method runs, or the one that called the function."""
        while frame is not None:
            code = frame.f_code
            first = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
            own = frame.f_code.co_filename.startswith(self._root)
            if own and isinstance(first, nn.Module) and id(first) in self._modules:
                return self._modules[id(first)]
            frame = frame.f_back
        return ""


@cache
def _stores(code: CodeType) -> dict[int, tuple[int, str]]:
    """Instructions that store a name or an attribute: their offset, line and what they store."""
    found = {}
    line = code.co_firstlineno
    for instruction in dis.get_instructions(code):
        positions = getattr(instruction, "positions", None)
        line = (positions.lineno if positions else None) or instruction.starts_line or line
        if instruction.opname in ("STORE_FAST", "STORE_ATTR", "STORE_DEREF", "STORE_NAME"):
            found[instruction.offset] = (line, str(instruction.argval))
    return found


class _Source:
    """Statements of a file by line."""

    def __init__(self, text: str) -> None:
        self._statements: dict[int, ast.stmt] = {}
        self._functions: dict[int, int] = {}
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (*BINDING, ast.Return)):
                for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                    self._statements[line] = node
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                self._functions[first] = node.lineno

    def defined_at(self, code: CodeType) -> int:
        return self._functions.get(code.co_firstlineno, code.co_firstlineno)

    def is_return(self, line: int) -> bool:
        return isinstance(self._statements.get(line), ast.Return)

    def first_line(self, line: int) -> int:
        return self._statements[line].lineno if line in self._statements else line

    def targets(self, line: int) -> Iterator[str]:
        """Names and attributes of `self` that the statement binds."""
        node = self._statements.get(line)
        bound = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, BINDING) else []
        for target in bound:
            yield from _names(target)


def _names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, (ast.Tuple, ast.List)):
        for part in target.elts:
            yield from _names(part)
    elif isinstance(target, ast.Starred):
        yield from _names(target.value)
    elif isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
        yield f"self.{target.attr}"


@cache
def _source(path: str) -> _Source:
    return _Source(Path(path).read_text(encoding="utf-8"))


def operators_of(model: nn.Module, root: Path, args: list[Any], kwargs: dict[str, Any]) -> list[list[object]]:
    """Path, line, dtype and sizes of every operator, once for each line below `root` that it was called from."""
    import torchlens

    with torch.set_grad_enabled(False):
        bound = inspect.signature(model.forward).bind(*args, **kwargs)
        trace = torchlens.trace(model, list(bound.args), dict(bound.kwargs))
    base = f"{root.resolve()}{os.sep}"
    found: dict[tuple[object, ...], None] = {}
    for operator in trace.ops:
        for place in operator.code_context or ():
            if str(place.file).startswith(base):
                path = str(place.file).removeprefix(base).replace(os.sep, "/")
                line = _source(str(place.file)).first_line(place.line_number)
                dtype = str(operator.dtype).removeprefix("torch.")
                found.setdefault((path, line, dtype, tuple(operator.shape)))
    return [list(row) for row in found]


if __name__ == "__main__":
    main()
