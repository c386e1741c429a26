"""What a layer, an operator or an unpacking that refuses its input demands of it, read from what it says.

Knows torch's, Python's and einops' own sentences; of what the target's own exceptions say only the numbers are taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

MOST_AXES = 5
LARGEST_SIZE = 4096


@dataclass(frozen=True)
class Demand:
    """`axes`: so many; `size`: `wanted` in place of `got`; `integer`, `float`: another type; `larger`: more pixels;
    `given`: an argument that has a default.
    """

    kind: str
    wanted: int = 0
    got: int = 0


Rule = Callable[[re.Match[str]], list[Demand]]


def _numbers(found: re.Match[str]) -> list[int]:
    return [int(text) for text in found.groups() if text is not None]


def _axes(found: re.Match[str]) -> list[Demand]:
    """The sentence names the wanted numbers of axes."""
    return [Demand("axes", wanted) for wanted in reversed(_numbers(found)) if wanted <= MOST_AXES]


def _one_axis_more(found: re.Match[str]) -> list[Demand]:
    """The sentence names how many there are, or says only that there are too few."""
    have = next(iter(_numbers(found)), 0)
    return [Demand("axes", wanted) for wanted in range(have + 1, MOST_AXES + 1)]


def _got_wanted(found: re.Match[str]) -> list[Demand]:
    got, wanted = _numbers(found)[:2]
    return [Demand("size", wanted, got)]


def _wanted_got(found: re.Match[str]) -> list[Demand]:
    wanted, got = _numbers(found)[:2]
    return [Demand("size", wanted, got)]


def _either(found: re.Match[str]) -> list[Demand]:
    return [*_got_wanted(found), *_wanted_got(found)]


def _type(kind: str) -> Rule:
    return lambda found: [Demand(kind)]


RULES: tuple[tuple[str, Rule], ...] = (
    (r"expected input\[.*?\] to have (\d+) channels, but got (\d+) channels", _wanted_got),
    (r"shapes cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)", _got_wanted),
    (r"must have same reduction dim, but got \[\d+, (\d+)\] X \[(\d+), \d+\]", _got_wanted),
    (r"size mismatch, got input \(\d+\), mat \(\d+x(\d+)\), vec \((\d+)\)", _wanted_got),
    (r"input_size\. Expected (\d+), got (\d+)", _wanted_got),
    (r"Given normalized_shape=\[(\d+)\].* got input of size ?\[(?:\d+, )*(\d+)\]", _wanted_got),
    (r"running_mean should contain (\d+) elements not (\d+)", _got_wanted),
    (r"expecting embedding dimension of (\d+), but got (\d+)", _wanted_got),
    (r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)", _either),
    (r"Expected size (\d+) but got size (\d+)", _either),
    (r"expected (\d) dims\. Received \d-dim tensor", _axes),
    (r"expected (\d)D(?: or (\d)D)? input \(got \dD input\)", _axes),
    (r"Expected (\d)D \(unbatched\) or (\d)D \(batched\) input", _axes),
    (r"Expected input to be (\d)D or (\d)D", _axes),
    (r"unbatched (\d)-D or batched (\d)-D tensor", _axes),
    (r"unbatched (\d)D or batched (\d)D tensor", _axes),
    (r"values to unpack \(expected (?:at least )?(\d)", _axes),
    (r"is not equal to len\(dims\) = (\d)", _axes),
    (r"too many indices for tensor of dimension (\d)", _one_axis_more),
    (r"not supported for (\d)D input tensor|cannot be applied to a (\d)-dim tensor", _one_axis_more),
    (r"expected to be in range of \[-(\d), \d\]", _one_axis_more),
    (r"(?:tuple|list) index out of range", _one_axis_more),
    (r"scalar types?: Long|indices must be (?:long|Long)|only applicable to index tensor", _type("integer")),
    (r"same dtype, but got|expected scalar type Float|Input type .* and (?:bias|weight) type", _type("float")),
    (r"NoneType", _type("given")),
    (r"[Kk]ernel size can't be greater|[Oo]utput size is too small|Padding size should be less", _type("larger")),
)  # fmt: skip


def demands_of(message: str) -> tuple[Demand, ...]:
    """What the sentence asks for, the likeliest first; nothing where it is no sentence of those known."""
    for pattern, rule in RULES:
        found = re.search(pattern, message, re.DOTALL)
        if found is not None:
            return tuple(rule(found))
    return ()


def demands_of_check(error: BaseException, sizes: Collection[int]) -> tuple[Demand, ...]:
    """Of two numbers that an assertion of the target compares, or that its exception names, the one that is a size of
    an input is to become the other.
    """
    compared = [side for side in getattr(error, "sides", ()) if isinstance(side, int) and not isinstance(side, bool)]
    named = [int(text) for text in re.findall(r"(?<![\w.])\d{1,5}(?![\w.])", str(error))]
    numbers = [number for number in (compared if len(compared) == 2 else named) if 0 < number <= LARGEST_SIZE]
    pairs = ((got, wanted) for got in numbers for wanted in numbers if got in sizes and wanted != got)
    return tuple(dict.fromkeys(Demand("size", wanted, got) for got, wanted in pairs))
