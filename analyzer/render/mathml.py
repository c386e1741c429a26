"""LaTeX to MathML; a formula that the converter does not understand is shown as its source, never half converted."""

from __future__ import annotations

import re
from functools import cache

from latex2mathml import exceptions
from latex2mathml.converter import convert
from markupsafe import Markup

LEAKED = re.compile(r"\\[A-Za-z]+|<mi>&</mi>")
WORD = re.compile(r"\\(?:mathrm|mathit|mathsf|texttt|mathtt)\{((?:[A-Za-z0-9 .,-]|\\_)+)\}")
"""Names of several letters: text keeps them together, where the converter would set each letter as a variable."""
REFUSALS: tuple[type[Exception], ...] = (
    IndexError,
    KeyError,
    ValueError,
    *(value for value in vars(exceptions).values() if isinstance(value, type) and issubclass(value, Exception)),
)


@cache
def to_mathml(latex: str, *, display: bool) -> Markup:
    mathml = converted(latex, display=display)
    return Markup('<code class="latex">{}</code>').format(latex) if mathml is None else Markup(mathml)


def converted(latex: str, *, display: bool) -> str | None:
    """MathML, or None where the formula contains something that the converter does not know."""
    known = WORD.sub(_as_text, latex.strip())
    known = known.replace("{aligned}", "{align*}").replace("{split}", "{align*}")
    try:
        mathml: str = convert(known, display="block" if display else "inline")
    except REFUSALS:
        return None
    return None if LEAKED.search(mathml) else mathml


def _as_text(match: re.Match[str]) -> str:
    return "\\text{" + match[1].replace("\\_", "_") + "}"
