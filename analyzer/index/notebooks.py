"""Notebooks as Python source: the code cells joined into one text, line by line as they stand.

Each cell follows a line `# %% [cell N]`, so that lines can be told back to cells. Magics and shell lines stay
in the text, which is quoted; only the copy that is parsed has them replaced.
"""

from __future__ import annotations

import json
import re

MARK = re.compile(r"^# %% \[cell (\d+)\]$")
MAGIC = re.compile(r"^\s*(?:[%!?]|[A-Za-z_][\w, ]*=\s*[%!]|[\w.\[\]]+\?{1,2}\s*$)")
CELL_MAGIC = re.compile(r"^\s*%%")
PYTHON_CELL_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun", "%%memit")


def notebook_source(text: str) -> str:
    """Text of the code cells; ValueError where the file is no notebook."""
    notebook = json.loads(text)
    cells = _cells(notebook)
    parts: list[str] = []
    for number, cell in enumerate(cells, 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            parts += [f"# %% [cell {number}]", *_source(cell).split("\n")]
    return "\n".join(parts) + "\n"


def _cells(notebook: object) -> list[object]:
    """Cells of the current format, or of the older one that keeps them in work sheets."""
    if not isinstance(notebook, dict):
        raise ValueError("not a notebook")
    cells = notebook.get("cells")
    if cells is None:
        sheets = notebook.get("worksheets") or [{}]
        cells = sheets[0].get("cells", []) if isinstance(sheets[0], dict) else []
    if not isinstance(cells, list):
        raise ValueError("not a notebook")
    return cells


def _source(cell: dict[str, object]) -> str:
    source = cell.get("source", cell.get("input", ""))
    text = source if isinstance(source, str) else "".join(map(str, source)) if isinstance(source, list) else ""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def cell_of(lines: list[str], line: int) -> tuple[int | None, int]:
    """Number of the cell that a line of the joined text stands in, and how many lines stand before the cell's own."""
    for place in range(min(line, len(lines)), 0, -1):
        match = MARK.match(lines[place - 1])
        if match is not None:
            return int(match.group(1)), place
    return None, 0


def without_magics(text: str) -> str:
    """The joined text with every line that only a notebook understands replaced, the number of lines kept."""
    return "\n".join(line for _, line in _plain_lines(text))


def without_cells(text: str, dropped: set[int]) -> str:
    """The text without the lines of some cells, the number of lines kept."""
    return "\n".join("" if cell in dropped else line for cell, line in _plain_lines(text))


def cell_texts(text: str) -> dict[int, str]:
    """Text of each cell without magics, by number."""
    found: dict[int, list[str]] = {}
    for cell, line in _plain_lines(text):
        found.setdefault(cell, []).append(line)
    return {cell: "\n".join(lines) for cell, lines in found.items()}


def _plain_lines(text: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    cell, foreign, continued = 0, False, False
    for line in text.split("\n"):
        match = MARK.match(line)
        if match is not None:
            cell, foreign, continued = int(match.group(1)), False, False
        elif CELL_MAGIC.match(line):
            foreign = not line.strip().startswith(PYTHON_CELL_MAGICS)
        is_magic = continued or (MAGIC.search(line) is not None and not line.lstrip().startswith("#"))
        found.append((cell, _replaced(line) if foreign or is_magic else line))
        continued = is_magic and line.rstrip().endswith("\\")
    return found


def _replaced(line: str) -> str:
    """A statement of the same indentation that does nothing, so that blocks stay whole."""
    return line[: len(line) - len(line.lstrip())] + "pass"


def shell_lines(text: str) -> list[tuple[int, str]]:
    """Shell commands of the cells (`!pip install …`, cells under `%%bash`) with their lines in the joined text."""
    found: list[tuple[int, str]] = []
    in_shell = False
    for number, line in enumerate(text.split("\n"), 1):
        if MARK.match(line):
            in_shell = False
        elif CELL_MAGIC.match(line):
            in_shell = line.strip().startswith(("%%bash", "%%sh", "%%shell", "%%script bash"))
        elif in_shell or line.lstrip().startswith("!"):
            found.append((number, line.lstrip().lstrip("!").strip()))
    return [(number, command) for number, command in found if command]
