"""Small drawings in ASCII: stacked frames, a chain of steps, a tree of calls; text goes in, text comes out."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from analyzer.document.inline import statement
from analyzer.document.wording import plain_text
from analyzer.records.processes import CallNode

WIDEST = 92


def stack(frames: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Frames below each other with arrows between them; each has a title and lines."""
    kept = [(title, [_cut(line) for line in lines]) for title, lines in frames if lines]
    inner = max((len(text) for title, lines in kept for text in (title, *lines)), default=0) + 2
    arrow = f"{' ' * (inner // 2 + 1)}|\n{' ' * (inner // 2 + 1)}v"
    return f"\n{arrow}\n".join(_frame(title, lines, inner) for title, lines in kept)


def _frame(title: str, lines: Sequence[str], inner: int) -> str:
    rule = "+" + "-" * inner + "+"
    body = [f"| {text.ljust(inner - 1)}|" for text in lines]
    return "\n".join([rule, f"|{title.center(inner)}|", rule, *body, rule])


def chain(steps: Sequence[tuple[str, str]]) -> str:
    """Steps from top to bottom, each with a remark to its right."""
    widest = min(max((len(step) for step, _ in steps), default=0), WIDEST)
    lines = [f"{_cut(step).ljust(widest)}   {remark}".rstrip() for step, remark in steps]
    return "\n    |\n    v\n".join(lines)


def call_tree(root: CallNode) -> str:
    """The calls of a chain, indented, with place, condition and result."""
    return "\n".join([_label(root), *_branches(root, "")])


def _branches(node: CallNode, indent: str) -> list[str]:
    lines = []
    for at, child in enumerate(node.children):
        last = at == len(node.children) - 1
        lines.append(f"{indent}+-- {_label(child)}")
        lines += _branches(child, indent + ("    " if last else "|   "))
    return lines


def _label(node: CallNode) -> str:
    parts = [node.label, node.detail or "", f"[{node.note}]" if node.note else "", f"({node.where})"]
    return _cut("  ".join(part for part in parts if part))


def short(code: str, longest: int) -> str:
    """A statement on one line without the comment behind it; dots where it is cut."""
    flat = "".join(plain_text(part) for part in statement(code, sys.maxsize))
    return flat if len(flat) <= longest else flat[: longest - 3].rstrip() + "..."


def _cut(text: str) -> str:
    flat = " ".join(text.split()) if "\n" in text else text
    return flat if len(flat) <= WIDEST else flat[: WIDEST - 3] + "..."
