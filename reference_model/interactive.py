"""A session at the terminal: each line is a prompt, lines that begin with a slash change how it is continued.

It reads lines and writes pieces of text; what generates them, the prompt first, is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from typing import Any

from reference_model.errors import UserError
from reference_model.generate import SamplingConfig

Continue = Callable[[str, SamplingConfig], Iterator[str]]
SETTINGS: dict[str, Callable[[str], Any]] = {
    "max-new-tokens": int, "temperature": float, "top-k": int, "top-p": float, "min-p": float,
    "repetition-penalty": float, "seed": int,
}  # fmt: skip
HELP = (
    "Each line is continued. /quit ends, /settings shows, and these change:\n"
    + ", ".join(f"/{name} VALUE" for name in SETTINGS)
    + " (VALUE none switches a filter off)"
)


def converse(lines: Iterable[str], write: Callable[[str], None], proceed: Continue, sampling: SamplingConfig) -> None:
    """Answer each line until /quit or the end of the input; a mistake is explained and the session goes on."""
    write(HELP + "\n> ")
    for line in lines:
        text = line.rstrip("\n")
        if text.strip() == "/quit":
            return
        try:
            if text.startswith("/"):
                sampling = change(text, sampling)
                write(describe(sampling) + "\n")
            elif text:
                for piece in proceed(text, sampling):
                    write(piece)
                write("\n")
        except UserError as error:
            write(f"error: {error}\n")
        except KeyboardInterrupt:
            write("\n(stopped)\n")
        write("> ")
    write("\n")


def change(text: str, sampling: SamplingConfig) -> SamplingConfig:
    """The sampling with one setting changed as a line such as `/top-p 0.9` says."""
    name, _, value = text[1:].strip().partition(" ")
    if name == "settings":
        return sampling
    if name not in SETTINGS:
        raise UserError(f"/{name} is no setting; there are {', '.join(SETTINGS)}")
    field = name.replace("-", "_")
    given: Any = None
    try:
        if value.strip() != "none" or field not in ("top_k", "top_p", "min_p"):
            given = SETTINGS[name](value)
    except ValueError:
        raise UserError(f"/{name} needs a number, not {value!r}") from None
    return replace(sampling, **{field: given})


def describe(sampling: SamplingConfig) -> str:
    shown = {field.name.replace("_", "-"): getattr(sampling, field.name) for field in fields(sampling)}
    return ", ".join(f"{name} {'none' if shown[name] is None else shown[name]}" for name in SETTINGS)
