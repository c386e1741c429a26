"""`sys.argv` of a program that is started without arguments.

A program may ask how many there are. What it takes beyond them is what a user would have typed: no line states it, and
real Python's IndexError would look like a mistake of the project.
"""

from __future__ import annotations

from typing import Any, SupportsIndex

from analyzer.evaluator.errors import CannotEvaluate


class CommandLine(list[Any]):
    """The program's name alone; whatever lies behind it ends the evaluation with `command_line_argument`."""

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return list.__getitem__(self, key)
        if not -len(self) <= int(key) < len(self):
            raise CannotEvaluate("command_line_argument", f"sys.argv[{key}]")
        return list.__getitem__(self, key)

    def pop(self, index: SupportsIndex = -1) -> Any:
        if len(self) < 2 or not -len(self) < int(index) < len(self):
            raise CannotEvaluate("command_line_argument", "sys.argv.pop()")
        return list.pop(self, index)
