"""Errors that the user of the program can cause: one line that says what, where and what to do."""

from __future__ import annotations


class UserError(Exception):
    """The input is wrong; the command line prints `str(error)` and leaves with exit code 2."""

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.remedy = what, where, remedy

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        remedy = f": {self.remedy}" if self.remedy else ""
        return f"{self.what}{place}{remedy}"
