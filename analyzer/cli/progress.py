"""Progress on stderr: a spinner with the stage's name on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Progress:
    """Callable with a stage's name. `NO_COLOR` and dumb terminals are respected by rich."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet or not sys.stderr.isatty()
        self._update: Callable[[str], None] = lambda stage: None

    def __call__(self, stage: str) -> None:
        self._update(stage)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the spinner while the block runs."""
        if self._quiet:
            yield
            return
        from rich.console import Console

        console = Console(stderr=True)
        with console.status("deepdive") as status:
            self._update = lambda stage: status.update(f"deepdive: {stage}")
            yield
        self._update = lambda stage: None
