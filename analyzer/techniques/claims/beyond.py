"""Numbers of documents that no source bears out: results of runs, hardware, data. They are listed as what cannot be
told, so that a report says how much of what a repository states it checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.index import SourceIndex
from analyzer.records.techniques import Claim
from analyzer.techniques.claims.figures import ABOUT, NUMBER
from analyzer.techniques.claims.texts import Line, plain, prose, rows

FIGURE = rf"(?<![\w.,/-])(?P<claimed>(?:{ABOUT})?(?:{NUMBER})(?:\s?[-–]\s?(?:{NUMBER}))?[KMB]?"
TIME = re.compile(rf"{FIGURE}[\s-]?(?:hours?|days?|minutes?|mins?|seconds?|secs?|ms|hrs?))\b", re.IGNORECASE)
SPEED = re.compile(
    rf"{FIGURE}\s?(?:x|times)?\s?(?:faster|slower|speed-?up|it/s|(?:tokens?|steps?|samples?|images?)\s?/\s?s(?:ec)?|fps|"
    r"[TGM]?flop/?s))\b",
    re.IGNORECASE,
)
MEMORY = re.compile(rf"{FIGURE}\s?(?:[KMGT]i?B|gigabytes?|megabytes?))\b")
SHARE = re.compile(rf"{FIGURE}\s?%)")
SCORES = (
    r"(?:(?:val(?:idation)?|test|train(?:ing)?|eval(?:uation)?|final|best|top-?[15])[ -]+)*"
    r"(?:loss|acc(?:uracy)?|FID|BLEU|ROUGE\S*|perplexity|ppl|mIoU|mAP|AP|PSNR|SSIM|WER|CER|F1|IS|error|score|reward)"
)
SCORE = re.compile(
    rf"\b{SCORES}\b(?:\s+(?:score|rate))?\s*(?:of|is|was|to|at|=|:|around|below|under|reaches)*\s*"
    rf"(?P<claimed>[~≈]?(?:\d+\.\d+|\d+))(?!\w|\.\d)",
    re.IGNORECASE,
)
CARDS = re.compile(
    rf"{FIGURE}\s?[x×]?\s?(?:(?:NVIDIA|RTX|Tesla|GTX|GeForce)\s+)*"
    r"(?:[AVHPL]\d{2,3}s?(?:\s+GPUs?)?|GPUs?|TPUs?|CPUs?|nodes|machines|cards))\b",
    re.IGNORECASE,
)
DATA = re.compile(
    rf"{FIGURE}\s+(?:\w+\s+)?(?:images|samples|tokens|documents|examples|sentences|pairs|videos|articles|conversations|"
    r"languages|people|speakers|files|hours of (?:speech|audio|data|recordings?|video|music)))\b",
    re.IGNORECASE,
)
OF_A_RUN = re.compile(
    r"\b(?:takes?|took|trained|training|train|runs?|running|per (?:epoch|iter\w*|step|image|sample)|within|faster|"
    r"finish\w*|convergence?s?|cost|measured|reach\w*|achiev\w*|benchmark\w*|speed|latency|inference)\b",
    re.IGNORECASE,
)
OF_MEMORY = re.compile(r"\b(?:memory|v?ram|gpus?|requires?|needs?|fits?)\b", re.IGNORECASE)
SCORE_COLUMN = re.compile(
    rf"\b(?:{SCORES}|time|speed|latency|memory|vram|gflops|flops|throughput|fps|download|size on disk)\b", re.IGNORECASE
)
CELL = re.compile(rf"^[~≈]?(?:{NUMBER})\s?(?:%|x|×|GB|MB|ms|s|h|[KMB])?$")


def find_beyond(index: SourceIndex) -> Iterator[Claim]:
    """One claim per number of such a kind, each without a verdict."""
    for line in prose(index):
        text = plain(line.text)
        for reason, match in _in_text(text):
            yield _claim(index, line, match.group("claimed").strip(), reason)
    for row in rows(index):
        for title, cell in zip(row.header, row.cells, strict=False):
            if SCORE_COLUMN.search(title) and CELL.match(cell):
                counted = re.search("flops|macs", title, re.IGNORECASE) is not None
                yield _claim(index, row.line, cell, "not_compared" if counted else "measured")


def _in_text(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    kinds = (
        (SPEED, "measured", None),
        (DATA, "of_data", None),
        (SCORE, "measured", None),
        (SHARE, "measured", OF_A_RUN),
        (TIME, "measured", OF_A_RUN),
        (MEMORY, "measured", OF_MEMORY),
        (CARDS, "of_data", None),
    )
    taken: set[int] = set()
    for pattern, reason, context in kinds:
        for match in pattern.finditer(text):
            if match.start("claimed") not in taken:
                taken.add(match.start("claimed"))
                yield reason if context is None or context.search(text) else "not_compared", match


def _claim(index: SourceIndex, line: Line, claimed: str, reason: str) -> Claim:
    where = index.span(line.path, line.number)
    return Claim(line.text.strip(), claimed, "", "unknown", where, (), "", reason)
